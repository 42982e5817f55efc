import { afterEach, expect, test } from '@jest/globals';
import { inventoryApi, ordersApi } from '@order-pipeline/contracts';
import { times, type TestService } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from './expect-stock.ts';
import { countOf, fresh, linesOf, orderOf, USER, useHarness } from './harness.ts';

const postgres = useTestPostgres();
const harness = useHarness(postgres);
const other = useFixture(() => harness.anotherOrders());

afterEach(() => expectStockToAddUp(harness));

const oneOf = (index: number): TestService => (index % 2 === 0 ? harness.orders : other);

const post = (payload: object) =>
  harness.orders.server.inject({ method: 'POST', url: '/api/orders', payload });

const PLACED = (orderId: string) => ({
  status: 201,
  body: { message: 'Order placed successfully', orderId },
});
const TAKEN = { status: 409, body: { status: 409, code: 'ID_TAKEN' } };

test('an order is placed in the words of the contract', async () => {
  const body = { itemId: 'item1', itemName: 'Laptop', availableQty: 10 };
  await harness.inventory.call(inventoryApi.addItem, { body });
  const items = [{ itemId: 'item1', quantity: 3 }];
  const response = await post({ order: { orderId: 'order-1', userId: 'user11', items, status: 'PENDING' } });
  expect(response.statusCode).toBe(201);
  expect(response.json()).toEqual({ message: 'Order placed successfully', orderId: 'order-1' });
});

test('an order that is placed stands as PENDING with its history, and its stock is reserved', async () => {
  const item = await harness.addItem(10);
  const orderId = await harness.placed({ [item]: 3 });
  const { body } = await harness.orders.call(ordersApi.getOrder, { params: { orderId } });
  expect(body).toEqual({
    orderId,
    userId: USER,
    status: 'PENDING',
    items: [{ itemId: item, quantity: 3 }],
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(await harness.historyOf(orderId)).toEqual([
    { status: 'PENDING', at: 'createdAt' in body && body.createdAt, cause: 'placed' },
  ]);
  expect(await harness.stockOf(item)).toEqual({ available: 7, reserved: 3 });
});

test('an order of an unknown user is not found, and takes nothing', async () => {
  const item = await harness.addItem(10);
  const order = orderOf({ [item]: 3 }, { userId: 'nobody' });
  expect(await harness.place(order)).toEqual({
    status: 404,
    body: { error: 'There is no user nobody', status: 404, code: 'USER_NOT_FOUND' },
  });
  expect(await harness.statusOf(order.orderId)).toBeUndefined();
  expect(await harness.stockOf(item)).toEqual({ available: 10, reserved: 0 });
});

test('an order of unknown items is not found, and takes nothing of those that are known', async () => {
  const item = await harness.addItem(10);
  const order = orderOf({ [item]: 3, nothing: 1, nowhere: 1 });
  expect(await harness.place(order)).toMatchObject({
    status: 404,
    body: {
      code: 'ITEM_NOT_FOUND',
      error: 'There is no item nothing, nowhere',
      details: ['nothing', 'nowhere'],
    },
  });
  expect(await harness.statusOf(order.orderId)).toBeUndefined();
  expect(await harness.stockOf(item)).toEqual({ available: 10, reserved: 0 });
});

test('an order for which there is not enough stock is refused with what is missing, and takes nothing', async () => {
  const [plenty, few] = [await harness.addItem(10), await harness.addItem(2)];
  const order = orderOf({ [plenty]: 3, [few]: 3 });
  expect(await harness.place(order)).toEqual({
    status: 409,
    body: {
      error: `Not enough stock of ${few}`,
      status: 409,
      code: 'NOT_ENOUGH_STOCK',
      details: [{ itemId: few, requestedQty: 3, availableQty: 2 }],
    },
  });
  expect(await harness.statusOf(order.orderId)).toBeUndefined();
  expect(await harness.stockOf(plenty)).toEqual({ available: 10, reserved: 0 });
});

test('an order that was refused can be placed once there is enough', async () => {
  const item = await harness.addItem(2);
  const order = orderOf({ [item]: 3 });
  expect((await harness.place(order)).status).toBe(409);
  await harness.inventory.call(inventoryApi.restockItem, { params: { itemId: item }, body: { quantity: 1 } });
  expect(await harness.place(order)).toEqual(PLACED(order.orderId));
});

test('the same order again is answered as the first time and changes nothing', async () => {
  const item = await harness.addItem(10);
  const order = orderOf({ [item]: 3 });
  const first = await harness.place(order);
  const before = await harness.orders.call(ordersApi.getOrder, { params: { orderId: order.orderId } });
  expect(await harness.place({ ...order, status: 'PENDING' })).toEqual(first);
  expect(await harness.place(order, other)).toEqual(first);
  expect(await harness.orders.call(ordersApi.getOrder, { params: { orderId: order.orderId } })).toEqual(
    before,
  );
  expect(await harness.historyOf(order.orderId)).toHaveLength(1);
  expect(await harness.stockOf(item)).toEqual({ available: 7, reserved: 3 });
});

test('the same order again after it was cancelled or shipped is answered so too, and takes no stock', async () => {
  const item = await harness.addItem(10);
  const [cancelled, shipped] = [orderOf({ [item]: 3 }), orderOf({ [item]: 2 })];
  for (const order of [cancelled, shipped]) await harness.place(order);
  await harness.cancel(cancelled.orderId);
  await harness.walk(shipped.orderId, 'SHIPPED');
  const stock = await harness.stockOf(item);
  for (const order of [cancelled, shipped]) expect(await harness.place(order)).toEqual(PLACED(order.orderId));
  expect(await harness.statusOf(cancelled.orderId)).toBe('CANCELLED');
  expect(await harness.statusOf(shipped.orderId)).toBe('SHIPPED');
  expect(await harness.stockOf(item)).toEqual(stock);
});

test('another order under a taken id is refused, and the first one stays', async () => {
  const [item, second] = [await harness.addItem(10), await harness.addItem(10)];
  const order = orderOf({ [item]: 3 });
  await harness.place(order);
  expect(await harness.place({ ...order, items: linesOf({ [item]: 4 }) })).toMatchObject(TAKEN);
  expect(await harness.place({ ...order, items: linesOf({ [second]: 3 }) })).toMatchObject(TAKEN);
  expect(await harness.place({ ...order, userId: 'nobody' })).toMatchObject(TAKEN);
  expect(await harness.stockOf(item)).toEqual({ available: 7, reserved: 3 });
  expect(await harness.stockOf(second)).toEqual({ available: 10, reserved: 0 });
});

test('one order from 16 clients at once is one order, and all get 201', async () => {
  const item = await harness.addItem(100);
  const order = orderOf({ [item]: 3 });
  const replies = await Promise.all(times(16, (index) => harness.place(order, oneOf(index))));
  expect(replies).toEqual(times(16, () => PLACED(order.orderId)));
  expect(await harness.stockOf(item)).toEqual({ available: 97, reserved: 3 });
  const logged = [harness.orders, other].flatMap(({ logs }) =>
    logs.filter(({ orderId, msg }) => orderId === order.orderId && msg === 'order placed'),
  );
  expect(logged).toHaveLength(1);
});

test('of 16 different orders under one id at once exactly one is placed, and the others are refused', async () => {
  const items = await Promise.all(times(4, () => harness.addItem(100)));
  const { orderId } = orderOf({});
  const replies = await Promise.all(
    times(16, (index) => {
      const order = orderOf({ [items[index % 4] ?? '']: index + 1 }, { orderId });
      return harness.place(order, oneOf(index));
    }),
  );
  expect(countOf(replies, 201)).toBe(1);
  expect(countOf(replies, 409)).toBe(15);
});

test('of orders of two users under one id, for the same items, one is placed', async () => {
  await harness.addUser('user12');
  const item = await harness.addItem(10);
  const order = orderOf({ [item]: 3 });
  const replies = await Promise.all([
    harness.place(order),
    harness.place({ ...order, userId: 'user12' }, other),
  ]);
  expect([countOf(replies, 201), countOf(replies, 409)]).toEqual([1, 1]);
  expect(await harness.stockOf(item)).toEqual({ available: 7, reserved: 3 });
});

test('an order that names an item twice takes the sum and keeps its lines', async () => {
  const item = await harness.addItem(10);
  const items = [...linesOf({ [item]: 2 }), ...linesOf({ [item]: 3 })];
  const order = orderOf({}, { items });
  expect(await harness.place(order)).toEqual(PLACED(order.orderId));
  expect(await harness.stockOf(item)).toEqual({ available: 5, reserved: 5 });
  const { body } = await harness.orders.call(ordersApi.getOrder, { params: { orderId: order.orderId } });
  expect(body).toMatchObject({ items });
  expect((await harness.place(orderOf({}, { items: [...items, ...linesOf({ [item]: 1 })] }))).status).toBe(
    409,
  );
});

test('of orders that arrive together each gets its own answer', async () => {
  const item = await harness.addItem(5);
  const repeated = orderOf({ [item]: 2 });
  const replies = await Promise.all([
    harness.place(repeated),
    harness.place(orderOf({ [item]: 4 })),
    harness.place(orderOf({ nothing: 1 })),
    harness.place(orderOf({ [item]: 1 }, { userId: 'nobody' })),
    harness.place(repeated),
    harness.place({ ...repeated, items: linesOf({ [item]: 1 }) }),
    harness.place(orderOf({ [item]: 3 })),
  ]);
  expect(replies.map(({ status }) => status)).toEqual([201, 409, 404, 404, 201, 409, 201]);
  expect(await harness.stockOf(item)).toEqual({ available: 0, reserved: 5 });
});

test('160 orders of one unit at once on a stock of 100 are 100 orders and 60 refusals', async () => {
  const item = await harness.addItem(100);
  const replies = await Promise.all(
    times(160, (index) => harness.place(orderOf({ [item]: 1 }), oneOf(index))),
  );
  expect(countOf(replies, 201)).toBe(100);
  expect(countOf(replies, 409)).toBe(60);
  expect(await harness.stockOf(item)).toEqual({ available: 0, reserved: 100 });
});

test('orders of the same two items in opposite order under load never fail', async () => {
  const items = [await harness.addItem(1_000, 'a'), await harness.addItem(1_000, 'b')];
  const replies = await Promise.all(
    times(200, (index) => {
      const turned = index % 3 === 0 ? items : items.toReversed();
      return harness.place(orderOf(Object.fromEntries(turned.map((id) => [id, 1]))), oneOf(index));
    }),
  );
  expect(countOf(replies, 201)).toBe(200);
});

test.each([
  [{ status: 'SHIPPED' }, 'order.status'],
  [{ orderId: 'a b' }, 'order.orderId'],
  [{ items: [] }, 'order.items'],
  [{ items: [{ itemId: 'item1', quantity: 0 }] }, 'order.items[0].quantity'],
  [{ items: [{ itemId: 'item1', quantity: 1.5 }] }, 'order.items[0].quantity'],
  [{ items: [{ itemId: 'item1', quantity: 1, price: 1 }] }, 'order.items[0].price'],
  [{ items: times(101, () => ({ itemId: 'item1', quantity: 1 })) }, 'order.items'],
  [{ createdAt: '2026-01-01T00:00:00.000Z' }, 'order.createdAt'],
])('bad input is refused with its field named: %j', async (wrong, field) => {
  const orderId = fresh('refused');
  const response = await post({ order: { ...orderOf({ item1: 1 }, { orderId }), ...wrong } });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ field }] });
  expect(await harness.statusOf(orderId)).toBeUndefined();
});
