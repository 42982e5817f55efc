import { randomFillSync, randomUUID } from 'node:crypto';
import type { Failpoint } from './failpoints.ts';

export type Cancel = () => void;

/** Everything that a simulation has to hold: time, chance, identity, and the points where a crash would hurt. */
export interface Runtime {
  /**
   * The time of day, in milliseconds since the epoch: for what is stored or shown, never for a duration. Somebody may
   * set it by days, in either direction, at any moment and between two runs.
   */
  wallClock(): number;
  /** Milliseconds since an arbitrary start, with fractions; it never steps back or ahead. What durations are made of. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds, unless cancelled. */
  after(ms: number, fn: () => void): Cancel;
  /** Calls `fn` when what has already arrived in this turn of the event loop has been taken in. */
  soon(fn: () => void): void;
  /** From 0 (included) to 1 (excluded). */
  random(): number;
  /** A new UUID. */
  uuid(): string;
  /** `bytes` random bytes in lower-case hexadecimal. */
  hex(bytes: number): string;
  /** A no-op in production; in a test, a place to stop. Awaited, so that a test can stop there for ever. */
  failpoint(point: Failpoint): Promise<void> | void;
}

/** How many random bytes are asked of the system at once: each asking costs more than the bytes do. */
const RANDOM_POOL_BYTES = 4_096;

/** Random bytes in hexadecimal, no byte given out twice. */
const createHex = (): Runtime['hex'] => {
  const pool = Buffer.alloc(RANDOM_POOL_BYTES);
  let used = RANDOM_POOL_BYTES;
  return (bytes) => {
    if (bytes > RANDOM_POOL_BYTES) return randomFillSync(Buffer.alloc(bytes)).toString('hex');
    if (used + bytes > RANDOM_POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += bytes;
    return pool.toString('hex', used - bytes, used);
  };
};

/** The runtime of a real process. */
export const createRuntime = (): Runtime => ({
  wallClock: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
  soon: (fn) => void setImmediate(fn),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  hex: createHex(),
  failpoint: () => undefined,
});

/** Resolves after `ms` milliseconds, or at once when `signal` is aborted; it never rejects. */
export const sleep = (runtime: Pick<Runtime, 'after'>, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = runtime.after(ms, done);
    signal?.addEventListener('abort', done);
  });

/** The wait before try number `attempt` (from 1): doubles from `firstMs` to `mostMs`, half of it by chance. */
export const backoffMs = (
  runtime: Pick<Runtime, 'random'>,
  attempt: number,
  firstMs = 50,
  mostMs = 2_000,
): number => Math.min(mostMs, firstMs * 2 ** (attempt - 1)) * (0.5 + runtime.random() / 2);

/** A timer that fires so much later than it was due shows that the process was not given the processor. */
const STARVED_MS = 20;

/**
 * Settles as `work` does, or rejects with `error()` when `ms` milliseconds pass first. A process that was starved finds the
 * time over while the answer waits in its sockets; so it takes in what has arrived before it gives up.
 */
export const withTimeout = <T>(
  runtime: Pick<Runtime, 'after' | 'monotonic'>,
  ms: number,
  work: Promise<T>,
  error: () => Error,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const dueAt = runtime.monotonic() + ms;
    let cancel = runtime.after(ms, () => {
      if (runtime.monotonic() - dueAt > STARVED_MS) cancel = runtime.after(0, () => reject(error()));
      else reject(error());
    });
    // Each order waits here several times: `finally` would make two promises more of each.
    work.then(
      (result) => {
        cancel();
        resolve(result);
      },
      (failure: unknown) => {
        cancel();
        reject(failure);
      },
    );
  });
