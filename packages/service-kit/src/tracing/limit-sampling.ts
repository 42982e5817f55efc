import type { Runtime } from '../runtime.ts';
import type { Sampler } from './tracer.ts';

const TRACES_A_SECOND = 10;
/** How many may come at once after a pause. */
const MOST_AT_ONCE = 50;
const MS_A_SECOND = 1_000;

/**
 * Samples what changes something, ten requests a second at most: every order of somebody who tries things out, and of a load
 * so few that it is not felt.
 */
export const limitSampling = ({ monotonic }: Pick<Runtime, 'monotonic'>): Sampler => {
  let left = MOST_AT_ONCE;
  let countedAt = monotonic();
  return (method) => {
    if (method !== 'POST') return false;
    const now = monotonic();
    left = Math.min(MOST_AT_ONCE, left + ((now - countedAt) * TRACES_A_SECOND) / MS_A_SECOND);
    countedAt = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
};
