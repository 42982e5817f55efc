import { createDeferred, type Deferred } from '../deferred.ts';

export interface FetchLoopOptions<T> {
  readonly fetch: () => Promise<readonly T[]>;
  readonly handle: (batch: T) => Promise<void>;
  /** How many batches are handled at the same time. */
  readonly concurrency: number;
}

/** Fetches, has everything that was fetched handled, and fetches again. */
export interface FetchLoop {
  /** Resolves when stopped; rejects with the first failure, once the other batches of its fetch are through. */
  run(): Promise<void>;
  /** Resolves when the batches in hand are through. */
  stop(): Promise<void>;
}

/** A loop that has not begun. */
export const createFetchLoop = <T>({ fetch, handle, concurrency }: FetchLoopOptions<T>): FetchLoop => {
  let ended: Deferred<void> | undefined;
  let isRunning = false;

  const handleAll = async (batches: readonly T[]): Promise<void> => {
    const [only] = batches;
    if (batches.length === 1 && only !== undefined) return await handle(only);
    const queue = [...batches];
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
        try {
          await handle(batch);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, queue.length) }, work));
    if (failures.length > 0) throw failures[0];
  };

  const loop = async (): Promise<void> => {
    while (isRunning) {
      const batches = await fetch();
      if (isRunning && batches.length > 0) await handleAll(batches);
    }
  };

  return {
    run: async () => {
      const end = createDeferred<void>();
      ended = end;
      isRunning = true;
      try {
        await loop();
      } finally {
        isRunning = false;
        ended = undefined;
        end.resolve();
      }
    },
    stop: async () => {
      isRunning = false;
      await ended?.promise;
    },
  };
};
