import type { Cancel, Time } from './time.ts';

/** A timer as Node has them, as far as libraries use it. */
const createTimer = (cancel: Cancel) => {
  const timer = { cancel, ref: () => timer, unref: () => timer, hasRef: () => true };
  return timer;
};

const isTimer = (timer: unknown): timer is ReturnType<typeof createTimer> =>
  typeof timer === 'object' && timer !== null && 'cancel' in timer && typeof timer.cancel === 'function';

/**
 * Gives libraries that take no clock from outside the time of the simulation: Prisma limits its transactions with
 * `setTimeout`. Answers how to give them the real time back.
 */
export const lendTime = (time: Time): (() => void) => {
  const { setTimeout, clearTimeout } = globalThis;
  const lent = {
    setTimeout: (fn: (...args: unknown[]) => void, ms = 1, ...args: unknown[]) =>
      createTimer(time.after(ms, () => fn(...args))),
    clearTimeout: (timer: Parameters<typeof clearTimeout>[0]): void => {
      if (isTimer(timer)) timer.cancel();
      else clearTimeout(timer);
    },
  };
  Object.assign(globalThis, lent);
  return () => void Object.assign(globalThis, { setTimeout, clearTimeout });
};
