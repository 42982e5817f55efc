import { expect, test } from '@jest/globals';
import { createTurns } from '../src/index.ts';
import { createManualTime } from '@order-pipeline/testing';

const settle = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Work that ends when the test ends it, and a count of what has begun. */
const createWork = () => {
  const ends: (() => void)[] = [];
  const work = () => new Promise<void>((resolve) => void ends.push(resolve));
  return { work, begun: () => ends.length, end: (index: number) => ends[index]?.() };
};

test('only so many work at once, and the others follow in the order in which they came', async () => {
  const { runtime } = createManualTime();
  const turns = createTurns(runtime, { most: 2, waitMs: 1_000 });
  const { work, begun, end } = createWork();
  const order: number[] = [];
  const all = [0, 1, 2, 3].map((index) =>
    turns.run(async () => {
      order.push(index);
      await work();
    }),
  );
  await settle();
  expect(begun()).toBe(2);
  end(1);
  await settle();
  expect(order).toEqual([0, 1, 2]);
  end(0);
  await settle();
  end(2);
  end(3);
  await Promise.all(all);
  expect(order).toEqual([0, 1, 2, 3]);
});

test('one that waits too long is refused with UNAVAILABLE, and its work is never begun', async () => {
  const { runtime, advance, pending } = createManualTime();
  const turns = createTurns(runtime, { most: 1, waitMs: 1_000 });
  const { work, begun, end } = createWork();
  const first = turns.run(work);
  const second = turns.run(work);
  const refused = expect(second).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await settle();
  advance(1_000);
  await refused;
  end(0);
  await first;
  await settle();
  expect(begun()).toBe(1);
  expect(pending()).toBe(0);
  // And its place is free for the next.
  const third = turns.run(work);
  await settle();
  expect(begun()).toBe(2);
  end(1);
  await third;
});

test('work that fails gives its place to the next', async () => {
  const { runtime } = createManualTime();
  const turns = createTurns(runtime, { most: 1, waitMs: 1_000 });
  const failing = turns.run(() => Promise.reject(new Error('it failed')));
  const next = turns.run(async () => 'done');
  await expect(failing).rejects.toThrow('it failed');
  expect(await next).toBe('done');
});

test('one that nobody waits for leaves at once, and its work is never begun', async () => {
  const { runtime, pending } = createManualTime();
  const turns = createTurns(runtime, { most: 1, waitMs: 1_000 });
  const { work, begun, end } = createWork();
  const first = turns.run(work);
  const going = new AbortController();
  const second = turns.run(work, going.signal);
  const refused = expect(second).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await settle();
  going.abort();
  await refused;
  await expect(turns.run(work, going.signal)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  end(0);
  await first;
  await settle();
  expect(begun()).toBe(1);
  expect(pending()).toBe(0);
});
