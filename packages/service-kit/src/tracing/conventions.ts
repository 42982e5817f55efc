import { AppError, isTransient } from '../app-error.ts';
import type { Attributes, SpanEnd, SpanStart } from './tracer.ts';

/**
 * The names of spans and attributes: OpenTelemetry's semantic conventions for HTTP, messaging and databases, 1.44
 * (https://opentelemetry.io/docs/specs/semconv/). Those of messaging are not settled yet, so all of them are here.
 */

const ORDER_ID = 'order.id';

const SERVER_ERROR = 500;

export interface AnsweredOperation {
  readonly method: string;
  /** With its parameters as names: `/api/orders/:orderId`. */
  readonly path: string;
}

/** A request that a service answers; what it asks is known when it ends. */
export const serverSpan = (): SpanStart => ({ name: 'HTTP', kind: 'SERVER' });

/** The end of a request. What a client did wrong is no failure of the server. */
export const answered = ({ method, path }: AnsweredOperation, status: number): SpanEnd => ({
  name: `${method} ${path}`,
  attributes: {
    'http.request.method': method,
    'http.route': path,
    'http.response.status_code': status,
    ...(status >= SERVER_ERROR ? { 'error.type': String(status) } : {}),
  },
  failed: status >= SERVER_ERROR,
});

/** The end of what has thrown: the kind of the error, as its message may quote what somebody wrote. */
export const failedWith = (error: unknown): SpanEnd => {
  const type =
    error instanceof AppError ? error.code : isTransient(error) ? 'UNAVAILABLE' : (error as Error)?.name;
  return { attributes: { 'error.type': type ?? '_OTHER' }, failed: true };
};

/** What is done inside a service. */
export const internalSpan = (name: string, attributes: Attributes = {}): SpanStart => ({
  name,
  kind: 'INTERNAL',
  attributes,
});

/** What is done for one order inside a service. */
export const orderSpan = (name: string, orderId: string, attributes: Attributes = {}): SpanStart =>
  internalSpan(name, { [ORDER_ID]: orderId, ...attributes });
