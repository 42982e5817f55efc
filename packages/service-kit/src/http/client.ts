import type { Input, Operation, ServiceName } from '@order-pipeline/contracts';
import { Agent } from 'undici';
import { unavailable } from '../app-error.ts';
import type { CallContext, Reply } from '../reply.ts';
import { traceparent } from '../trace.ts';
import type { Transport } from './peers.ts';

const CONNECT_TIMEOUT_MS = 1_000;
/** Shorter than a health check may take, so that it tells why. */
const PING_TIMEOUT_MS = 800;
const RELAYED_HEADERS = ['link', 'retry-after'] as const;

/** The path as it goes over the wire. Not through URL, which takes an id of `..` for the folder above. */
const pathFor = ({ path }: Operation, { params, query }: Input<Operation>): string => {
  const values = (params ?? {}) as Record<string, string>;
  const search = new URLSearchParams();
  const asked: Readonly<Record<string, string | number | undefined>> = query ?? {};
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
  return search.size === 0 ? filled : `${filled}?${search.toString()}`;
};

/** A socket that the other side closed while it idled: the request may never have arrived. */
const isLostConnection = (error: unknown): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as { code?: string }).code ?? '');

/**
 * Asks a service over HTTP with connections that are kept alive. An operation that is repeatable is asked once more
 * when its connection was lost.
 *
 * @param base such as `http://orders:3000`; of a longer URL only this part counts
 * @param timeoutMs the longest wait for a whole answer
 * @param ownHeaders what every request bears beside its own headers
 */
export const createHttpTransport = (
  service: ServiceName,
  base: string,
  timeoutMs: number,
  ownHeaders: Readonly<Record<string, string>> = {},
) => {
  const { origin } = new URL(base);
  const agent = new Agent({ connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) }, pipelining: 1 });

  const once = async (
    operation: Operation,
    input: Input<Operation>,
    call: CallContext,
    signal: AbortSignal,
  ): Promise<Reply> => {
    const { statusCode, headers, body } = await agent.request({
      origin,
      path: pathFor(operation, input),
      method: operation.method,
      signal,
      headers: {
        ...ownHeaders,
        'x-request-id': call.requestId,
        traceparent: traceparent(call.trace),
        ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
    });
    const relayed = RELAYED_HEADERS.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    return { status: statusCode, body: await body.json(), headers: Object.fromEntries(relayed) };
  };

  const ask = async (operation: Operation, input: Input<Operation>, call: CallContext): Promise<Reply> => {
    // One limit for both attempts.
    const signal = AbortSignal.timeout(timeoutMs);
    const attempt = () => once(operation, input, call, signal);
    try {
      return await attempt().catch((error: unknown) => {
        if (operation.repeatable && isLostConnection(error)) return attempt();
        throw error;
      });
    } catch (error) {
      throw unavailable(`The ${service} service does not answer, try again in a moment`, error);
    }
  };

  const ping = async (): Promise<void> => {
    const signal = AbortSignal.timeout(Math.min(PING_TIMEOUT_MS, timeoutMs));
    const { statusCode, body } = await agent.request({ origin, path: '/health/live', method: 'GET', signal });
    await body.dump();
    if (statusCode !== 200) throw new Error(`The ${service} service answers ${statusCode}`);
  };

  return { transport: Object.assign(ask, { ping }) satisfies Transport, close: () => agent.close() };
};
