import { CALLS_PATH, type Input, type Operation } from '@order-pipeline/contracts';
import { AppError } from '../app-error.ts';
import type { CallContext, Reply } from '../reply.ts';
import { traceparent } from '../trace.ts';
import { actorText } from './actor-text.ts';
import type { JsonRequest } from './json-client.ts';

/** What the answer is made of: a reply a call, in the same order. */
interface Replies {
  readonly replies: readonly Reply[];
}

/**
 * Whether asking with this input twice has the effect of asking once: what has a key of the client's own is done once
 * under it.
 */
export const isIdempotent = ({ idempotent }: Operation, input: Input<Operation>): boolean =>
  idempotent ||
  (input.headers as Readonly<Record<string, unknown>> | undefined)?.['idempotency-key'] !== undefined;

/** What an operation is called among services. */
export const nameOfOperation = ({ method, path }: Operation): string => `${method} ${path}`;

/**
 * A call in JSON.
 *
 * @param body in JSON already
 */
export const callText = (
  { params, query, headers }: Input<Operation>,
  { requestId, trace, actor }: CallContext,
  body: string | undefined,
): string => {
  const text = JSON.stringify({
    requestId,
    traceparent: traceparent(trace),
    actor: actorText(actor),
    params,
    query,
    headers,
  });
  return body === undefined ? text : `${text.slice(0, -1)},"body":${body}}`;
};

/** @param texts calls in JSON */
export const callsRequest = (operation: Operation, texts: readonly string[]): JsonRequest => ({
  method: 'POST',
  path: CALLS_PATH,
  headers: {},
  body: `{"operation":${JSON.stringify(nameOfOperation(operation))},"calls":[${texts.join(',')}]}`,
  idempotent: operation.idempotent,
});

/** The replies to so many calls; one that the request as a whole met is that of each. */
export const repliesOf = ({ status, body, headers }: Reply, count: number): readonly Reply[] => {
  if (status !== 200)
    return Array.from({ length: count }, () => ({ status, body, ...(headers ? { headers } : {}) }));
  const { replies } = body as Replies;
  if (replies.length !== count) throw new AppError('INTERNAL', 'calls were answered in another number');
  return replies;
};
