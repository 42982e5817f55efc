import { SEARCHED_UNTIL_HEADER, type Operation, type ServiceName } from '@order-pipeline/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { unavailable } from '../app-error.ts';
import type { Reply } from '../reply.ts';
import { createConnector } from '../tls/connecting.ts';
import type { Credentials } from '../tls/credentials.ts';

const CONNECT_TIMEOUT_MS = 1_000;
/** How long a connection is used. It leads to one instance of the service, so one that is added later gets only new ones. */
const CONNECTION_LIFE_MS = 10_000;
/** Shorter than a health check may take, so that it says why. */
const PING_TIMEOUT_MS = 800;
const RELAYED_HEADERS = ['link', 'retry-after', 'preference-applied', SEARCHED_UNTIL_HEADER] as const;

/** A socket that the other side closed while it idled: the request may never have arrived. */
const isLostConnection = (error: unknown): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as { code?: string }).code ?? '');

/** Nobody listened, or the name led nowhere: an instance that has just gone, or is not there yet. */
const NO_CONNECTION = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'];
/** The waits before a request is tried again that was not sent; together a fraction of any time limit. */
const UNSENT_WAITS_MS = [25, 50, 100, 200];

interface ConnectionError {
  readonly code?: string;
  readonly socket?: { readonly bytesWritten?: number };
}

/** Whether nothing of the request can have arrived, so that it may be made again whatever it is. */
const isUnsent = (error: unknown): boolean => {
  const { code = '', socket } = error as ConnectionError;
  return NO_CONNECTION.includes(code) || (isLostConnection(error) && socket?.bytesWritten === 0);
};

/** A request whose answer is JSON. */
export interface JsonRequest {
  readonly method: Operation['method'];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  /** Gives the request up when it is aborted. */
  readonly signal?: AbortSignal;
  /** Whether asking twice has the effect of asking once. */
  readonly idempotent: boolean;
}

interface JsonClientOptions {
  readonly ownHeaders?: Readonly<Record<string, string>> | undefined;
  readonly credentials?: Credentials | undefined;
}

const relayed = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    RELAYED_HEADERS.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    }),
  );

const openAgent = (service: ServiceName, timeoutMs: number, credentials: Credentials | undefined) => {
  const connector = createConnector(service, Math.min(CONNECT_TIMEOUT_MS, timeoutMs), credentials);
  const agent = new Agent({ connect: connector.connect, pipelining: 1, clientTtl: CONNECTION_LIFE_MS });
  const close = async (): Promise<void> => {
    connector.close();
    await agent.close();
  };
  return { agent, close };
};

/**
 * Requests to one service with connections that are kept alive for a while: behind its name there may be several instances,
 * and each new connection leads to any of them. A request that is idempotent is made once more when its connection was lost,
 * and any request a few times more where no connection came about.
 *
 * @param base such as `http://orders:3000`; of a longer URL only this part counts
 * @param timeoutMs the longest wait for a whole answer
 * @param options.ownHeaders what every request has beside its own headers
 * @param options.credentials what both ends prove themselves with, where the service is reached over TLS
 */
export const createJsonClient = (
  service: ServiceName,
  base: string,
  timeoutMs: number,
  { ownHeaders = {}, credentials }: JsonClientOptions = {},
) => {
  const { origin } = new URL(base);
  const { agent, close } = openAgent(service, timeoutMs, credentials);

  const once = async (
    { method, path, headers: given, body: text }: JsonRequest,
    signal: AbortSignal,
  ): Promise<Reply> => {
    const { statusCode, headers, body } = await agent.request({
      origin,
      path,
      method,
      signal,
      headers: {
        ...ownHeaders,
        ...given,
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(text === undefined ? {} : { body: text }),
    });
    return { status: statusCode, body: await body.json(), headers: relayed(headers) };
  };

  const request = async (wanted: JsonRequest): Promise<Reply> => {
    // One limit for all attempts.
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = wanted.signal ? AbortSignal.any([wanted.signal, limit]) : limit;
    const attempt = async (waits: readonly number[] = UNSENT_WAITS_MS): Promise<Reply> => {
      try {
        return await once(wanted, signal);
      } catch (error) {
        const [waitMs, ...rest] = waits;
        if (waitMs === undefined || !isUnsent(error)) throw error;
        await sleep(waitMs, undefined, { signal });
        return attempt(rest);
      }
    };
    try {
      return await attempt().catch((error: unknown) => {
        if (wanted.idempotent && isLostConnection(error)) return attempt();
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

  return { request, ping, close };
};
