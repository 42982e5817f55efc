import type { Runtime } from './runtime.ts';

/**
 * Does something that costs a statement only now and then, however often it is asked for.
 *
 * @param minMs for how many milliseconds after it was begun it is not begun again
 */
export const atMostEvery = (
  { monotonic }: Pick<Runtime, 'monotonic'>,
  minMs: number,
  work: () => Promise<void>,
): (() => Promise<void>) => {
  let begunAt = -Infinity;
  return async () => {
    if (monotonic() - begunAt < minMs) return;
    begunAt = monotonic();
    await work();
  };
};
