import type { Runtime } from './runtime.ts';

/**
 * The one place where the wall clock meets stored times. They may have been stored by another clock: another
 * instance's, or this machine's before somebody set it back. So a time that lies ahead does not mean that something is
 * yet to come: it says nothing of when it was.
 */

type WallClock = Pick<Runtime, 'wallClock'>;

/**
 * By how much the clocks of two instances may differ, in milliseconds. What is dated further ahead is not from another
 * instance that is a little fast: a clock has been set.
 */
export const AHEAD_TOLERANCE_MS = 30_000;

const iso = (ms: number): string => new Date(ms).toISOString();

/** The time of day, to be shown: milliseconds since the epoch. */
export const epochMs = (runtime: WallClock): number => runtime.wallClock();

/** The time of day, to be stored or shown: ISO 8601, UTC, to the millisecond. */
export const timeOfDay = (runtime: WallClock): string => iso(runtime.wallClock());

/** Which stored times count as passed, each ISO 8601: those up to `until`, and those after `ahead`. */
export interface DueTimes {
  readonly until: string;
  /** What is dated later counts as due, as nobody knows when it was: waiting for the clock could take years. */
  readonly ahead: string;
}

/**
 * Which stored times count as `ageMs` milliseconds old or older.
 *
 * @param until instead of that age: an earlier `timeOfDay`, such as that of a start
 */
export const dueTimes = (runtime: WallClock, ageMs: number, until?: string): DueTimes => {
  const now = runtime.wallClock();
  return { until: until ?? iso(now - ageMs), ahead: iso(now + AHEAD_TOLERANCE_MS) };
};

/** How long ago a stored time was, in milliseconds; 0 for one that lies ahead, of which nobody knows it. */
export const storedAgeMs = (runtime: WallClock, stored: Date): number =>
  Math.max(0, runtime.wallClock() - stored.getTime());
