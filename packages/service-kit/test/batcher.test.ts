import { expect, test } from '@jest/globals';
import { createManualTime, eventually } from '@order-pipeline/testing';
import { createBatcher, createRuntime, type Runtime } from '../src/index.ts';

const runtime = createRuntime();

/** A batcher whose batches end when the test ends them. */
const createHeldBatcher = (
  options: { maxSize: number; maxConcurrent: number },
  held: Pick<Runtime, 'soon' | 'after'> = runtime,
) => {
  const batches: { items: number[]; end: (error?: Error) => void }[] = [];
  const batcher = createBatcher<number, string>({
    runtime: held,
    ...options,
    run: (items) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => `done ${item}`)));
        batches.push({ items, end });
      }),
  });
  return { batcher, batches };
};

test('what arrives together is processed in one batch, and each item gets its own result', async () => {
  const { batcher, batches } = createHeldBatcher({ maxSize: 10, maxConcurrent: 1 });
  const results = Promise.all([1, 2, 3].map((item) => batcher.submit(item)));
  await eventually(() => expect(batches.map(({ items }) => items)).toEqual([[1, 2, 3]]));
  batches[0]?.end();
  expect(await results).toEqual(['done 1', 'done 2', 'done 3']);
});

test('an item alone does not wait for others', async () => {
  const batcher = createBatcher({
    runtime,
    maxSize: 10,
    maxConcurrent: 1,
    run: async (items: number[]) => items,
  });
  const start = performance.now();
  for (let item = 0; item < 20; item += 1) expect(await batcher.submit(item)).toBe(item);
  expect((performance.now() - start) / 20).toBeLessThan(10);
});

test('what arrives while as many batches as may be are under way forms the next one', async () => {
  const { batcher, batches } = createHeldBatcher({ maxSize: 2, maxConcurrent: 2 });
  const results = [1, 2, 3, 4, 5, 6, 7].map((item) => batcher.submit(item));
  await eventually(() =>
    expect(batches.map(({ items }) => items)).toEqual([
      [1, 2],
      [3, 4],
    ]),
  );
  batches[1]?.end();
  await eventually(() =>
    expect(batches.map(({ items }) => items)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
  );
  batches[0]?.end();
  await eventually(() => expect(batches.at(-1)?.items).toEqual([7]));
  for (const { end } of batches) end();
  expect(await Promise.all(results)).toHaveLength(7);
});

test('beside batches another begins when half as many wait as are in all of them', async () => {
  const { batcher, batches } = createHeldBatcher(
    { maxSize: 10, maxConcurrent: 3 },
    { ...createManualTime().runtime, soon: runtime.soon },
  );
  const submit = (count: number) => Array.from({ length: count }, () => batcher.submit(0));
  const sizes = () => batches.map(({ items }) => items.length);
  const results = submit(4);
  await eventually(() => expect(sizes()).toEqual([4]));
  results.push(...submit(1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(sizes()).toEqual([4]);
  results.push(...submit(1));
  await eventually(() => expect(sizes()).toEqual([4, 2]));
  results.push(...submit(2));
  await new Promise((resolve) => setImmediate(resolve));
  expect(sizes()).toEqual([4, 2]);
  results.push(...submit(1));
  await eventually(() => expect(sizes()).toEqual([4, 2, 3]));
  for (const { end } of batches) end();
  expect(await Promise.all(results)).toHaveLength(9);
});

test('an item waits for others no longer than 5 ms, though the batch under way never ends', async () => {
  const time = createManualTime();
  const { batcher, batches } = createHeldBatcher(
    { maxSize: 10, maxConcurrent: 2 },
    { ...time.runtime, soon: runtime.soon },
  );
  for (let item = 0; item < 4; item += 1) void batcher.submit(item);
  await eventually(() => expect(batches).toHaveLength(1));
  const result = batcher.submit(4);
  await eventually(() => expect(time.pending()).toBe(1));
  time.advance(4);
  expect(batches).toHaveLength(1);
  time.advance(1);
  expect(batches).toHaveLength(2);
  batches[1]?.end();
  expect(await result).toBe('done 4');
});

test('the error of a batch reaches each of its items, and the next batch works', async () => {
  const { batcher, batches } = createHeldBatcher({ maxSize: 2, maxConcurrent: 1 });
  const results = Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
  await eventually(() => expect(batches).toHaveLength(1));
  batches[0]?.end(new Error('no'));
  await eventually(() => expect(batches).toHaveLength(2));
  batches[1]?.end();
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});

test('a batch that throws at once, or answers another number of results, rejects its items', async () => {
  const run = (items: number[]): Promise<number[]> => {
    if (items[0] === 1) throw new Error('at once');
    return Promise.resolve([]);
  };
  const batcher = createBatcher({ runtime, maxSize: 1, maxConcurrent: 1, run });
  await expect(batcher.submit(1)).rejects.toThrow('at once');
  await expect(batcher.submit(2)).rejects.toThrow('another number of results');
});

test('draining waits for everything that was submitted', async () => {
  const { batcher, batches } = createHeldBatcher({ maxSize: 1, maxConcurrent: 1 });
  const results = Promise.all([batcher.submit(1), batcher.submit(2)]);
  let drained = false;
  const drain = batcher.drain().then(() => (drained = true));
  await eventually(() => expect(batches).toHaveLength(1));
  batches[0]?.end();
  await eventually(() => expect(batches).toHaveLength(2));
  expect(drained).toBe(false);
  batches[1]?.end();
  await drain;
  expect(await results).toEqual(['done 1', 'done 2']);
  await batcher.drain();
});
