import type { Input, Operation, ServiceName } from '@order-pipeline/contracts';
import { Agent, request } from 'undici';
import { unavailable } from '../app-error.ts';
import type { CallContext, Reply } from '../reply.ts';
import { traceparent } from '../trace.ts';
import type { Transport } from './peers.ts';

const CONNECT_TIMEOUT_MS = 1_000;
const RELAYED_HEADERS = ['link', 'retry-after'] as const;

const urlFor = (base: string, { path }: Operation, { params, query }: Input<Operation>): URL => {
  const values = (params ?? {}) as Record<string, string>;
  const url = new URL(
    path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? '')),
    base,
  );
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
};

/** A socket that the other side closed while it idled: the request may never have arrived. */
const isLostConnection = (error: unknown): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as { code?: string }).code ?? '');

/**
 * Asks a service over HTTP with connections that are kept alive. An operation that is repeatable is asked once more
 * when its connection was lost.
 *
 * @param timeoutMs the longest wait for a whole answer
 */
export const createHttpTransport = (service: ServiceName, base: string, timeoutMs: number) => {
  const agent = new Agent({ connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) }, pipelining: 1 });

  const once = async (operation: Operation, input: Input<Operation>, call: CallContext): Promise<Reply> => {
    const { statusCode, headers, body } = await request(urlFor(base, operation, input), {
      method: operation.method,
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
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

  const transport: Transport = async (operation, input, call) => {
    const attempt = () => once(operation, input, call);
    try {
      return await attempt().catch((error: unknown) => {
        if (operation.repeatable && isLostConnection(error)) return attempt();
        throw error;
      });
    } catch (error) {
      throw unavailable(`The ${service} service does not answer, try again in a moment`, error);
    }
  };
  return { transport, close: () => agent.close() };
};
