import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { reservationsApi } from '@order-pipeline/contracts';
import { eventually, startTestPostgres, type TestPostgres, type TestService } from '@order-pipeline/testing';
import {
  expectBooksToBalance,
  fresh,
  hold,
  linesOf,
  lockRow,
  meetAtLock,
  release,
  reserve,
  reserveAll,
  startWarehouse,
  untilWaiting,
  type Warehouse,
} from './warehouse.ts';

let postgres: TestPostgres;
let warehouse: Warehouse;
let one: TestService;
let other: TestService;

beforeAll(async () => {
  postgres = await startTestPostgres();
  warehouse = await startWarehouse(postgres);
  one = warehouse.inventory;
  other = await warehouse.another();
});

afterEach(() => expectBooksToBalance(warehouse));

afterAll(async () => {
  await warehouse?.close();
  await postgres?.stop();
});

/** A new item with so many units. */
const stockOf = async (name: string, units: number): Promise<string> => {
  const itemId = fresh(name);
  await warehouse.addItem(itemId, units);
  return itemId;
};

const countOf = (results: readonly { readonly outcome: string }[], outcome: string): number =>
  results.filter((result) => result.outcome === outcome).length;

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

test('of 160 reservations of one unit at once, a stock of 100 serves exactly 100', async () => {
  const item = await stockOf('popular', 100);
  const results = await Promise.all(
    times(160, (index) => reserve(index % 2 === 0 ? one : other, fresh('order'), { [item]: 1 })),
  );
  expect(countOf(results, 'RESERVED')).toBe(100);
  expect(countOf(results, 'NOT_ENOUGH_STOCK')).toBe(60);
  expect(await warehouse.stockOf(item)).toEqual({ available: 0, reserved: 100 });
});

test('two instances that take the last unit at the same moment sell it once', async () => {
  const item = await stockOf('last', 1);
  const results = await meetAtLock(warehouse.database, { table: 'items', id: item, waiting: 2 }, () =>
    Promise.all([one, other].map((service) => reserve(service, fresh('order'), { [item]: 1 }))),
  );
  expect(results.map(({ outcome }) => outcome).toSorted()).toEqual(['NOT_ENOUGH_STOCK', 'RESERVED']);
});

test('orders of the same two items in opposite order under load never fail', async () => {
  const items = [await stockOf('a', 1_000), await stockOf('b', 1_000)];
  const opposite = items.toReversed();
  const batches = times(24, (index) => {
    const requests = times(10, (line) => ({
      orderId: fresh('order'),
      lines: ((index + line) % 2 === 0 ? items : opposite).map((itemId) => ({ itemId, quantity: 1 })),
    }));
    return reserveAll(index % 3 === 0 ? other : one, requests);
  });
  const results = (await Promise.all(batches)).flat();
  expect(countOf(results, 'RESERVED')).toBe(240);
  for (const item of items) expect(await warehouse.stockOf(item)).toEqual({ available: 760, reserved: 240 });
});

test('orders of the same two items in opposite order that meet in the middle wait for one another', async () => {
  const items = [await stockOf('a', 10), await stockOf('b', 10)] as const;
  for (const contended of items) {
    const results = await meetAtLock(warehouse.database, { table: 'items', id: contended, waiting: 2 }, () =>
      Promise.all([
        hold(one, fresh('order'), { [items[0]]: 1, [items[1]]: 1 }),
        hold(other, fresh('order'), { [items[1]]: 1, [items[0]]: 1 }),
      ]),
    );
    expect(results).toHaveLength(2);
  }
});

test('stock that is given back while the same two items are being reserved is waited for, and waits', async () => {
  const [a, b] = [await stockOf('a', 10), await stockOf('b', 10)];
  const reservation = await hold(one, fresh('order'), { [b]: 1, [a]: 1 });
  const unlock = await lockRow(warehouse.database, 'items', a);
  try {
    const reserving = hold(one, fresh('order'), { [a]: 1, [b]: 1 });
    await untilWaiting(warehouse.database, 1);
    const releasing = release(other, [reservation]);
    await untilWaiting(warehouse.database, 2);
    await unlock();
    expect(await releasing).toEqual([reservation.orderId]);
    await reserving;
  } finally {
    await unlock();
  }
});

test('an order that is reserved and given back while another reservation of it waits holds up neither', async () => {
  const [a, b, c] = [await stockOf('a', 10), await stockOf('b', 10), await stockOf('c', 10)];
  const { database } = warehouse;
  const unlockA = await lockRow(database, 'items', a);
  const unlockC = await lockRow(database, 'items', c);
  try {
    const orderId = fresh('order');
    const waiting = hold(other, orderId, { [a]: 1, [b]: 1, [c]: 1 });
    await untilWaiting(database, 1);
    const reservation = await hold(one, orderId, { [b]: 2 });
    await unlockA();
    // It goes on to `c`, and holds `b`, which the return of the stock waits for.
    await eventually(async () => {
      expect(await database.$queryRaw`SELECT id FROM items WHERE id = ${b} FOR UPDATE SKIP LOCKED`).toEqual(
        [],
      );
    });
    const released = release(one, [reservation]);
    await untilWaiting(database, 2);
    await unlockC();
    expect(await released).toEqual([orderId]);
    await expect(waiting).resolves.toMatchObject({ orderId });
  } finally {
    await Promise.all([unlockA(), unlockC()]);
  }
  expect(await warehouse.stockOf(b)).toEqual({ available: 9, reserved: 1 });
});

test('reservations that are made, given back and made again at once never fail and lose nothing', async () => {
  const items = [await stockOf('a', 1_000), await stockOf('b', 1_000)];
  const orderIds = times(12, () => fresh('order'));
  const again = async (service: TestService, ids: readonly string[], round: number): Promise<void> => {
    const lines = (round % 2 === 0 ? items : items.toReversed()).map((itemId) => ({ itemId, quantity: 1 }));
    const results = await reserveAll(
      service,
      ids.map((orderId) => ({ orderId, lines })),
    );
    const held = results.flatMap((result) => (result.outcome === 'RESERVED' ? [result] : []));
    expect(held).toHaveLength(ids.length);
    await release(service, held);
  };
  const rounds = async (service: TestService, ids: readonly string[]): Promise<void> => {
    for (let round = 0; round < 10; round += 1) await again(service, ids, round);
  };
  await Promise.all([
    rounds(one, orderIds),
    rounds(other, orderIds.toReversed()),
    rounds(one, orderIds.toReversed()),
  ]);
  for (const item of items) expect(await warehouse.stockOf(item)).toEqual({ available: 1_000, reserved: 0 });
});

test('one order id from 16 callers at once is one reservation', async () => {
  const item = await stockOf('wanted', 100);
  const orderId = fresh('order');
  const results = await Promise.all(
    times(16, (index) => reserve(index % 2 === 0 ? one : other, orderId, { [item]: 3 })),
  );
  expect(countOf(results, 'RESERVED')).toBe(16);
  expect(new Set(results.map((result) => 'reservationId' in result && result.reservationId)).size).toBe(1);
  expect(await warehouse.stockOf(item)).toEqual({ available: 97, reserved: 3 });
});

test('two instances that reserve for one order at the same moment make one reservation', async () => {
  const item = await stockOf('wanted', 100);
  const orderId = fresh('order');
  const results = await meetAtLock(warehouse.database, { table: 'items', id: item, waiting: 2 }, () =>
    Promise.all([hold(one, orderId, { [item]: 3 }), hold(other, orderId, { [item]: 3 })]),
  );
  expect(results[0]).toEqual(results[1]);
  expect(await warehouse.stockOf(item)).toEqual({ available: 97, reserved: 3 });
});

test('one order id with other items at the same moment is held for one of the two', async () => {
  const [a, b] = [await stockOf('a', 5), await stockOf('b', 5)];
  const shared = await stockOf('shared', 5);
  const orderId = fresh('order');
  const results = await meetAtLock(warehouse.database, { table: 'items', id: shared, waiting: 2 }, () =>
    Promise.all([
      reserve(one, orderId, { [a]: 1, [shared]: 1 }),
      reserve(other, orderId, { [b]: 1, [shared]: 1 }),
    ]),
  );
  expect(results.map(({ outcome }) => outcome).toSorted()).toEqual(['HELD_OTHERWISE', 'RESERVED']);
});

test('every order of a batch gets its own result, in its order', async () => {
  const item = await stockOf('batched', 4);
  const [first, second] = [fresh('order'), fresh('order')];
  const results = await reserveAll(one, [
    { orderId: first, lines: linesOf({ [item]: 3 }) },
    { orderId: fresh('order'), lines: linesOf({ [item]: 2 }) },
    { orderId: fresh('order'), lines: linesOf({ nowhere: 1 }) },
    { orderId: second, lines: [...linesOf({ [item]: 1 })] },
    { orderId: first, lines: linesOf({ [item]: 1 }) },
  ]);
  expect(results.map(({ outcome }) => outcome)).toEqual([
    'RESERVED',
    'NOT_ENOUGH_STOCK',
    'UNKNOWN_ITEM',
    'RESERVED',
    'HELD_OTHERWISE',
  ]);
  expect(results[3]).toMatchObject({ orderId: second });
  expect(await warehouse.stockOf(item)).toEqual({ available: 0, reserved: 4 });
});

test('lines of one item in one order are one take of their sum', async () => {
  const item = await stockOf('doubled', 5);
  const lines = [...linesOf({ [item]: 2 }), ...linesOf({ [item]: 2 })];
  await reserveAll(one, [{ orderId: fresh('order'), lines }]);
  expect(await warehouse.stockOf(item)).toEqual({ available: 1, reserved: 4 });
  const [result] = await reserveAll(one, [{ orderId: fresh('order'), lines }]);
  expect(result).toMatchObject({
    outcome: 'NOT_ENOUGH_STOCK',
    short: [{ requestedQty: 4, availableQty: 1 }],
  });
});

test('stock is given back once, however often it is asked', async () => {
  const item = await stockOf('returned', 10);
  await hold(one, fresh('somebody else'), { [item]: 4 });
  const reservation = await hold(one, fresh('order'), { [item]: 3 });
  expect(await release(one, [reservation, reservation])).toEqual([reservation.orderId]);
  expect(await release(other, [reservation])).toEqual([]);
  expect(await warehouse.stockOf(item)).toEqual({ available: 6, reserved: 4 });
});

test('two instances that give a reservation back at the same moment give it back once', async () => {
  const item = await stockOf('returned', 10);
  await hold(one, fresh('somebody else'), { [item]: 4 });
  const reservation = await hold(one, fresh('order'), { [item]: 3 });
  const at = { table: 'reservations', id: reservation.orderId, waiting: 2 } as const;
  const released = await meetAtLock(warehouse.database, at, () =>
    Promise.all([one, other].map((service) => release(service, [reservation]))),
  );
  expect(released.flat()).toEqual([reservation.orderId]);
  expect(await warehouse.stockOf(item)).toEqual({ available: 6, reserved: 4 });
});

test('who names a reservation of before does not give back the one that was made since', async () => {
  const item = await stockOf('renewed', 10);
  const orderId = fresh('order');
  const before = await hold(one, orderId, { [item]: 3 });
  await release(one, [before]);
  const since = await hold(one, orderId, { [item]: 2 });
  expect(since.reservationId).not.toBe(before.reservationId);
  expect(await release(one, [before])).toEqual([]);
  expect(await warehouse.stockOf(item)).toEqual({ available: 8, reserved: 2 });
  expect(await release(one, [since])).toEqual([orderId]);
});

test('batches that give the same reservations back in opposite order do not block one another', async () => {
  const items = [await stockOf('a', 200), await stockOf('b', 200)];
  const reservations = await Promise.all(
    times(40, (index) =>
      hold(
        one,
        fresh('order'),
        Object.fromEntries((index % 2 === 0 ? items : items.toReversed()).map((id) => [id, 1])),
      ),
    ),
  );
  const released = await Promise.all([
    release(one, reservations),
    release(other, reservations.toReversed()),
    release(one, reservations.toReversed()),
  ]);
  expect(released.flat().toSorted()).toEqual(reservations.map(({ orderId }) => orderId).toSorted());
});

test('the reservations of orders are found as they stand, and orders without one are left out', async () => {
  const item = await stockOf('found', 10);
  const [held, released, none] = [fresh('order'), fresh('order'), fresh('order')];
  const kept = await hold(one, held, { [item]: 1 });
  const gone = await hold(one, released, { [item]: 1 });
  await release(one, [gone]);
  const body = { orderIds: [held, released, none] };
  const reply = await one.ask(reservationsApi.findReservations, { body });
  const found = 'reservations' in reply.body ? reply.body.reservations : [];
  expect(found.toSorted((a, b) => (a.state < b.state ? -1 : 1))).toEqual([
    { ...kept, state: 'HELD' },
    { ...gone, state: 'RELEASED' },
  ]);
});
