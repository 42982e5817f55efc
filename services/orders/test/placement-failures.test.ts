import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { reservationsApi } from '@order-pipeline/contracts';
import { unavailable } from '@order-pipeline/service-kit';
import {
  eventually,
  inTurn,
  startTestPostgres,
  times,
  type TestPostgres,
  type TestService,
} from '@order-pipeline/testing';
import { expectBooksToBalance } from './books.ts';
import { orderOf, startShop, withRoute, type Shop } from './shop.ts';

let postgres: TestPostgres;
let shop: Shop;
let other: TestService;
let item: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  shop = await startShop(postgres);
  other = await shop.anotherOrders();
});

beforeEach(async () => {
  item = await shop.addItem(10);
});

afterEach(() => eventually(() => expectBooksToBalance(shop)));

afterAll(() =>
  inTurn(
    () => shop?.close(),
    () => postgres?.stop(),
  ),
);

const DOWN = { status: 503, body: { status: 503, code: 'UNAVAILABLE' }, headers: { 'retry-after': '1' } };

/** The reconciler of another inventory instance would do it later; here it is done at once. */
const reconcile = async (orderId: string): Promise<void> => {
  const held = await shop.heldFor(orderId);
  if (!held) return;
  const [settled] = await shop.settle([held]);
  if (settled?.verdict !== 'ABANDONED') return;
  await shop.inventory.call(reservationsApi.releaseStock, { body: { reservations: [held] } });
};

const renameOutbox = (from: string, to: string): Promise<unknown> =>
  shop.database.orders.$executeRawUnsafe(`ALTER TABLE ${from} RENAME TO ${to}`);

test.each(['users', 'inventory'] as const)(
  'while %s is down an order is refused as unavailable and nothing is stored; afterwards it can be placed',
  async (service) => {
    const routes = shop.clients[service];
    delete shop.clients[service];
    const order = orderOf({ [item]: 3 });
    expect(await shop.place(order)).toMatchObject(DOWN);
    expect(await shop.statusOf(order.orderId)).toBeUndefined();
    expect(await shop.stockOf(item)).toEqual({ available: 10, reserved: 0 });
    Object.assign(shop.clients, { [service]: routes });
    expect((await shop.place(order)).status).toBe(201);
  },
);

test.each(['users', 'inventory'] as const)(
  'while %s is down a repeat of a placed order is answered, even together with a new one that is not',
  async (service) => {
    const order = orderOf({ [item]: 3 });
    expect((await shop.place(order)).status).toBe(201);
    const routes = shop.clients[service];
    delete shop.clients[service];
    const next = orderOf({ [item]: 1 });
    const asked = [next, order, { ...order, userId: 'other' }, next].map((one) => shop.place(one));
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([503, 201, 409, 503]);
    Object.assign(shop.clients, { [service]: routes });
  },
);

test('when the answer of a reservation is lost, the same order again stands on the same reservation', async () => {
  const routes = shop.inventory.routes;
  shop.clients.inventory = withRoute(
    routes,
    reservationsApi.reserveStock,
    (answer) => async (input, call) => {
      await answer(input, call);
      throw unavailable('the answer was lost');
    },
  );
  const order = orderOf({ [item]: 3 });
  expect(await shop.place(order)).toMatchObject(DOWN);
  expect(await shop.statusOf(order.orderId)).toBeUndefined();
  const held = await shop.heldFor(order.orderId);
  expect(held).toBeDefined();
  shop.clients.inventory = routes;
  expect((await shop.place(order)).status).toBe(201);
  expect(await shop.heldFor(order.orderId)).toEqual(held);
});

test('when the answer of a reservation is lost and nobody asks again, its stock comes back', async () => {
  shop.clients.inventory = withRoute(
    shop.inventory.routes,
    reservationsApi.reserveStock,
    (answer) => async (input, call) => {
      await answer(input, call);
      throw unavailable('the answer was lost');
    },
  );
  const order = orderOf({ [item]: 3 });
  await shop.place(order);
  shop.clients.inventory = shop.inventory.routes;
  expect(await shop.stockOf(item)).toEqual({ available: 7, reserved: 3 });
  await reconcile(order.orderId);
  expect(await shop.stockOf(item)).toEqual({ available: 10, reserved: 0 });
});

test('an order that could not be stored gives its stock back at once', async () => {
  await renameOutbox('outbox', 'outbox_gone');
  const order = orderOf({ [item]: 3 });
  expect(await shop.place(order)).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
  expect(await shop.statusOf(order.orderId)).toBeUndefined();
  expect(await shop.stockOf(item)).toEqual({ available: 10, reserved: 0 });
  await renameOutbox('outbox_gone', 'outbox');
  expect((await shop.place(order)).status).toBe(201);
});

test('an order that could not be stored does not take the stock from one of the same id that is under way', async () => {
  const order = orderOf({ [item]: 3 });
  const stop = shop.runtime.orders.stopAt('orders.afterReserveBeforeStore');
  const underWay = shop.place(order);
  await stop.reached;
  await renameOutbox('outbox', 'outbox_gone');
  expect(await shop.place(order, other)).toMatchObject({ status: 500 });
  await renameOutbox('outbox_gone', 'outbox');
  stop.resume();
  expect((await underWay).status).toBe(201);
  expect(await shop.stockOf(item)).toEqual({ available: 7, reserved: 3 });
});

test('a crash between reservation and order leaves stock that the same order takes up again', async () => {
  const order = orderOf({ [item]: 3 });
  const stop = shop.runtime.orders.stopAt('orders.afterReserveBeforeStore');
  const crashed = shop.place(order);
  await stop.reached;
  expect((await shop.place(order, other)).status).toBe(201);
  expect(await shop.stockOf(item)).toEqual({ available: 7, reserved: 3 });
  stop.resume();
  expect((await crashed).status).toBe(201);
});

test('a crash between order and answer leaves an order that the client is told of when it asks again', async () => {
  const order = orderOf({ [item]: 3 });
  const stop = shop.runtime.orders.stopAt('orders.afterStoreBeforeAnswer');
  const crashed = shop.place(order);
  await stop.reached;
  expect((await shop.place(order, other)).status).toBe(201);
  expect(await shop.historyOf(order.orderId)).toHaveLength(1);
  stop.resume();
  expect((await crashed).status).toBe(201);
});

test('another placement of one id that is not finished is waited for, and then answered as unavailable', async () => {
  const order = orderOf({ [item]: 3 });
  const stop = shop.runtime.orders.stopAt('orders.afterReserveBeforeStore');
  const underWay = shop.place(order);
  await stop.reached;
  const different = { ...order, items: times(2, () => ({ itemId: item, quantity: 1 })) };
  expect(await shop.place(different, other)).toMatchObject(DOWN);
  stop.resume();
  expect((await underWay).status).toBe(201);
  expect(await shop.place(different, other)).toMatchObject({ status: 409, body: { code: 'ID_TAKEN' } });
});
