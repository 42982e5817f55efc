import { afterEach, expect, test } from '@jest/globals';
import { reservationsApi } from '@order-pipeline/contracts';
import { eventually, times } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from './expect-stock.ts';
import { meetAtOrder } from './meet-at-lock.ts';
import { countOf, useHarness } from './harness.ts';
import { withLostAnswers } from './interruptions.ts';

const postgres = useTestPostgres();
const harness = useHarness(postgres);
const other = useFixture(() => harness.anotherOrders());

afterEach(() => eventually(() => expectStockToAddUp(harness)));

const returnedAt = async (orderId: string): Promise<Date | null | undefined> => {
  const [row] = await harness.database.orders.$queryRaw<{ at: Date | null }[]>`
    SELECT stock_returned_at AS at FROM orders WHERE id = ${orderId}`;
  return row?.at;
};

const statusesOf = async (orderId: string): Promise<string[]> =>
  (await harness.historyOf(orderId)).map(({ status }) => status);

test('an order that is PENDING is cancelled in the words of the contract, and its stock is sold again', async () => {
  const item = await harness.addItem(3);
  const orderId = await harness.placed({ [item]: 3 });
  const url = `/api/orders/${orderId}/cancel`;
  const response = await harness.orders.server.inject({ method: 'POST', url });
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ message: 'Order cancelled successfully', orderId, status: 'CANCELLED' });
  expect(await statusesOf(orderId)).toEqual(['PENDING', 'CANCELLED']);
  expect(await harness.stockOf(item)).toEqual({ available: 3, reserved: 0 });
  await harness.placed({ [item]: 3 });
});

test.each(['PROCESSING', 'SHIPPED', 'DELIVERED'] as const)(
  'an order that is %s is not cancelled, in the words of the contract',
  async (status) => {
    const item = await harness.addItem(3);
    const orderId = await harness.placed({ [item]: 3 });
    await harness.walk(orderId, status);
    const url = `/api/orders/${orderId}/cancel`;
    const response = await harness.orders.server.inject({ method: 'POST', url });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({
      error: `Order cannot be cancelled. Current status: ${status}`,
      status: 400,
      code: 'ORDER_NOT_CANCELLABLE',
    });
    expect(await harness.statusOf(orderId)).toBe(status);
    expect(await harness.stockOf(item)).toEqual({ available: 0, reserved: 3 });
  },
);

test('an order that is cancelled already is not cancelled again, and its stock comes back once', async () => {
  const item = await harness.addItem(10);
  await harness.placed({ [item]: 4 });
  const orderId = await harness.placed({ [item]: 3 });
  const replies = await Promise.all(
    times(8, (index) => harness.cancel(orderId, index % 2 === 0 ? other : harness.orders)),
  );
  expect(countOf(replies, 200)).toBe(1);
  expect(await harness.cancel(orderId)).toMatchObject({
    status: 400,
    body: { error: 'Order cannot be cancelled. Current status: CANCELLED', status: 400 },
  });
  expect(await statusesOf(orderId)).toEqual(['PENDING', 'CANCELLED']);
  expect(await harness.stockOf(item)).toEqual({ available: 6, reserved: 4 });
});

test('an unknown order cannot be cancelled', async () => {
  expect(await harness.cancel('nothing')).toEqual({
    status: 404,
    body: { error: 'There is no order nothing', status: 404, code: 'ORDER_NOT_FOUND' },
  });
});

test('when an order is cancelled and transitioned at the same moment, exactly one of the two happens', async () => {
  const item = await harness.addItem(1_000);
  for (const cancelFirst of [true, false, true, false]) {
    const orderId = await harness.placed({ [item]: 1 });
    const work = [
      async () => (await harness.cancel(orderId)).status === 200,
      async () => (await harness.move('PROCESSING', [orderId], other))[0]?.outcome === 'MOVED',
    ];
    const happened = await meetAtOrder(harness.database.orders, { orderId, waiting: 2 }, () =>
      Promise.all((cancelFirst ? work : work.toReversed()).map((begin) => begin())),
    );
    expect(happened.filter(Boolean)).toHaveLength(1);
    expect(await statusesOf(orderId)).toEqual(['PENDING', await harness.statusOf(orderId)]);
  }
});

test('of many orders that are cancelled while they are transitioned, each is one or the other', async () => {
  const item = await harness.addItem(1_000);
  const orderIds = await Promise.all(times(60, () => harness.placed({ [item]: 1 })));
  const [cancelled, moved] = await Promise.all([
    Promise.all(orderIds.map((orderId) => harness.cancel(orderId))),
    Promise.all(
      times(6, (part) => harness.move('PROCESSING', orderIds.slice(part * 10, part * 10 + 10), other)),
    ),
  ]);
  const outcomes = moved.flat().map(({ outcome }) => outcome);
  expect(outcomes.map((outcome) => outcome === 'MOVED')).toEqual(
    cancelled.map(({ status }) => status !== 200),
  );
  const left = countOf(cancelled, 400);
  expect(await harness.stockOf(item)).toEqual({ available: 1_000 - left, reserved: left });
});

test('while the inventory is down an order is cancelled all the same, and its stock comes back later, once', async () => {
  const item = await harness.addItem(10);
  await harness.placed({ [item]: 4 });
  const orderId = await harness.placed({ [item]: 3 });
  const routes = harness.clients.inventory;
  delete harness.clients.inventory;
  expect((await harness.cancel(orderId)).status).toBe(200);
  expect(await returnedAt(orderId)).toBeNull();
  expect(await harness.stockOf(item)).toEqual({ available: 3, reserved: 7 });
  Object.assign(harness.clients, { inventory: routes });
  await eventually(async () => expect(await returnedAt(orderId)).toBeInstanceOf(Date));
  expect(await harness.stockOf(item)).toEqual({ available: 6, reserved: 4 });
});

test('stock whose return was not answered for is returned again, and counts once', async () => {
  const item = await harness.addItem(10);
  await harness.placed({ [item]: 4 });
  const orderId = await harness.placed({ [item]: 3 });
  const { routes } = harness.inventory;
  harness.clients.inventory = withLostAnswers(routes, reservationsApi.releaseStock);
  await harness.cancel(orderId);
  expect(await harness.stockOf(item)).toEqual({ available: 6, reserved: 4 });
  expect(await returnedAt(orderId)).toBeNull();
  harness.clients.inventory = routes;
  await eventually(async () => expect(await returnedAt(orderId)).toBeInstanceOf(Date));
  expect(await harness.stockOf(item)).toEqual({ available: 6, reserved: 4 });
});

test.each(['orders.afterCancelBeforeRelease', 'orders.afterReleaseBeforeRecord'] as const)(
  'a crash at %s does not lose the stock, and does not return it twice',
  async (point) => {
    const item = await harness.addItem(10);
    await harness.placed({ [item]: 4 });
    const orderId = await harness.placed({ [item]: 3 });
    const stop = harness.runtime.orders.stopAt(point);
    const crashed = harness.cancel(orderId);
    await stop.reached;
    await eventually(async () => expect(await returnedAt(orderId)).toBeInstanceOf(Date));
    expect(await harness.stockOf(item)).toEqual({ available: 6, reserved: 4 });
    stop.resume();
    expect((await crashed).status).toBe(200);
    expect(await harness.stockOf(item)).toEqual({ available: 6, reserved: 4 });
  },
);
