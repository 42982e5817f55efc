import type { Runtime } from '../runtime.ts';
import { epochMs } from '../stored-time.ts';

/** How far the time of day may be from what is reckoned, in milliseconds, before somebody has set the clock. */
const SET_AFTER_MS = 100;

/**
 * The time of day that durations can be made of: milliseconds since the epoch, with the fractions of the monotonic clock.
 * It follows the wall clock once that has been set.
 */
export const createSpanClock = (runtime: Pick<Runtime, 'wallClock' | 'monotonic'>): (() => number) => {
  let epoch = epochMs(runtime) - runtime.monotonic();
  return () => {
    const sinceStart = runtime.monotonic();
    const wall = epochMs(runtime);
    if (Math.abs(wall - (epoch + sinceStart)) > SET_AFTER_MS) epoch = wall - sinceStart;
    return epoch + sinceStart;
  };
};
