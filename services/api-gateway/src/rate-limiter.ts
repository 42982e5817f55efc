import type { Runtime } from '@order-pipeline/service-kit';

/** So many keys are kept at most; beyond, those that were seen longest ago are forgotten. */
const MAX_KEYS = 100_000;

export interface RateLimiterOptions {
  readonly runtime: Pick<Runtime, 'monotonic'>;
  /** How many a key may have at once. */
  readonly burst: number;
  /** After how many milliseconds a key may have one more. */
  readonly intervalMs: number;
}

/** Tells how often a key may have something. */
export interface RateLimiter {
  /** How many milliseconds the key has to wait; 0 if it may have one now. */
  waitMs(key: string): number;
  /** Takes one for the key, if it may have it; answers as `waitMs` does before. */
  take(key: string): number;
}

/**
 * A token bucket for each key, held as the time at which it would be full again (GCRA): never more than `burst` at once, and
 * in the long run one in `intervalMs`. What is refused costs nothing more. A key that has rested is as one that was never seen,
 * so two generations of keys are enough, and each holds a burst's time.
 */
export const createRateLimiter = ({ runtime, burst, intervalMs }: RateLimiterOptions): RateLimiter => {
  const lifeMs = burst * intervalMs;
  // Half an interval, so that the rounding of sums decides nothing.
  const toleranceMs = lifeMs - intervalMs / 2;
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  let turnedAt = runtime.monotonic();

  const fullAt = (key: string): number => young.get(key) ?? old.get(key) ?? 0;
  const waitFrom = (key: string, now: number): number => Math.max(0, fullAt(key) - now - toleranceMs);
  const turn = (now: number): void => {
    if (now - turnedAt < lifeMs && young.size < MAX_KEYS) return;
    old = young;
    young = new Map();
    turnedAt = now;
  };
  return {
    waitMs: (key) => waitFrom(key, runtime.monotonic()),
    take: (key) => {
      const now = runtime.monotonic();
      turn(now);
      const wait = waitFrom(key, now);
      if (wait === 0) young.set(key, Math.max(fullAt(key), now) + intervalMs);
      return wait;
    },
  };
};

/** A wait in the form of Retry-After. */
export const retryAfter = (waitMs: number): string => String(Math.max(1, Math.ceil(waitMs / 1_000)));
