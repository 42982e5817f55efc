import type { ErrorBody, Input, Operation, Output } from '@order-pipeline/contracts';
import { backoffMs, sleep, type Runtime } from '@order-pipeline/service-kit';
import { GatewayError } from '../gateway-error.ts';
import { RefusedError } from './refused-error.ts';

export interface RequestOptions {
  readonly url: string;
  readonly runtime: Pick<Runtime, 'after' | 'monotonic' | 'random' | 'uuid'>;
  readonly token: (() => string | Promise<string>) | undefined;
  readonly patienceMs: number;
  readonly timeoutMs: number;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long the answer may take beyond what requests may take anyway, in milliseconds. */
  readonly longerMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered<T> {
  readonly body: T;
  readonly headers: Headers;
  /** Whether an earlier try may have arrived, of which no answer came. */
  readonly isRepeat: boolean;
}

const MAX_PAUSE_MS = 10_000;

const pathOf = (operation: Operation, { params, query }: Input<Operation>): string => {
  const path = operation.path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String((params as Record<string, unknown> | undefined)?.[name])),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, string | number | undefined>))
    if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
};

/** What the gateway asks to be asked again: too much, or unavailable, for now. */
const isForNow = (status: number): boolean => status === 429 || status === 503;

const refusalIn = async (response: Response): Promise<ErrorBody> => {
  try {
    return (await response.json()) as ErrorBody;
  } catch {
    throw new GatewayError(`What answers at ${response.url} is no gateway: status ${response.status}`);
  }
};

/** Sends a request once; nothing where no answer came. */
const createSend = ({ url, token, timeoutMs }: RequestOptions) => {
  const headersOf = async (
    given: AskOptions['headers'],
    hasBody: boolean,
  ): Promise<Record<string, string>> => ({
    accept: 'application/json',
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
    ...(token ? { authorization: `Bearer ${await token()}` } : {}),
    ...given,
  });

  return async (
    operation: Operation,
    input: Input<Operation>,
    { signal, longerMs = 0, headers }: AskOptions,
  ): Promise<Response | undefined> => {
    const limit = AbortSignal.timeout(timeoutMs + longerMs);
    const init = {
      method: operation.method,
      headers: await headersOf(headers, input.body !== undefined),
      signal: operation.streams ? (signal ?? null) : signal ? AbortSignal.any([signal, limit]) : limit,
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
    };
    try {
      return await fetch(new URL(pathOf(operation, input), url), init);
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  };
};

/** Asks a gateway, and again while it cannot answer for now. */
export const createRequests = (options: RequestOptions) => {
  const { url, runtime, patienceMs } = options;
  const send = createSend(options);

  const pause = (response: Response | undefined, attempt: number): number =>
    // Spread by chance, or all that were refused together would come back together.
    Math.min(
      MAX_PAUSE_MS,
      Number(response?.headers.get('retry-after') ?? 0) * 1_000 + backoffMs(runtime, attempt, 100, 1_000),
    );

  /**
   * The response to a request that was not refused.
   *
   * @throws RefusedError; GatewayError when the gateway could not answer for `patienceMs`
   */
  const open = async <O extends Operation>(
    operation: O,
    input: Partial<Input<O>>,
    asked: AskOptions = {},
  ): Promise<{ response: Response; isRepeat: boolean }> => {
    const giveUpAt = runtime.monotonic() + patienceMs;
    let isRepeat = false;
    for (let attempt = 1; ; attempt += 1) {
      const response = await send(operation, input, asked);
      if (response?.ok) return { response, isRepeat };
      if (response && !isForNow(response.status)) {
        const refusal = new RefusedError(await refusalIn(response));
        throw isRepeat ? Object.assign(refusal, { isRepeat }) : refusal;
      }
      // What waits here for its time limits may have done what was asked.
      if (!response || response.status === 503) isRepeat = true;
      const last = response ? (await refusalIn(response)).error : 'it does not answer';
      if (runtime.monotonic() >= giveUpAt)
        throw new GatewayError(`Gave up on ${url} after ${patienceMs / 1_000} s: ${last}`);
      await sleep(runtime, pause(response, attempt), asked.signal);
      asked.signal?.throwIfAborted();
    }
  };
  return {
    open,
    ask: async <O extends Operation>(
      operation: O,
      input: Partial<Input<O>>,
      asked?: AskOptions,
    ): Promise<Answered<Output<O>>> => {
      const { response, isRepeat } = await open(operation, input, asked);
      return { body: (await response.json()) as Output<O>, headers: response.headers, isRepeat };
    },
  };
};

export type Requests = ReturnType<typeof createRequests>;
