import { afterEach, expect, test } from '@jest/globals';
import { orderLifecycleApi, reservationsApi, type ReservationRef } from '@order-pipeline/contracts';
import { ok, type Route } from '@order-pipeline/service-kit';
import { eventually, inTurn, times } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp, fresh, hold, lockRow, reserve, startHarness, type Harness } from './harness.ts';

/** The reconciler waits for a lock once more each time that it comes to it. */
const WAIT = { timeoutMs: 20_000 };

const opened: Harness[] = [];

const postgres = useTestPostgres();

afterEach(() =>
  inTurn(...opened.splice(0).flatMap((harness) => [() => expectStockToAddUp(harness), harness.close])),
);

const start = async (options: Parameters<typeof startHarness>[1] = {}) => {
  const harness = await startHarness(postgres, options);
  opened.push(harness);
  return {
    ...harness,
    item: await harness.newItem('free', 100),
    locked: await harness.newItem('locked', 100),
  };
};

const release = (harness: Harness, reservations: ReservationRef[]) =>
  harness.inventory.call(reservationsApi.releaseStock, { body: { reservations } });

test.each(['items', 'reservations'] as const)(
  'while a row of %s is locked, the stock of other orders goes back, and its own when it is free',
  async (table) => {
    const harness = await start();
    const { inventory, item, locked } = harness;
    const waiting = await hold(inventory, fresh('order'), { [locked]: 1, [item]: 1 });
    const others = await Promise.all(times(5, () => hold(inventory, fresh('order'), { [item]: 1 })));
    const unlock = await lockRow(harness.database, table, table === 'items' ? locked : waiting.orderId);
    const { body } = await release(harness, [waiting, ...others]);
    expect(body).toMatchObject({ lockedOrderIds: [waiting.orderId] });
    expect(body).toMatchObject({
      releasedOrderIds: expect.arrayContaining(others.map(({ orderId }) => orderId)),
    });
    await unlock();
    expect((await release(harness, [waiting])).body).toEqual({
      releasedOrderIds: [waiting.orderId],
      lockedOrderIds: [],
    });
    expect(await harness.stockOf(item)).toEqual({ available: 100, reserved: 0 });
  },
);

test.each(['items', 'reservations'] as const)(
  'while a row of %s is locked, other orders are reserved, and that one is answered as locked',
  async (table) => {
    const { inventory, item, locked, database } = await start();
    const orderId = fresh('order');
    await hold(inventory, orderId, { [locked]: 1 });
    const unlock = await lockRow(database, table, table === 'items' ? locked : orderId);
    const results = await Promise.all([
      reserve(inventory, table === 'items' ? fresh('order') : orderId, { [locked]: 1 }),
      ...times(5, () => reserve(inventory, fresh('order'), { [item]: 1 })),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['LOCKED', ...times(5, () => 'RESERVED')]);
    await unlock();
    expect(await reserve(inventory, orderId, { [locked]: 1 })).toMatchObject({ outcome: 'RESERVED' });
  },
);

test('while an item is locked, the reconciler gives back the stock of other orders, and comes back to it', async () => {
  const settle: Route = {
    operation: orderLifecycleApi.settleReservations,
    handle: async ({ body }) => {
      const { reservations } = body as { reservations: ReservationRef[] };
      return ok({ settlements: reservations.map((one) => ({ ...one, verdict: 'ABANDONED' })) });
    },
  };
  const clients: { orders?: readonly Route[] } = {};
  const harness = await start({ environment: { RESERVATION_CHECK_AFTER_MS: '1' }, clients });
  const { inventory, item, locked, database, stockOf } = harness;
  await hold(inventory, fresh('order'), { [locked]: 1 });
  for (const _ of times(5, (index) => index)) await hold(inventory, fresh('order'), { [item]: 1 });
  const unlock = await lockRow(database, 'items', locked);
  Object.assign(clients, { orders: [settle] });
  const whole = { available: 100, reserved: 0 };
  await eventually(async () => expect(await stockOf(item)).toEqual(whole), WAIT);
  await unlock();
  await eventually(async () => expect(await stockOf(locked)).toEqual(whole), WAIT);
});
