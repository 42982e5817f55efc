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

/** Runs tasks one after the other, in the order in which they were given. */
export const createQueue = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
};

/** The room of those that were taken out is given back when there are this many, and half of all. */
const GIVE_BACK_FROM = 1024;

/** First in, first out. An array's own `shift` moves all that is left of a long one. */
export const createFifo = <T>() => {
  const items: T[] = [];
  let head = 0;
  return {
    push: (item: T): void => void items.push(item),
    shift: (): T | undefined => {
      if (head === items.length) return undefined;
      const item = items[head];
      head += 1;
      if (head === items.length || (head >= GIVE_BACK_FROM && head * 2 >= items.length)) {
        items.splice(0, head);
        head = 0;
      }
      return item;
    },
  };
};

/**
 * Lets one in after the other, with the turns of promises that kafkajs takes for it: who leaves while somebody waits gets
 * on a little later than who leaves nobody behind. So of calls made in one turn, the last overtakes the one before.
 */
export const createLock = () => {
  let isTaken = false;
  const waiting = createFifo<() => Promise<void>>();
  return {
    acquire: async (): Promise<void> =>
      new Promise((resolve) => {
        const enter = (): void => {
          isTaken = true;
          resolve();
        };
        if (isTaken) waiting.push(async () => enter());
        else enter();
      }),
    release: async (): Promise<void> => {
      isTaken = false;
      const next = waiting.shift();
      if (next !== undefined) return next();
    },
  };
};

/** Runs `task` once for all who ask while it runs, with what the first of them has brought. */
export const sharing = <T, A extends readonly unknown[]>(
  task: (...given: A) => Promise<T>,
): ((...given: A) => Promise<T>) => {
  let running: Promise<T> | undefined;
  return (...given) => {
    running ??= task(...given).finally(() => {
      running = undefined;
    });
    return running;
  };
};
