import {
  ACTOR_HEADER,
  BODY_LIMIT_BYTES,
  MAX_CALLS,
  type Input,
  type Operation,
  type ServiceName,
} from '@order-pipeline/contracts';
import { createBatcher, type Batcher } from '../batcher.ts';
import { inLoads } from '../loads.ts';
import type { CallContext, Reply } from '../reply.ts';
import type { Runtime } from '../runtime.ts';
import type { Credentials } from '../tls/credentials.ts';
import { actorText } from './actor-text.ts';
import { callText, callsRequest, repliesOf } from './calls.ts';
import { bodyOf, requestOf } from './client.ts';
import { createJsonClient } from './json-client.ts';
import type { Transport } from './service-clients.ts';

/** A call with a longer body travels by itself, in characters: it would hold up those that travel with it. */
const MAX_SHARED_BODY = 4_096;
/** What a request says beside its calls: braces and the name of the operation. */
const ENVELOPE_BYTES = 256;

interface Call {
  readonly input: Input<Operation>;
  readonly context: CallContext;
  readonly body: string | undefined;
}

/**
 * Asks a service as its clients do: calls of one operation that are made together travel in one request, so that a hop
 * costs each of them little. The more are made, the more travel together, as `createBatcher` has it; one that is alone
 * goes as any client would send it, and so do one that is long and one whose answer may be: a list.
 *
 * Those that travel together are answered together. They are of one operation, so they wait for the same parts.
 */
export const createBatchingTransport = (
  service: ServiceName,
  base: string,
  timeoutMs: number,
  runtime: Pick<Runtime, 'soon' | 'after'>,
  credentials?: Credentials,
) => {
  const { request, ping, close } = createJsonClient(service, base, timeoutMs, { credentials });

  const askOne = (operation: Operation, { input, context, body }: Call): Promise<Reply> => {
    const asked = requestOf(operation, input, context, body);
    return request({ ...asked, headers: { ...asked.headers, [ACTOR_HEADER]: actorText(context.actor) } });
  };

  const askAll = async (operation: Operation, calls: readonly Call[]): Promise<readonly Reply[]> => {
    const [first] = calls;
    if (first && calls.length === 1) return [await askOne(operation, first)];
    const texts = calls.map(({ input, context, body }) => callText(input, context, body));
    const loads = inLoads(
      texts,
      BODY_LIMIT_BYTES.batch - ENVELOPE_BYTES,
      (text) => Buffer.byteLength(text) + 1,
    );
    const replies = await Promise.all(
      loads.map(async (load) => repliesOf(await request(callsRequest(operation, load)), load.length)),
    );
    return replies.flat();
  };

  const batchers = new Map<Operation, Batcher<Call, Reply>>();
  const batcherOf = (operation: Operation): Batcher<Call, Reply> => {
    const known = batchers.get(operation);
    if (known) return known;
    const run = (calls: Call[]) => askAll(operation, calls);
    const made = createBatcher({ runtime, maxSize: MAX_CALLS, maxConcurrent: Infinity, run });
    batchers.set(operation, made);
    return made;
  };

  const ask = (operation: Operation, input: Input<Operation>, context: CallContext): Promise<Reply> => {
    const call = { input, context, body: bodyOf(input) };
    const isLong = operation.paged === true || (call.body?.length ?? 0) > MAX_SHARED_BODY;
    return isLong ? askOne(operation, call) : batcherOf(operation).submit(call);
  };
  return { transport: Object.assign(ask, { ping }) satisfies Transport, close };
};
