import type { Runtime } from './runtime.ts';

/** Gathers what arrives together and works it in one go. */
export interface Batcher<I, O> {
  /** Settles with the item's own result, or rejects with the error that its whole batch met. */
  submit(item: I): Promise<O>;
  /** Resolves when everything submitted so far is settled. */
  drain(): Promise<void>;
}

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (result: O) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A batcher that never waits for a batch to fill: an item alone is worked in the same turn of the event loop, and what
 * arrives while `maxConcurrent` batches are under way forms the next one, of `maxSize` at most.
 *
 * @param options.run answers one result an item, in the same order
 */
export const createBatcher = <I, O>(options: {
  readonly runtime: Pick<Runtime, 'soon'>;
  readonly maxSize: number;
  readonly maxConcurrent: number;
  readonly run: (items: I[]) => Promise<readonly O[]>;
}): Batcher<I, O> => {
  const waiting: Waiting<I, O>[] = [];
  const idle: (() => void)[] = [];
  let running = 0;
  let scheduled = false;

  const runBatch = async (batch: Waiting<I, O>[]): Promise<void> => {
    try {
      const results = await options.run(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error('a batch answered another number of results');
      batch.forEach(({ resolve }, index) => resolve(results[index] as O));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      running -= 1;
      next();
    }
  };

  const flush = (): void => {
    scheduled = false;
    while (waiting.length > 0 && running < options.maxConcurrent) {
      running += 1;
      void runBatch(waiting.splice(0, options.maxSize));
    }
  };

  const next = (): void => {
    if (waiting.length === 0 && running === 0) for (const resolve of idle.splice(0)) resolve();
    if (scheduled || waiting.length === 0 || running >= options.maxConcurrent) return;
    scheduled = true;
    options.runtime.soon(flush);
  };

  return {
    submit: (item) =>
      new Promise<O>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        next();
      }),
    drain: () =>
      new Promise<void>((resolve) => {
        idle.push(resolve);
        next();
      }),
  };
};
