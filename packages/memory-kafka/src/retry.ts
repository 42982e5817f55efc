import kafkajs from 'kafkajs';
import type { RetryOptions } from 'kafkajs';
import type { Clock } from './clock.ts';
import { isError, nonRetriable, toError } from './errors.ts';

/** Time and chance, as handed to everything in a cluster that waits. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Attempt {
  /** Which attempt this is, from 0. */
  readonly retryCount: number;
  /** How long the next attempt would be waited for, in milliseconds. */
  readonly retryTime: number;
  /** Gives up: the whole rejects with exactly this error. */
  bail(error: unknown): void;
}

const IN_PRODUCTION = { maxRetryTime: 30_000, initialRetryTime: 300, factor: 0.2, multiplier: 2, retries: 5 };
const IN_TESTS = { maxRetryTime: 1_000, initialRetryTime: 50, factor: 0.02, multiplier: 1.5, retries: 15 };

// kafkajs decides by this variable when it is loaded, and jest and vitest set it.
// oxlint-disable-next-line no-restricted-properties -- no setting of ours
const DEFAULTS = process.env['NODE_ENV'] === 'test' ? IN_TESTS : IN_PRODUCTION;

/** How long kafkajs waits before it restarts a consumer if nothing else says so, in milliseconds; in tests, too. */
export const INITIAL_RETRY_TIME_MS = IN_PRODUCTION.initialRetryTime;

// A programming error is not cured by trying again.
const UNRECOVERABLE = new Set(['RangeError', 'ReferenceError', 'SyntaxError', 'TypeError']);

const isRetriable = (error: Error): boolean =>
  !UNRECOVERABLE.has(error.name) && !('retriable' in error && error.retriable === false);

const causeOf = (error: Error): Error => (isError(error.cause) ? error.cause : error);

/** Throws what the whole rejects with where there is no further attempt. */
const checkRetriable = (
  error: Error,
  { retryCount, retryTime, retries }: { retryCount: number; retryTime: number; retries: number },
): void => {
  if (!isRetriable(error)) throw nonRetriable(error, causeOf(error));
  if (retryCount < retries) return;
  throw new kafkajs.KafkaJSNumberOfRetriesExceeded(error, { retryCount, retryTime });
};

type Settings = typeof IN_PRODUCTION;

// Of each client's own object: it is asked for with every send.
const known = new WeakMap<RetryOptions, Settings>();

const settingsOf = (options: RetryOptions): Settings => {
  const earlier = known.get(options);
  if (earlier !== undefined) return earlier;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings = { ...DEFAULTS, ...Object.fromEntries(given) };
  known.set(options, settings);
  return settings;
};

/**
 * Runs `task` until it succeeds, with a wait between attempts that starts at `initialRetryTime`, is multiplied by
 * `multiplier` each time, varies by `factor` and ends at `maxRetryTime`. Rejects with KafkaJSNumberOfRetriesExceeded
 * after `retries` further attempts, and with KafkaJSNonRetriableError for what cannot be retried.
 */
export const withRetries = async <T>(
  { clock, random }: Surroundings,
  options: RetryOptions,
  task: (attempt: Attempt) => Promise<T>,
): Promise<T> => {
  const { factor, multiplier, maxRetryTime, initialRetryTime, retries } = settingsOf(options);
  const jittered = (ms: number) => Math.ceil(ms - factor * ms + random() * 2 * factor * ms);
  let bailed: { readonly error: unknown } | undefined;
  const bail = (error: unknown): void => {
    bailed ??= { error };
  };
  let retryTime = jittered(initialRetryTime);
  for (let retryCount = 0; ; retryCount += 1) {
    try {
      const result = await task({ retryCount, retryTime, bail });
      if (bailed === undefined) return result;
    } catch (thrown) {
      if (bailed === undefined) checkRetriable(toError(thrown), { retryCount, retryTime, retries });
    }
    if (bailed !== undefined) throw bailed.error;
    const waitFor = retryTime;
    retryTime = Math.min(jittered(retryTime) * multiplier, maxRetryTime);
    await new Promise<void>((resolve) => void clock.after(waitFor, resolve));
  }
};
