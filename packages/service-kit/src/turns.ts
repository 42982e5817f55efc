import { unavailable } from './app-error.ts';
import type { Runtime } from './runtime.ts';

export interface Turns {
  /**
   * Does `work` when it is its turn.
   *
   * @throws AppError UNAVAILABLE when its turn does not come in time; `work` is then never begun
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export interface TurnsOptions {
  /** How many work at once. */
  readonly most: number;
  /** How long one waits for its turn, in milliseconds. */
  readonly waitMs: number;
}

/** Lets only so many work at once; the others wait in the order they came, and leave when it takes too long. */
export const createTurns = (runtime: Pick<Runtime, 'after'>, { most, waitMs }: TurnsOptions): Turns => {
  const waiting = new Set<() => void>();
  let working = 0;

  const begin = (): Promise<void> | void => {
    if (working < most) {
      working += 1;
      return;
    }
    return new Promise((resolve, reject) => {
      const cancel = runtime.after(waitMs, () => {
        waiting.delete(go);
        reject(unavailable('Too many lists are read at once, try again in a moment'));
      });
      const go = (): void => {
        cancel();
        resolve();
      };
      waiting.add(go);
    });
  };

  // The place is handed on, so that nobody who comes meanwhile takes it.
  const end = (): void => {
    const [next] = waiting;
    if (!next) {
      working -= 1;
      return;
    }
    waiting.delete(next);
    next();
  };

  return {
    run: async (work) => {
      await begin();
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
};

/** Lists leave the other connections of the pool to everything else; one waits no longer than whoever asked for it. */
const LISTS: TurnsOptions = { most: 2, waitMs: 1_000 };

/** The turns of those who read lists from one database. */
export const createListTurns = (runtime: Pick<Runtime, 'after'>): Turns => createTurns(runtime, LISTS);
