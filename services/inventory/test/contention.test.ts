import { expect, test } from '@jest/globals';
import { eventually, times, type TestService } from '@order-pipeline/testing';
import {
  countOf,
  fresh,
  hold,
  lockRow,
  meetAtLock,
  release,
  reserve,
  reserveAll,
  untilWaiting,
  useTwoInstances,
} from './harness.ts';

// As somebody's databases may be; it must not count.
const { harness, one, other } = useTwoInstances({ isolation: 'serializable' });

test('of 160 reservations of one unit at once, a stock of 100 serves exactly 100', async () => {
  const item = await harness.newItem('popular', 100);
  const results = await Promise.all(
    times(160, (index) => reserve(index % 2 === 0 ? one : other, fresh('order'), { [item]: 1 })),
  );
  expect(countOf(results, 'RESERVED')).toBe(100);
  expect(countOf(results, 'NOT_ENOUGH_STOCK')).toBe(60);
  expect(await harness.stockOf(item)).toEqual({ available: 0, reserved: 100 });
});

test('two instances that take the last unit at the same moment sell it once', async () => {
  const item = await harness.newItem('last', 1);
  const results = await meetAtLock(harness.database, { table: 'items', id: item, waiting: 2 }, () =>
    Promise.all([one, other].map((service) => reserve(service, fresh('order'), { [item]: 1 }))),
  );
  expect(results.map(({ outcome }) => outcome).toSorted()).toEqual(['NOT_ENOUGH_STOCK', 'RESERVED']);
});

test('orders of the same two items in opposite order under load never fail', async () => {
  const items = [await harness.newItem('a', 1_000), await harness.newItem('b', 1_000)];
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
  for (const item of items) expect(await harness.stockOf(item)).toEqual({ available: 760, reserved: 240 });
});

test('orders of the same two items in opposite order that meet in the middle wait for one another', async () => {
  const items = [await harness.newItem('a', 10), await harness.newItem('b', 10)] as const;
  for (const contended of items) {
    const results = await meetAtLock(harness.database, { table: 'items', id: contended, waiting: 2 }, () =>
      Promise.all([
        hold(one, fresh('order'), { [items[0]]: 1, [items[1]]: 1 }),
        hold(other, fresh('order'), { [items[1]]: 1, [items[0]]: 1 }),
      ]),
    );
    expect(results).toHaveLength(2);
  }
});

test('stock that is given back while the same two items are being reserved is waited for, and waits', async () => {
  const [a, b] = [await harness.newItem('a', 10), await harness.newItem('b', 10)];
  const reservation = await hold(one, fresh('order'), { [b]: 1, [a]: 1 });
  const { database } = harness;
  const [released] = await meetAtLock(database, { table: 'items', id: a, waiting: 2 }, async () => {
    const reserving = hold(one, fresh('order'), { [a]: 1, [b]: 1 });
    await untilWaiting(database, 1);
    return Promise.all([release(other, [reservation]), reserving]);
  });
  expect(released).toEqual([reservation.orderId]);
});

test('units of a sold-out item that come back while a reservation waits for the item are sold', async () => {
  const item = await harness.newItem('sold-out', 1);
  const reservation = await hold(one, fresh('order'), { [item]: 1 });
  const { database } = harness;
  const [released] = await meetAtLock(database, { table: 'items', id: item, waiting: 2 }, async () => {
    const releasing = release(other, [reservation]);
    await untilWaiting(database, 1);
    return Promise.all([releasing, hold(one, fresh('order'), { [item]: 1 })]);
  });
  expect(released).toEqual([reservation.orderId]);
  expect(await harness.stockOf(item)).toEqual({ available: 0, reserved: 1 });
});

test('of an item that is sold out and comes back again and again, every answer is a reservation or a refusal', async () => {
  const item = await harness.newItem('scarce', 3);
  const client = async (index: number): Promise<void> => {
    for (let round = 0; round < 25; round += 1) {
      const service = (index + round) % 2 === 0 ? one : other;
      const { orderId, ...result } = await reserve(service, fresh('order'), { [item]: 1 });
      if (result.outcome === 'RESERVED') {
        await release(service, [{ orderId, reservationId: result.reservationId }]);
      } else {
        expect(result.outcome).toBe('NOT_ENOUGH_STOCK');
      }
    }
  };
  await Promise.all(times(16, client));
  expect(await harness.stockOf(item)).toEqual({ available: 3, reserved: 0 });
});

test('an order that is reserved and given back while another reservation of it waits holds up neither', async () => {
  const [a, b, c] = [
    await harness.newItem('a', 10),
    await harness.newItem('b', 10),
    await harness.newItem('c', 10),
  ];
  const { database } = harness;
  const unlockA = await lockRow(database, 'items', a);
  const unlockC = await lockRow(database, 'items', c);
  try {
    const orderId = fresh('order');
    const waiting = hold(other, orderId, { [a]: 1, [b]: 1, [c]: 1 });
    await untilWaiting(database, 1);
    const reservation = await hold(one, orderId, { [b]: 2 });
    await unlockA();
    // It goes to `c`, and holds `b`, which the return of the stock waits for.
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
  expect(await harness.stockOf(b)).toEqual({ available: 9, reserved: 1 });
});

test('reservations that are made, given back and made again at once never fail and lose nothing', async () => {
  const items = [await harness.newItem('a', 1_000), await harness.newItem('b', 1_000)];
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
  for (const item of items) expect(await harness.stockOf(item)).toEqual({ available: 1_000, reserved: 0 });
});
