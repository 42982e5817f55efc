import { setTimeout as pause } from 'node:timers/promises';

/** Takes a sample at once and then again and again, until it is stopped. */
export interface Sampling<T> {
  /** Takes no further sample; answers all. */
  stop(): Promise<readonly T[]>;
}

export const startSampling = <T>(sample: () => Promise<T>, everyMs: number): Sampling<T> => {
  const stopping = new AbortController();
  const samples: T[] = [];
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      samples.push(await sample());
      await pause(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  // The caller of stop() gets the error.
  running.catch(() => undefined);
  return {
    stop: async () => {
      stopping.abort();
      await running;
      return samples;
    },
  };
};

/** The samples of the middle third and of the last third of the time. */
export const thirdsOf = (
  samples: readonly number[],
): { readonly middle: readonly number[]; readonly last: readonly number[] } => {
  const third = Math.floor(samples.length / 3);
  return { middle: samples.slice(third, 2 * third), last: samples.slice(2 * third, 3 * third) };
};
