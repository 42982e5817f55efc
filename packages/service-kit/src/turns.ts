import { notAwaited, unavailable } from './app-error.ts';
import type { Runtime } from './runtime.ts';

export interface Turns {
  /**
   * Does `work` when it is its turn.
   *
   * @param signal when it is aborted, what waits leaves
   * @throws AppError UNAVAILABLE when its turn does not come in time, or nobody waits for it; `work` is then never begun
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export interface TurnsOptions {
  /** How many work at once. */
  readonly most: number;
  /** How long one waits for its turn, in milliseconds. */
  readonly waitMs: number;
}

const tooMany = () => unavailable('Too many lists are read at once, try again in a moment');

/** Lets only so many work at once; the others wait in the order they came, and leave when it takes too long. */
export const createTurns = (runtime: Pick<Runtime, 'after'>, { most, waitMs }: TurnsOptions): Turns => {
  const waiting = new Set<() => void>();
  let working = 0;

  const wait = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (settle: () => void): void => {
        cancel();
        signal?.removeEventListener('abort', gone);
        waiting.delete(go);
        settle();
      };
      const go = (): void => leave(resolve);
      const gone = (): void => leave(() => reject(notAwaited()));
      const cancel = runtime.after(waitMs, () => leave(() => reject(tooMany())));
      signal?.addEventListener('abort', gone);
      waiting.add(go);
    });

  const begin = (signal: AbortSignal | undefined): Promise<void> | void => {
    if (signal?.aborted) throw notAwaited();
    if (working >= most) return wait(signal);
    working += 1;
  };

  // The place is handed on, so that nobody who comes meanwhile takes it.
  const end = (): void => {
    const [next] = waiting;
    if (!next) {
      working -= 1;
      return;
    }
    next();
  };

  return {
    run: async (work, signal) => {
      await begin(signal);
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
};

/** Lists leave the other connections of the pool to everything else; one waits no longer than its caller. */
const LISTS: TurnsOptions = { most: 2, waitMs: 1_000 };

/** The turns of those who read lists from one database. */
export const createListTurns = (runtime: Pick<Runtime, 'after'>): Turns => createTurns(runtime, LISTS);
