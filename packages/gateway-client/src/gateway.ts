import { ANYBODY, type ErrorBody, type Input, type Operation, type Output } from '@order-pipeline/contracts';
import {
  backoffMs,
  newTrace,
  createHttpTransport,
  isTransient,
  sleep,
  type Reply,
  type Runtime,
} from '@order-pipeline/service-kit';
import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import { GatewayError } from './gateway-error.ts';

/** What the gateway answered: what was asked for, or a refusal. */
export type Answer<T> =
  | {
      readonly refusal: undefined;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: T;
      readonly nextCursor: string | undefined;
    }
  | { readonly refusal: ErrorBody };

/** The API of the system, over connections that are kept alive. */
export interface Gateway {
  /**
   * Asks; what is too much for now (429) or unavailable for now (503) is asked again when the gateway says so.
   *
   * @throws GatewayError when that has gone on for too long, or nothing answers
   */
  call<O extends Operation>(operation: O, input: Partial<Input<O>>): Promise<Answer<Output<O>>>;
  /** How many requests were answered with Retry-After. */
  postponedCount(): number;
  /** @throws GatewayError when nothing answers there */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly url: string;
  readonly runtime: Runtime;
  /** Stops what is asked again and again. */
  readonly signal?: AbortSignal;
  /** The bearer token that goes with every request. */
  readonly token?: string | undefined;
  /** How long one thing is asked again and again, in milliseconds; default a minute. 0: once, whatever is answered. */
  readonly patienceMs?: number;
  /** How long one request may take, in milliseconds; default 10 s. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const PATIENCE_MS = 60_000;
const MAX_PAUSE_MS = 10_000;
/** How often a gateway is called that does not answer within a second: it may be busy. */
const PING_TRIES = 5;

/** No target of a link has `<` in it: where one is not closed before the next, the search never goes back over it. */
const NEXT_PAGE = /<([^<>]*)>;\s*rel="?next"?/;

/** The cursor of the next page in the `Link` header of a list; undefined on the last page. Linear, whatever it says. */
export const cursorIn = (link: string | undefined): string | undefined => {
  const target = NEXT_PAGE.exec(link ?? '')?.[1];
  const search = target?.split('?', 2)[1];
  return new URLSearchParams(search).get('cursor') ?? undefined;
};

const answerOf = <T>({ status, body, headers = {} }: Reply): Answer<T> =>
  status >= 400
    ? { refusal: body as ErrorBody }
    : { refusal: undefined, headers, body: body as T, nextCursor: cursorIn(headers['link']) };

/** How long to wait before asking again, for an answer that may be another one later. */
const pauseMs = (reply: Reply | undefined, attempt: number, runtime: Runtime): number | undefined => {
  if (reply !== undefined && reply.status !== 429 && reply.status !== 503) return undefined;
  const askedMs = Number(reply?.headers?.['retry-after'] ?? 0) * 1_000;
  // Spread by chance, or all that were refused together would come back together.
  return Math.min(MAX_PAUSE_MS, (askedMs || 0) + backoffMs(runtime, attempt, 100, 1_000));
};

/** @throws GatewayError when nothing answers, after a few tries */
const pingTo = async (url: string, ping: () => Promise<void>): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ping();
    } catch (error) {
      if (attempt < PING_TRIES) continue;
      throw new GatewayError(`No gateway answers at ${url}: ${(error as Error).message}`);
    }
  }
};

export const createGateway = ({
  url,
  runtime,
  signal,
  token,
  patienceMs = PATIENCE_MS,
  timeoutMs = TIMEOUT_MS,
}: GatewayOptions): Gateway => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { transport, close } = createHttpTransport('api-gateway', url, timeoutMs, headers);
  const logger = pino({ level: 'silent' });
  // Everybody who waits to ask again listens to it, and takes the listener off again: many of them are no leak.
  const stopped = AbortSignal.any(signal ? [signal] : []);
  setMaxListeners(0, stopped);
  let postponed = 0;

  /** No reply: the gateway could not be reached. */
  const askOnce = async (operation: Operation, input: Input<Operation>): Promise<Reply | undefined> => {
    const call = {
      requestId: runtime.uuid(),
      trace: newTrace(runtime),
      actor: ANYBODY,
      logger,
    };
    try {
      return await transport(operation, input, call);
    } catch (error) {
      if (isTransient(error)) return undefined;
      throw error;
    }
  };

  return {
    call: async (operation, input) => {
      const giveUpAt = runtime.monotonic() + patienceMs;
      for (let attempt = 1; ; attempt += 1) {
        stopped.throwIfAborted();
        const reply = await askOnce(operation, input);
        const pause = patienceMs === 0 && reply ? undefined : pauseMs(reply, attempt, runtime);
        if (reply !== undefined && pause === undefined) return answerOf(reply);
        if (patienceMs === 0) throw new GatewayError(`No gateway answers at ${url}`);
        if (runtime.monotonic() > giveUpAt) {
          const last = reply ? (reply.body as ErrorBody).error : 'it does not answer';
          throw new GatewayError(
            `Gave up on ${url}: asked for ${patienceMs / 1_000} s to ${operation.summary.toLowerCase()}, ${last}`,
          );
        }
        if (reply) postponed += 1;
        await sleep(runtime, pause ?? 0, stopped);
      }
    },
    postponedCount: () => postponed,
    ping: () => pingTo(url, transport.ping),
    close,
  };
};
