import { AppError, isTransient } from '../app-error.ts';
import type { SpanEnd, SpanStart } from './tracer.ts';

/**
 * The names of spans and attributes: OpenTelemetry's semantic conventions for HTTP, messaging and databases, 1.44
 * (https://opentelemetry.io/docs/specs/semconv/). Those of messaging are not settled yet, so all of them are here.
 */

const ORDER_ID = 'order.id';
const REQUEST_ID = 'request.id';

const SERVER_ERROR = 500;

export interface AnsweredOperation {
  readonly method: string;
  /** With its parameters as names: `/api/orders/:orderId`. */
  readonly path: string;
}

/** A request that a service answers; what it asks is known when it ends. */
export const serverSpan = (): SpanStart => ({ name: 'HTTP', kind: 'SERVER' });

/**
 * The end of a request. What a client did wrong is no failure of the server.
 *
 * Attributes are written out, here and below: an object that others are spread into takes several times as long to make, and
 * to read.
 *
 * @param requestId of a request over HTTP: the `x-request-id` of its answer and of its lines in the log
 */
export const answered = (
  { method, path }: AnsweredOperation,
  status: number,
  requestId?: string,
): SpanEnd => {
  const name = `${method} ${path}`;
  const failed = status >= SERVER_ERROR;
  const attributes: Record<string, string | number> =
    requestId === undefined
      ? { 'http.request.method': method, 'http.route': path, 'http.response.status_code': status }
      : {
          [REQUEST_ID]: requestId,
          'http.request.method': method,
          'http.route': path,
          'http.response.status_code': status,
        };
  if (failed) attributes['error.type'] = String(status);
  return { name, attributes, failed };
};

/** The end of what has thrown: the kind of the error, as its message may quote what somebody wrote. */
export const failedWith = (error: unknown): SpanEnd => {
  const type =
    error instanceof AppError ? error.code : isTransient(error) ? 'UNAVAILABLE' : (error as Error)?.name;
  return { attributes: { 'error.type': type ?? '_OTHER' }, failed: true };
};

const SYSTEM = 'kafka';

const COUNT = 'messaging.batch.message_count';

/** What is done inside a service for one order. */
export const orderSpan = (name: string, orderId: string): SpanStart => ({
  name,
  kind: 'INTERNAL',
  attributes: { [ORDER_ID]: orderId },
});

/** What is done inside a service for several orders at once. */
export const ordersSpan = (name: string, count: number): SpanStart => ({
  name,
  kind: 'INTERNAL',
  attributes: { 'order.count': count },
});

/** How the placing of an order ended, and how long it had waited for its batch. */
export const placed = (outcome: string, waitedMs: number | undefined): SpanEnd => ({
  attributes:
    waitedMs === undefined
      ? { 'order.outcome': outcome }
      : { 'order.outcome': outcome, 'order.waited_ms': Math.round(waitedMs) },
  failed: outcome === 'FAILED',
});

/** A statement of the orders database. */
export const databaseSpan = (operation: string, table: string): SpanStart => ({
  name: `${operation} ${table}`,
  kind: 'CLIENT',
  attributes: {
    'db.system.name': 'postgresql',
    'db.operation.name': operation,
    'db.collection.name': table,
  },
});

/** Who publishes a message, and of which order it is. */
interface Published {
  readonly topic: string;
  /** Nothing where its key is no order's. */
  readonly orderId: string | undefined;
  /** When it began to wait, as spans have the time. */
  readonly sinceMs?: number | undefined;
}

/**
 * One message on its way to Kafka.
 *
 * @param operation `publish`, or `redrive` from the dead-letter queue
 */
export const publishSpan = (
  operation: 'publish' | 'redrive',
  { topic, orderId, sinceMs }: Published,
): SpanStart => {
  const attributes: Record<string, string | number> = {
    'messaging.system': SYSTEM,
    'messaging.operation.name': operation,
    'messaging.operation.type': 'create',
    'messaging.destination.name': topic,
  };
  if (orderId !== undefined) {
    attributes['messaging.kafka.message.key'] = orderId;
    attributes[ORDER_ID] = orderId;
  }
  return { name: `${operation} ${topic}`, kind: 'PRODUCER', startMs: sinceMs, attributes };
};

/** The messages that are sent to a topic at once. */
export const sendSpan = (topic: string, count: number): SpanStart => ({
  name: `send ${topic}`,
  kind: 'CLIENT',
  attributes: {
    'messaging.system': SYSTEM,
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': topic,
    [COUNT]: count,
  },
});

interface Consumed {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly group: string;
}

/** One message, from when it was received until it is done. */
export const processSpan = ({ topic, partition, offset, group }: Consumed, orderId: string): SpanStart => ({
  name: `process ${topic}`,
  kind: 'CONSUMER',
  attributes: {
    'messaging.system': SYSTEM,
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
    'messaging.kafka.offset': Number(offset),
    'messaging.kafka.message.key': orderId,
    'messaging.consumer.group.name': group,
    [ORDER_ID]: orderId,
  },
});

/** Messages that are processed at once. */
export const processBatchSpan = (topic: string, group: string, count: number): SpanStart => ({
  name: `process batch ${topic}`,
  kind: 'CONSUMER',
  attributes: {
    'messaging.system': SYSTEM,
    'messaging.operation.name': 'process batch',
    'messaging.operation.type': 'process',
    'messaging.destination.name': topic,
    'messaging.consumer.group.name': group,
    [COUNT]: count,
  },
});

/** The end of a message that became a dead letter. */
export const DEAD_LETTERED: SpanEnd = { attributes: { 'error.type': 'dead_letter' }, failed: true };

/** A message that was another consumer's before it was done here: it is delivered again. */
export const REDELIVERED: SpanEnd = { attributes: { 'error.type': 'redelivered' }, failed: true };
