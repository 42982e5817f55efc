import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { reservationsApi } from '@order-pipeline/contracts';
import { eventually, times } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from './expect-stock.ts';
import { orderOf, useHarness } from './harness.ts';
import { placeUntil, withLostAnswers } from './interruptions.ts';

let item: string;

const postgres = useTestPostgres();
const harness = useHarness(postgres);
const other = useFixture(() => harness.anotherOrders());

beforeEach(async () => {
  item = await harness.addItem(10);
});

afterEach(() => eventually(() => expectStockToAddUp(harness)));

const DOWN = { status: 503, body: { status: 503, code: 'UNAVAILABLE' }, headers: { 'retry-after': '1' } };

/** The reconciler of another inventory instance would do it later; here it is done at once. */
const reconcile = async (orderId: string): Promise<void> => {
  const held = await harness.heldFor(orderId);
  if (!held) return;
  const [settled] = await harness.settle([held]);
  if (settled?.verdict !== 'ABANDONED') return;
  await harness.inventory.call(reservationsApi.releaseStock, { body: { reservations: [held] } });
};

const renameOutbox = (from: string, to: string): Promise<unknown> =>
  harness.database.orders.$executeRawUnsafe(`ALTER TABLE ${from} RENAME TO ${to}`);

test.each(['users', 'inventory'] as const)(
  'while %s is down an order is refused as unavailable and nothing is stored; afterwards it can be placed',
  async (service) => {
    const routes = harness.clients[service];
    delete harness.clients[service];
    const order = orderOf({ [item]: 3 });
    expect(await harness.place(order)).toMatchObject(DOWN);
    expect(await harness.statusOf(order.orderId)).toBeUndefined();
    expect(await harness.stockOf(item)).toEqual({ available: 10, reserved: 0 });
    Object.assign(harness.clients, { [service]: routes });
    expect((await harness.place(order)).status).toBe(201);
  },
);

test.each(['users', 'inventory'] as const)(
  'while %s is down a repeat of a placed order is answered, even together with a new one that is not',
  async (service) => {
    const order = orderOf({ [item]: 3 });
    expect((await harness.place(order)).status).toBe(201);
    const routes = harness.clients[service];
    delete harness.clients[service];
    const next = orderOf({ [item]: 1 });
    const asked = [next, order, { ...order, userId: 'other' }, next].map((one) => harness.place(one));
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([503, 201, 409, 503]);
    Object.assign(harness.clients, { [service]: routes });
  },
);

test('when the answer of a reservation is lost, the same order again stands on the same reservation', async () => {
  const routes = harness.inventory.routes;
  harness.clients.inventory = withLostAnswers(routes, reservationsApi.reserveStock);
  const order = orderOf({ [item]: 3 });
  expect(await harness.place(order)).toMatchObject(DOWN);
  expect(await harness.statusOf(order.orderId)).toBeUndefined();
  const held = await harness.heldFor(order.orderId);
  expect(held).toBeDefined();
  harness.clients.inventory = routes;
  expect((await harness.place(order)).status).toBe(201);
  expect(await harness.heldFor(order.orderId)).toEqual(held);
});

test('when the answer of a reservation is lost and nobody asks again, its stock comes back', async () => {
  harness.clients.inventory = withLostAnswers(harness.inventory.routes, reservationsApi.reserveStock);
  const order = orderOf({ [item]: 3 });
  await harness.place(order);
  harness.clients.inventory = harness.inventory.routes;
  expect(await harness.stockOf(item)).toEqual({ available: 7, reserved: 3 });
  await reconcile(order.orderId);
  expect(await harness.stockOf(item)).toEqual({ available: 10, reserved: 0 });
});

test('an order that could not be stored gives its stock back at once', async () => {
  await renameOutbox('outbox', 'outbox_gone');
  const order = orderOf({ [item]: 3 });
  expect(await harness.place(order)).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
  expect(await harness.statusOf(order.orderId)).toBeUndefined();
  expect(await harness.stockOf(item)).toEqual({ available: 10, reserved: 0 });
  await renameOutbox('outbox_gone', 'outbox');
  expect((await harness.place(order)).status).toBe(201);
});

test('an order that could not be stored does not take the stock from one of the same id that is under way', async () => {
  const { order, resume } = await placeUntil(harness, 'orders.afterReserveBeforeStore', { [item]: 3 });
  await renameOutbox('outbox', 'outbox_gone');
  expect(await harness.place(order, other)).toMatchObject({ status: 500 });
  await renameOutbox('outbox_gone', 'outbox');
  expect((await resume()).status).toBe(201);
  expect(await harness.stockOf(item)).toEqual({ available: 7, reserved: 3 });
});

test('a crash between reservation and order leaves stock that the same order takes up again', async () => {
  const { order, resume } = await placeUntil(harness, 'orders.afterReserveBeforeStore', { [item]: 3 });
  expect((await harness.place(order, other)).status).toBe(201);
  expect(await harness.stockOf(item)).toEqual({ available: 7, reserved: 3 });
  expect((await resume()).status).toBe(201);
});

test('a crash between order and answer leaves an order that the client gets when it retries', async () => {
  const { order, resume } = await placeUntil(harness, 'orders.afterStoreBeforeAnswer', { [item]: 3 });
  expect((await harness.place(order, other)).status).toBe(201);
  expect(await harness.historyOf(order.orderId)).toHaveLength(1);
  expect((await resume()).status).toBe(201);
});

test('another placement of one id that is not finished is waited for, and then answered as unavailable', async () => {
  const { order, resume } = await placeUntil(harness, 'orders.afterReserveBeforeStore', { [item]: 3 });
  const different = { ...order, items: times(2, () => ({ itemId: item, quantity: 1 })) };
  expect(await harness.place(different, other)).toMatchObject(DOWN);
  expect((await resume()).status).toBe(201);
  expect(await harness.place(different, other)).toMatchObject({ status: 409, body: { code: 'ID_TAKEN' } });
});
