/** Work that takes real time and none of the simulation's: time stands still until it has ended. */
export interface RealWork {
  /** Counts `work` as under way until it settles. */
  track<T>(work: Promise<T>): Promise<T>;
  isUnderWay(): boolean;
  settled(): Promise<void>;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export const createRealWork = (): RealWork => {
  const running = new Set<Promise<unknown>>();
  return {
    track: (work) => {
      const end = (): void => void running.delete(ended);
      const ended: Promise<unknown> = work.then(end, end);
      running.add(ended);
      return work;
    },
    isUnderWay: () => running.size > 0,
    settled: async () => {
      while (running.size > 0) {
        await Promise.all(running);
        // What hears of the end may begin the next at once.
        await turn();
      }
    },
  };
};

type Method = (...args: unknown[]) => Promise<unknown>;

/** Counts the verification of signatures, which Node carries out in other threads. Answers how to stop that. */
export const trackVerification = ({ track }: RealWork): (() => void) => {
  const { subtle } = globalThis.crypto;
  const tracked =
    (method: Method): Method =>
    (...args) =>
      track(method.apply(subtle, args));
  const { importKey, verify } = subtle as unknown as Record<'importKey' | 'verify', Method>;
  Object.assign(subtle, { importKey: tracked(importKey), verify: tracked(verify) });
  return () => {
    for (const name of ['importKey', 'verify']) Reflect.deleteProperty(subtle, name);
  };
};
