import { expect, test } from '@jest/globals';
import { MAX_BATCH, type OrderStatus } from '@order-pipeline/contracts';
import { createManualTime, times } from '@order-pipeline/testing';
import { createWaiters, type Wait, type WaitEnd, type WaitersParts } from '../../src/waiting/waiters.ts';

const isDelivered = (status: OrderStatus): boolean => status === 'DELIVERED';
/** Lets everything that has been answered be taken in. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waiters in a time that is moved, over orders that are PENDING unless their status is set, or that are missing. */
const start = (parts: Partial<WaitersParts> = {}) => {
  const { runtime, advance, pending } = createManualTime();
  const statuses = new Map<string, OrderStatus>();
  const missing = new Set<string>();
  const looks: { at: number; orderIds: readonly string[] }[] = [];
  const waiters = createWaiters({
    runtime,
    findStatuses: async (orderIds) => {
      looks.push({ at: runtime.monotonic(), orderIds });
      return orderIds
        .filter((orderId) => !missing.has(orderId))
        .map((orderId) => ({ orderId, status: statuses.get(orderId) ?? 'PENDING' }));
    },
    ...parts,
  });
  const ends: [string, WaitEnd][] = [];
  const wait = (orderId: string, other: Partial<Wait> = {}): boolean => {
    const waiting = waiters.wait({
      orderId,
      isSettled: isDelivered,
      timeoutMs: 30_000,
      signal: undefined,
      ...other,
    });
    void waiting?.then((how) => ends.push([orderId, how]));
    return waiting !== undefined;
  };
  const pass = async (ms: number, stepMs = 50): Promise<void> => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      advance(stepMs);
      await settle();
    }
  };
  return { waiters, statuses, missing, looks, ends, wait, pass, pending };
};

test('a wait ends when its order is seen to be there, and others go on', async () => {
  const { statuses, ends, wait, pass, waiters } = start();
  wait('a');
  wait('a', { isSettled: () => false });
  wait('b');
  statuses.set('a', 'DELIVERED').set('b', 'PENDING');
  await pass(200);
  expect(ends).toEqual([['a', 'settled']]);
  expect(waiters.count()).toBe(2);
});

test('every wait ends when its order is seen to be missing, and those for others go on', async () => {
  const { missing, ends, wait, pass, waiters, pending } = start();
  wait('a');
  wait('a', { isSettled: () => false });
  wait('b');
  await pass(200);
  expect(ends).toEqual([]);
  missing.add('a');
  await pass(200);
  expect(ends).toEqual([
    ['a', 'missing'],
    ['a', 'missing'],
  ]);
  expect([waiters.count(), pending()]).toEqual([1, 2]);
});

test('an order is looked at soon, and then less and less often, however many wait for it', async () => {
  const { looks, wait, pass } = start();
  times(50, () => wait('a'));
  await pass(5_000);
  expect(looks.map(({ at }) => at)).toEqual([100, 300, 700, 1_500, 2_500, 3_500, 4_500]);
  expect(looks.every(({ orderIds }) => orderIds.length === 1)).toBe(true);
});

test('a wait ends when its time is over, and leaves nothing behind', async () => {
  const { ends, wait, pass, waiters, pending } = start();
  wait('a', { timeoutMs: 1_000 });
  await pass(950);
  expect(ends).toEqual([]);
  await pass(50);
  expect(ends).toEqual([['a', 'expired']]);
  await pass(1_000);
  expect([waiters.count(), pending()]).toEqual([0, 0]);
});

test('who leaves is forgotten at once, and nobody looks for them any more', async () => {
  const { ends, wait, pass, waiters, looks, pending } = start();
  const gone = new AbortController();
  wait('a', { signal: gone.signal });
  gone.abort();
  expect(waiters.count()).toBe(0);
  await pass(1_000);
  expect([ends, looks, pending()]).toEqual([[['a', 'gone']], [], 0]);
  wait('b', { signal: gone.signal });
  await settle();
  expect(ends.at(-1)).toEqual(['b', 'gone']);
  expect(waiters.count()).toBe(0);
});

test('beyond the limit nobody waits, until somebody has ended', async () => {
  const { wait, pass } = start({ maxWaiters: 2 });
  expect([wait('a', { timeoutMs: 100 }), wait('b'), wait('c')]).toEqual([true, true, false]);
  await pass(100);
  expect([wait('d'), wait('e')]).toEqual([true, false]);
});

test('a stop ends all, and nobody waits any more', async () => {
  const { ends, wait, waiters, pending } = start();
  wait('a');
  wait('b');
  waiters.stop();
  await settle();
  expect(ends).toEqual([
    ['a', 'stopped'],
    ['b', 'stopped'],
  ]);
  expect([wait('c'), waiters.count(), pending()]).toEqual([false, 0, 0]);
});

test('of many orders each is looked at in its turn, so many at once, and not more often than the rest allows', async () => {
  const { looks, wait, pass } = start();
  const ids = times(4 * MAX_BATCH, (index) => `order-${index}`);
  for (const id of ids) wait(id);
  await pass(4_000);
  expect(Math.max(...looks.map(({ orderIds }) => orderIds.length))).toBe(MAX_BATCH);
  const [first] = looks;
  const counts = new Map(ids.map((id) => [id, 0]));
  for (const id of looks.flatMap(({ orderIds }) => orderIds)) counts.set(id, (counts.get(id) ?? 0) + 1);
  expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(4);
  const looked = looks.reduce((sum, { orderIds }) => sum + orderIds.length, 0);
  // 5,000 a second.
  expect(looked).toBeLessThanOrEqual((4_000 - (first?.at ?? 0)) * 5 + MAX_BATCH);
});

test('while the statuses are unavailable they wait on, and ask seldom', async () => {
  let down = true;
  const asked: number[] = [];
  const { ends, wait, pass } = start({
    findStatuses: async () => {
      asked.push(1);
      if (down) throw new Error('down');
      return [{ orderId: 'a', status: 'DELIVERED' }];
    },
  });
  wait('a');
  await pass(5_000);
  expect(ends).toEqual([]);
  expect(asked.length).toBeLessThanOrEqual(5);
  down = false;
  await pass(1_100);
  expect(ends).toEqual([['a', 'settled']]);
});

test('who comes while a look is under way is looked at by the next one', async () => {
  let answer: ((found: readonly { orderId: string; status: OrderStatus }[]) => void) | undefined;
  const asked: (readonly string[])[] = [];
  const { ends, wait, pass } = start({
    findStatuses: (orderIds) => {
      asked.push(orderIds);
      return new Promise((resolve) => (answer = resolve));
    },
  });
  wait('a');
  await pass(100);
  wait('b');
  await pass(1_000);
  expect(asked).toEqual([['a']]);
  answer?.([{ orderId: 'a', status: 'DELIVERED' }]);
  await settle();
  expect(ends).toEqual([['a', 'settled']]);
  await pass(100);
  expect(asked.at(-1)).toEqual(['b']);
});
