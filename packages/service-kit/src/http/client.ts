import type { Input, Operation, ServiceName } from '@order-pipeline/contracts';
import type { CallContext, Reply } from '../reply.ts';
import { traceparent } from '../trace.ts';
import { isIdempotent } from './calls.ts';
import { createJsonClient, type JsonRequest } from './json-client.ts';
import type { Transport } from './service-clients.ts';

/** The path as it goes over the wire. Not through URL, which takes an id of `..` for the folder above. */
const pathFor = ({ path }: Operation, { params, query }: Input<Operation>): string => {
  const values = (params ?? {}) as Record<string, string>;
  const search = new URLSearchParams();
  const asked = (query ?? {}) as Readonly<Record<string, string | number | undefined>>;
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
  return search.size === 0 ? filled : `${filled}?${search.toString()}`;
};

/** The body of an input in JSON, if it has one. */
export const bodyOf = ({ body }: Input<Operation>): string | undefined =>
  body === undefined ? undefined : JSON.stringify(body);

/** @param body the input's body in JSON */
export const requestOf = (
  operation: Operation,
  input: Input<Operation>,
  call: CallContext,
  body = bodyOf(input),
): JsonRequest => ({
  method: operation.method,
  path: pathFor(operation, input),
  headers: {
    ...(input.headers as Readonly<Record<string, string>> | undefined),
    'x-request-id': call.requestId,
    traceparent: traceparent(call.trace),
  },
  ...(body === undefined ? {} : { body }),
  ...(call.signal ? { signal: call.signal } : {}),
  idempotent: isIdempotent(operation, input),
});

/** Asks a service over HTTP as any client does, with one request an operation; see `createJsonClient`. */
export const createHttpTransport = (
  service: ServiceName,
  base: string,
  timeoutMs: number,
  ownHeaders?: Readonly<Record<string, string>>,
) => {
  const { request, ping, close } = createJsonClient(service, base, timeoutMs, { ownHeaders });
  const ask = (operation: Operation, input: Input<Operation>, call: CallContext): Promise<Reply> =>
    request(requestOf(operation, input, call));
  return { transport: Object.assign(ask, { ping }) satisfies Transport, close };
};
