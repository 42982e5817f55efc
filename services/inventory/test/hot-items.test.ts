import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  createTestLogger,
  createTestRuntime,
  eventually,
  inTurn,
  startTestPostgres,
  times,
  type TestPostgres,
} from '@order-pipeline/testing';
import { createHotItems, startMerging } from '../src/hot-items.ts';
import {
  expectStockToAddUp,
  fresh,
  hold,
  linesOf,
  release,
  reserveAll,
  startHarness,
  type Harness,
} from './harness.ts';
import { openInstance } from './instances.ts';

const WAIT = { timeoutMs: 30_000 };

const demandOf = (orders: number, units = orders) => new Map([['item', { orders, units }]]);

test('an item is hot from so many orders a second on, with the units that they ask for', () => {
  const hot = createHotItems(10);
  expect(hot.look(demandOf(9))).toEqual([]);
  expect(hot.look(demandOf(10, 25))).toEqual([{ itemId: 'item', unitsPerS: 25 }]);
  expect(hot.items.has('item')).toBe(false);
  hot.note('item', true);
  expect(hot.items.has('item')).toBe(true);
});

test('an item that has too few units to be split is not hot', () => {
  const hot = createHotItems(10);
  hot.note('item', true);
  hot.note('item', false);
  expect(hot.items.size).toBe(0);
});

test('a hot item cools down when it is asked for less than half as often for a minute, and is kept split until then', () => {
  const hot = createHotItems(10);
  hot.note('item', true);
  for (const _ of times(59, (look) => look)) hot.look(demandOf(4));
  expect(hot.look(demandOf(5))).toEqual([{ itemId: 'item', unitsPerS: 5 }]);
  for (const _ of times(59, (look) => look)) hot.look(new Map());
  expect(hot.items.has('item')).toBe(true);
  hot.look(new Map());
  expect(hot.items.has('item')).toBe(false);
  expect(hot.look(demandOf(4))).toEqual([]);
});

test('of many hot items the hottest are split', () => {
  const demands = new Map(times(60, (index) => [`item-${index}`, { orders: index + 1, units: 1 }] as const));
  const items = createHotItems(1).look(demands);
  expect(items).toHaveLength(50);
  expect(items[0]?.itemId).toBe('item-59');
});

let postgres: TestPostgres;
let harness: Harness;

beforeAll(async () => {
  postgres = await startTestPostgres();
  harness = await startHarness(postgres, { environment: { HOT_ITEM_ORDERS_PER_S: '3' } });
});

afterEach(() => harness && expectStockToAddUp(harness));

afterAll(() =>
  inTurn(
    () => harness?.close(),
    () => postgres?.stop(),
  ),
);

const bucketsOf = async (itemId: string): Promise<number> => {
  const rows = await harness.database.$queryRaw<object[]>`
    SELECT FROM stock_buckets WHERE item_id = ${itemId}`;
  return rows.length;
};

/** So many orders of one unit at once. */
const ask = (itemId: string, orders: number) =>
  reserveAll(
    harness.inventory,
    times(orders, () => ({ orderId: fresh('order'), lines: linesOf({ [itemId]: 1 }) })),
  );

test('the stock of an item that many orders ask for is split, and that of others is not', async () => {
  const [item, seldom] = [
    await harness.newItem('hot', 1_000_000),
    await harness.newItem('seldom', 1_000_000),
  ];
  const reservation = await hold(harness.inventory, fresh('order'), { [seldom]: 1 });
  let asked = 0;
  // All of one call are counted in the same second, but the look may come between two of them.
  await eventually(async () => {
    asked += (await ask(item, 10)).length;
    expect(await bucketsOf(item)).toBe(16);
  }, WAIT);
  asked += (await ask(item, 10)).length;
  expect(await bucketsOf(seldom)).toBe(0);
  expect(await harness.stockOf(item)).toEqual({ available: 1_000_000 - asked, reserved: asked });
  await release(harness.inventory, [reservation]);
});

test('the instance that leads puts the stock together from whose buckets nobody takes any more', async () => {
  const [quiet, busy] = [await harness.newItem('quiet', 100), await harness.newItem('busy', 100)];
  const instance = openInstance(harness.databaseUrl);
  const { store } = instance;
  for (const itemId of [quiet, busy]) await store.splitItem({ itemId, unitsPerS: 1 });
  const looks: (() => void)[] = [];
  const runtime = createTestRuntime({
    after: (_ms, fn) => {
      looks.push(fn);
      return () => undefined;
    },
  });
  let leads = false;
  const merging = startMerging({ store, runtime, logger: createTestLogger().logger, leads: () => leads });
  const lookOnce = async (): Promise<void> => {
    const begun = looks.length;
    looks.at(-1)?.();
    await eventually(async () => expect(looks.length).toBeGreaterThan(begun), WAIT);
  };
  for (const _ of [1, 2, 3]) await lookOnce();
  expect(await bucketsOf(quiet)).toBeGreaterThan(0);
  leads = true;
  await lookOnce();
  await store.reserve([{ orderId: fresh('order'), lines: linesOf({ [busy]: 1 }) }], new Set([busy]));
  await lookOnce();
  expect(await bucketsOf(quiet)).toBe(0);
  expect(await bucketsOf(busy)).toBeGreaterThan(0);
  await merging.stop();
  await instance.close();
});
