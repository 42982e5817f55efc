import { expect, test } from '@jest/globals';
import { reservationsApi } from '@order-pipeline/contracts';
import { times } from '@order-pipeline/testing';
import {
  countOf,
  fresh,
  hold,
  linesOf,
  meetAtLock,
  release,
  reserve,
  reserveAll,
  useTwoInstances,
} from './harness.ts';

const { harness, one, other } = useTwoInstances();

test('one order id from 16 callers at once is one reservation', async () => {
  const item = await harness.newItem('wanted', 100);
  const orderId = fresh('order');
  const results = await Promise.all(
    times(16, (index) => reserve(index % 2 === 0 ? one : other, orderId, { [item]: 3 })),
  );
  expect(countOf(results, 'RESERVED')).toBe(16);
  expect(new Set(results.map((result) => 'reservationId' in result && result.reservationId)).size).toBe(1);
  expect(await harness.stockOf(item)).toEqual({ available: 97, reserved: 3 });
});

test('two instances that reserve for one order at the same moment make one reservation', async () => {
  const item = await harness.newItem('wanted', 100);
  const orderId = fresh('order');
  const results = await meetAtLock(harness.database, { table: 'items', id: item, waiting: 2 }, () =>
    Promise.all([hold(one, orderId, { [item]: 3 }), hold(other, orderId, { [item]: 3 })]),
  );
  expect(results[0]).toEqual(results[1]);
  expect(await harness.stockOf(item)).toEqual({ available: 97, reserved: 3 });
});

test('one order id with other items at the same moment is held for one of the two', async () => {
  const [a, b] = [await harness.newItem('a', 5), await harness.newItem('b', 5)];
  const shared = await harness.newItem('shared', 5);
  const orderId = fresh('order');
  const results = await meetAtLock(harness.database, { table: 'items', id: shared, waiting: 2 }, () =>
    Promise.all([
      reserve(one, orderId, { [a]: 1, [shared]: 1 }),
      reserve(other, orderId, { [b]: 1, [shared]: 1 }),
    ]),
  );
  expect(results.map(({ outcome }) => outcome).toSorted()).toEqual(['CONFLICTING_RESERVATION', 'RESERVED']);
});

test('every order of a batch gets its own result, in its order', async () => {
  const item = await harness.newItem('batched', 4);
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
    'CONFLICTING_RESERVATION',
  ]);
  expect(results[3]).toMatchObject({ orderId: second });
  expect(await harness.stockOf(item)).toEqual({ available: 0, reserved: 4 });
});

test('lines of one item in one order are one take of their sum', async () => {
  const item = await harness.newItem('doubled', 5);
  const lines = [...linesOf({ [item]: 2 }), ...linesOf({ [item]: 2 })];
  await reserveAll(one, [{ orderId: fresh('order'), lines }]);
  expect(await harness.stockOf(item)).toEqual({ available: 1, reserved: 4 });
  const [result] = await reserveAll(one, [{ orderId: fresh('order'), lines }]);
  expect(result).toMatchObject({
    outcome: 'NOT_ENOUGH_STOCK',
    short: [{ requestedQty: 4, availableQty: 1 }],
  });
});

test('stock is given back once, however often it is asked', async () => {
  const item = await harness.newItem('returned', 10);
  await hold(one, fresh('somebody else'), { [item]: 4 });
  const reservation = await hold(one, fresh('order'), { [item]: 3 });
  expect(await release(one, [reservation, reservation])).toEqual([reservation.orderId]);
  expect(await release(other, [reservation])).toEqual([]);
  expect(await harness.stockOf(item)).toEqual({ available: 6, reserved: 4 });
});

test('two instances that give a reservation back at the same moment give it back once', async () => {
  const item = await harness.newItem('returned', 10);
  await hold(one, fresh('somebody else'), { [item]: 4 });
  const reservation = await hold(one, fresh('order'), { [item]: 3 });
  const at = { table: 'reservations', id: reservation.orderId, waiting: 2 } as const;
  const released = await meetAtLock(harness.database, at, () =>
    Promise.all([one, other].map((service) => release(service, [reservation]))),
  );
  expect(released.flat()).toEqual([reservation.orderId]);
  expect(await harness.stockOf(item)).toEqual({ available: 6, reserved: 4 });
});

test('who names a reservation of before does not give back the one that was made since', async () => {
  const item = await harness.newItem('renewed', 10);
  const orderId = fresh('order');
  const before = await hold(one, orderId, { [item]: 3 });
  await release(one, [before]);
  const since = await hold(one, orderId, { [item]: 2 });
  expect(since.reservationId).not.toBe(before.reservationId);
  expect(await release(one, [before])).toEqual([]);
  expect(await harness.stockOf(item)).toEqual({ available: 8, reserved: 2 });
  expect(await release(one, [since])).toEqual([orderId]);
});

test('batches that give the same reservations back in opposite order do not block one another', async () => {
  const items = [await harness.newItem('a', 200), await harness.newItem('b', 200)];
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
  const item = await harness.newItem('found', 10);
  const [held, released, none] = [fresh('order'), fresh('order'), fresh('order')];
  const kept = await hold(one, held, { [item]: 1 });
  const gone = await hold(one, released, { [item]: 1 });
  await release(one, [gone]);
  const body = { orderIds: [held, released, none] };
  const reply = await one.call(reservationsApi.findReservations, { body });
  const found = 'reservations' in reply.body ? reply.body.reservations : [];
  expect(found.toSorted((a, b) => (a.state < b.state ? -1 : 1))).toEqual([
    { ...kept, state: 'HELD' },
    { ...gone, state: 'RELEASED' },
  ]);
});
