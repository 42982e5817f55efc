import { afterEach, expect, test } from '@jest/globals';
import { inventoryApi, type ReservationRef } from '@order-pipeline/contracts';
import { times } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp, fresh, linesOf, lockRow, useHarness } from './harness.ts';
import { openInstance, persist, type Instance } from './instances.ts';

const openOn = () => openInstance(harness.databaseUrl);

const postgres = useTestPostgres();
const harness = useHarness(postgres);
const one = useFixture(openOn, (instance) => instance.close());
const other = useFixture(openOn, (instance) => instance.close());

afterEach(() => expectStockToAddUp(harness));

const hot = (...itemIds: string[]): ReadonlySet<string> => new Set(itemIds);

/** An item that is split into as many buckets as its units allow: with 170 and more into 16 of a seventeenth each. */
const newSplitItem = async (name: string, units: number): Promise<string> => {
  const itemId = await harness.newItem(name, units);
  expect(await one.store.splitItem({ itemId, unitsPerS: 1 })).toMatchObject({ isNew: true });
  return itemId;
};

const bucketsOf = (itemId: string) => harness.database.$queryRaw<{ no: number; available: number }[]>`
  SELECT no, available_qty::float8 AS available FROM stock_buckets WHERE item_id = ${itemId} ORDER BY no`;

const rowOf = async (itemId: string): Promise<Record<string, number> | undefined> =>
  (
    await harness.database.$queryRaw<Record<string, number>[]>`
      SELECT available_qty::float8 AS available, reserved_qty::float8 AS reserved, buckets::float8 AS buckets
      FROM items WHERE id = ${itemId}`
  )[0];

const hold = async (
  { store }: Instance,
  quantities: Readonly<Record<string, number>>,
  hotItems: ReadonlySet<string> = hot(...Object.keys(quantities)),
): Promise<ReservationRef> => {
  const orderId = fresh('order');
  const [result] = await store.reserve([{ orderId, lines: linesOf(quantities) }], hotItems);
  if (result?.outcome !== 'RESERVED') throw new Error(`not reserved: ${JSON.stringify(result)}`);
  return { orderId, reservationId: result.reservationId };
};

const outcomesOf = async (
  { store }: Instance,
  orders: readonly Readonly<Record<string, number>>[],
  hotItems: ReadonlySet<string>,
  isDone: (outcomes: readonly string[]) => boolean = () => true,
): Promise<string[]> => {
  const requests = orders.map((quantities) => ({ orderId: fresh('order'), lines: linesOf(quantities) }));
  const reserve = async () => (await store.reserve(requests, hotItems)).map(({ outcome }): string => outcome);
  return persist(reserve, isDone);
};

/** Whether each was decided: on a busy machine other batches may keep an item locked for longer than one waits for it. */
const noneLocked = (outcomes: readonly string[]): boolean => !outcomes.includes('LOCKED');

/** Locks the buckets of an item up to a number until they are unlocked. */
const lockBuckets = (itemId: string, upTo: number) => lockRow(harness.database, 'buckets', itemId, upTo);

test('the stock of an item is split in equal parts, of which its own row keeps one', async () => {
  const item = await newSplitItem('even', 172);
  expect(await bucketsOf(item)).toEqual(times(16, (index) => ({ no: index + 1, available: 10 })));
  expect(await rowOf(item)).toEqual({ available: 12, reserved: 0, buckets: 16 });
  expect(await harness.stockOf(item)).toEqual({ available: 172, reserved: 0 });
  expect(await other.store.splitItem({ itemId: item, unitsPerS: 1 })).toEqual({ buckets: 16, isNew: false });
});

test('each bucket has what is asked for in a second, and an item with too few units is not split', async () => {
  const item = await harness.newItem('few', 30);
  expect(await one.store.splitItem({ itemId: item, unitsPerS: 11 })).toEqual({ buckets: 0, isNew: false });
  expect(await one.store.splitItem({ itemId: item, unitsPerS: 10 })).toEqual({ buckets: 2, isNew: true });
  expect(await bucketsOf(item)).toEqual([
    { no: 1, available: 10 },
    { no: 2, available: 10 },
  ]);
  expect(await one.store.splitItem({ itemId: fresh('nothing'), unitsPerS: 1 })).toEqual({
    buckets: 0,
    isNew: false,
  });
});

test('a reservation takes from one bucket and leaves the row of the item alone, also while somebody locks it', async () => {
  const item = await newSplitItem('row', 170);
  const unlock = await lockRow(harness.database, 'items', item);
  try {
    await hold(one, { [item]: 3 });
    await hold(other, { [item]: 2 });
  } finally {
    await unlock();
  }
  expect(await rowOf(item)).toEqual({ available: 10, reserved: 0, buckets: 16 });
  expect(await harness.stockOf(item)).toEqual({ available: 165, reserved: 5 });
});

test('a bucket that somebody locks is passed over', async () => {
  const item = await newSplitItem('passed', 170);
  const unlock = await lockBuckets(item, 15);
  try {
    await hold(one, { [item]: 7 });
  } finally {
    await unlock();
  }
  expect(await bucketsOf(item)).toContainEqual({ no: 16, available: 3 });
});

test('while all its buckets are locked an item is answered as locked, and holds up no other', async () => {
  const item = await newSplitItem('all-locked', 170);
  const free = await harness.newItem('free', 10);
  const unlock = await lockBuckets(item, 16);
  const orders = [{ [item]: 1 }, { [free]: 1 }, { [item]: 1, [free]: 1 }];
  try {
    for (const _ of [1, 2])
      expect(await outcomesOf(one, orders, hot(item))).toEqual(['LOCKED', 'RESERVED', 'LOCKED']);
  } finally {
    await unlock();
  }
  expect(await outcomesOf(one, orders, hot(item))).toEqual(['RESERVED', 'RESERVED', 'RESERVED']);
});

test('while one bucket is locked, an order that needs all of them is locked, and others take from the others', async () => {
  const item = await newSplitItem('one-locked', 170);
  const unlock = await lockBuckets(item, 1);
  try {
    for (const _ of [1, 2]) {
      expect(await outcomesOf(one, [{ [item]: 100 }], hot(item))).toEqual(['LOCKED']);
      expect(await outcomesOf(one, [{ [item]: 1 }], hot(item))).toEqual(['RESERVED']);
    }
  } finally {
    await unlock();
  }
  await hold(one, { [item]: 100 });
  expect(await harness.stockOf(item)).toEqual({ available: 68, reserved: 102 });
});

test('an order for more than any bucket has is reserved of all together', async () => {
  const item = await newSplitItem('large', 170);
  await hold(one, { [item]: 170 });
  expect(await harness.stockOf(item)).toEqual({ available: 0, reserved: 170 });
  expect(await outcomesOf(other, [{ [item]: 1 }], hot(item))).toEqual(['NOT_ENOUGH_STOCK']);
});

test.each([1, 3, 7])('all units of an item are sold, and no more, in orders of %d', async (quantity) => {
  const item = await newSplitItem('last', 100);
  const orders = times(120, () => ({ [item]: quantity }));
  const parts = times(8, (index) => orders.slice(index * 15, index * 15 + 15));
  const outcomes = await Promise.all(
    parts.map((part, index) => outcomesOf(index % 2 === 0 ? one : other, part, hot(item), noneLocked)),
  );
  const reserved = outcomes.flat().filter((outcome) => outcome === 'RESERVED').length;
  expect(reserved).toBe(Math.floor(100 / quantity));
  expect(await harness.stockOf(item)).toEqual({
    available: 100 - reserved * quantity,
    reserved: reserved * quantity,
  });
});

test('what buckets lack is in the row of the item, and the other way round', async () => {
  const item = await newSplitItem('beside', 34);
  const restocked = await harness.inventory.call(inventoryApi.restockItem, {
    params: { itemId: item },
    body: { quantity: 100 },
  });
  expect(restocked.body).toMatchObject({ availableQty: 134, reservedQty: 0 });
  await hold(one, { [item]: 120 });
  expect(await harness.stockOf(item)).toEqual({ available: 14, reserved: 120 });
  const unknowing = await newSplitItem('unknowing', 34);
  await hold(one, { [unknowing]: 30 }, hot());
  expect(await harness.stockOf(unknowing)).toEqual({ available: 4, reserved: 30 });
});

test('an order for hot items and others is reserved whole or not at all', async () => {
  const [a, b] = [await newSplitItem('a', 170), await newSplitItem('b', 170)];
  const scarce = await harness.newItem('scarce', 2);
  const orders = times(3, () => ({ [a]: 1, [scarce]: 1, [b]: 2 }));
  const outcomes = [];
  for (const order of orders) outcomes.push(...(await outcomesOf(one, [order], hot(a, b))));
  expect(outcomes).toEqual(['RESERVED', 'RESERVED', 'NOT_ENOUGH_STOCK']);
  expect(await harness.stockOf(a)).toEqual({ available: 168, reserved: 2 });
  expect(await harness.stockOf(b)).toEqual({ available: 166, reserved: 4 });
  expect(await harness.stockOf(scarce)).toEqual({ available: 0, reserved: 2 });
});

test('stock comes back and leaves whatever bucket it was reserved of, merged or not', async () => {
  const item = await newSplitItem('back', 170);
  const [back, gone, late] = [
    await hold(one, { [item]: 4 }),
    await hold(one, { [item]: 5 }),
    await hold(other, { [item]: 6 }),
  ] as const;
  expect((await other.store.release([back])).ended).toEqual([back.orderId]);
  expect((await other.store.consume([gone])).ended).toEqual([gone.orderId]);
  expect(await harness.stockOf(item)).toEqual({ available: 159, reserved: 6 });
  expect(await one.store.inspectItem(item)).toMatchObject({ stockedQty: 170, consumedQty: 5 });
  expect(await one.store.mergeItems([item])).toBe(1);
  expect(await rowOf(item)).toEqual({ available: 159, reserved: 6, buckets: 0 });
  expect(await bucketsOf(item)).toEqual([]);
  expect((await one.store.release([late])).ended).toEqual([late.orderId]);
  expect(await harness.stockOf(item)).toEqual({ available: 165, reserved: 0 });
});

test('the same order again finds its reservation and leaves the buckets as they are', async () => {
  const item = await newSplitItem('again', 170);
  const request = { orderId: fresh('order'), lines: linesOf({ [item]: 1 }) };
  const first = await one.store.reserve([request, request], hot(item));
  expect(await other.store.reserve([request], hot(item))).toEqual([first[0]]);
  expect(first[1]).toEqual(first[0]);
  expect(await bucketsOf(item)).toHaveLength(16);
  expect(await harness.stockOf(item)).toEqual({ available: 169, reserved: 1 });
});

test('a restock under a key is answered with all units, and again the same', async () => {
  const item = await newSplitItem('keyed', 170);
  await hold(one, { [item]: 10 });
  const restock = { itemId: item, quantity: 5, key: 'delivery', records: [] };
  const first = await one.store.restockUnderKey(restock);
  expect(first).toMatchObject({ item: { availableQty: 165, reservedQty: 10 }, isNew: true });
  await hold(one, { [item]: 1 });
  expect(await other.store.restockUnderKey(restock)).toMatchObject({ item: first?.item, isNew: false });
});

test('a list has all units of items that are split', async () => {
  const item = await newSplitItem('listed', 170);
  const rows = await one.store.listItems({ limit: 1 });
  expect(rows[0]).toMatchObject({ itemId: item, availableQty: 170, reservedQty: 0 });
});
