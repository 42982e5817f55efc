/** Work that takes real time and none of the simulation's: simulated time is paused until it has ended. */
export interface RealWork {
  /**
   * Settles as `work` does, as an event of the simulation: of what is under way at once, the first to begin is the first to
   * be heard of, whichever ends first.
   */
  track<T>(work: Promise<T>): Promise<T>;
  isUnderWay(): boolean;
  settled(): Promise<void>;
}

/** @param soon lets something happen as the next event of the simulation */
export const createRealWork = (soon: (fn: () => void) => void): RealWork => {
  let count = 0;
  let last = Promise.resolve();
  return {
    track: (work) =>
      new Promise((resolve, reject) => {
        count += 1;
        const before = last;
        const hear = async (): Promise<void> => {
          const [outcome] = await Promise.allSettled([work, before]);
          count -= 1;
          soon(() =>
            outcome.status === 'fulfilled' ? resolve(outcome.value) : reject(outcome.reason as Error),
          );
        };
        last = hear();
      }),
    isUnderWay: () => count > 0,
    settled: () => last,
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
  const keys = tracked(importKey);
  Object.assign(subtle, {
    // The driver of PostgreSQL imports its password as it is; who waits for the database does so in real time.
    importKey: (...args: unknown[]) => (args[0] === 'jwk' ? keys(...args) : importKey.apply(subtle, args)),
    verify: tracked(verify),
  });
  return () => {
    for (const name of ['importKey', 'verify']) Reflect.deleteProperty(subtle, name);
  };
};
