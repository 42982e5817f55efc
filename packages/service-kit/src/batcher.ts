import type { Cancel, Runtime } from './runtime.ts';

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

/** Works a batch and settles each of its items; it never rejects. */
const settle = async <I, O>(
  batch: readonly Waiting<I, O>[],
  run: (items: I[]) => Promise<readonly O[]>,
): Promise<void> => {
  try {
    const results = await run(batch.map(({ item }) => item));
    if (results.length !== batch.length) throw new Error('a batch answered another number of results');
    batch.forEach(({ resolve }, index) => resolve(results[index] as O));
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
};

/** The longest that an item waits for others although a batch could begin: one batch that hangs must not hold up the next. */
const GATHER_MS = 5;

/**
 * A batcher that never waits for a batch to fill: an item alone is processed in the same turn of the event loop. Beside
 * batches that are under way another begins when half as many wait as are in all of them, or after 5 ms, so that batches
 * grow with the load; and what arrives while `maxConcurrent` are under way forms the next one, of `maxSize` at most.
 *
 * @param options.run answers one result an item, in the same order
 */
export const createBatcher = <I, O>(options: {
  readonly runtime: Pick<Runtime, 'soon' | 'after'>;
  readonly maxSize: number;
  readonly maxConcurrent: number;
  readonly run: (items: I[]) => Promise<readonly O[]>;
}): Batcher<I, O> => {
  const waiting: Waiting<I, O>[] = [];
  const idle: (() => void)[] = [];
  /** How many batches are under way, and how many items in all of them. */
  let batches = 0;
  let items = 0;
  let scheduled = false;
  /** Ends the wait for others. */
  let gathered: Cancel | undefined;

  const hasRoom = (): boolean => waiting.length > 0 && batches < options.maxConcurrent;
  const isWorthIt = (): boolean => waiting.length * 2 >= items;

  const work = async (batch: readonly Waiting<I, O>[]): Promise<void> => {
    await settle(batch, options.run);
    batches -= 1;
    items -= batch.length;
    next();
  };

  const begin = (): void => {
    gathered?.();
    gathered = undefined;
    const batch = waiting.splice(0, options.maxSize);
    batches += 1;
    items += batch.length;
    void work(batch);
  };

  const flush = (): void => {
    scheduled = false;
    while (hasRoom() && isWorthIt()) begin();
    if (hasRoom()) {
      gathered ??= options.runtime.after(GATHER_MS, () => {
        gathered = undefined;
        if (hasRoom()) begin();
      });
    }
  };

  const next = (): void => {
    if (waiting.length === 0 && batches === 0) for (const resolve of idle.splice(0)) resolve();
    if (scheduled || !hasRoom()) return;
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
