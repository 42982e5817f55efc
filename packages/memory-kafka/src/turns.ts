import type { Clock } from './clock.ts';

/** Resolves in the next turn of the event loop. Everyone who asks within one turn is answered in the order of asking. */
export type NextTurn = () => Promise<void>;

/** One shared promise per turn, so that a thousand concurrent sends cost one timer. */
export const createNextTurn = (clock: Pick<Clock, 'soon'>): NextTurn => {
  let coming: Promise<void> | undefined;
  return () => {
    coming ??= new Promise((resolve) => {
      clock.soon(() => {
        coming = undefined;
        resolve();
      });
    });
    return coming;
  };
};

/** Runs `task` once for all who ask while it runs. */
export const sharing = <T>(task: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<T> | undefined;
  return () => {
    running ??= task().finally(() => {
      running = undefined;
    });
    return running;
  };
};
