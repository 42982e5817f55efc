import { beforeAll, expect, test } from '@jest/globals';
import { ordersApi, type Actor, type Scope } from '@order-pipeline/contracts';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { fresh, linesOf, orderOf, useHarness } from './harness.ts';

let item: string;
const alice = fresh('alice');
const bob = fresh('bob');

const postgres = useTestPostgres();
const harness = useHarness(postgres);

beforeAll(async () => {
  item = await harness.addItem(1_000);
  for (const userId of [alice, bob]) await harness.addUser(userId);
});

const as = (userId: string | undefined, ...scopes: readonly Scope[]): Actor => ({
  kind: 'token',
  name: userId ?? 'client',
  ...(userId === undefined ? {} : { userId }),
  scopes,
});
const placed = (userId: string) => harness.placed({ [item]: 1 }, userId);
const get = (orderId: string, actor: Actor) =>
  harness.orders.call(ordersApi.getOrder, { params: { orderId } }, actor);
const history = (orderId: string, actor: Actor) =>
  harness.orders.call(ordersApi.getOrderHistory, { params: { orderId } }, actor);
const cancel = (orderId: string, actor: Actor) =>
  harness.orders.call(ordersApi.cancelOrder, { params: { orderId } }, actor);
const list = async (actor: Actor, query: object = {}): Promise<string[]> => {
  const { body } = await harness.orders.call(ordersApi.listOrders, { query }, actor);
  return Array.isArray(body) ? body.map(({ orderId }) => orderId) : [];
};

const missing = (orderId: string) => ({
  status: 404,
  body: { status: 404, code: 'ORDER_NOT_FOUND', error: `There is no order ${orderId}` },
});

test("somebody else's order answers as one that is not there, whatever is asked of it", async () => {
  const orderId = await placed(alice);
  const stranger = as(bob, 'orders:write');
  for (const id of [orderId, fresh('nothing')]) {
    expect(await get(id, stranger)).toEqual(missing(id));
    expect(await history(id, stranger)).toEqual(missing(id));
    expect(await cancel(id, stranger)).toEqual(missing(id));
  }
  expect(await harness.statusOf(orderId)).toBe('PENDING');
  await harness.walk(orderId, 'SHIPPED');
  expect(await cancel(orderId, stranger)).toEqual(missing(orderId));
});

test('one reads and cancels what is their own, and cancelling takes its scope', async () => {
  const orderId = await placed(alice);
  expect(await get(orderId, as(alice))).toMatchObject({ status: 200, body: { orderId } });
  expect(await history(orderId, as(alice))).toMatchObject({ status: 200, body: [{ status: 'PENDING' }] });
  expect(await cancel(orderId, as(alice))).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  expect(await harness.statusOf(orderId)).toBe('PENDING');
  expect(await cancel(orderId, as(alice, 'orders:write'))).toMatchObject({ status: 200 });
  expect(await cancel(orderId, as(alice, 'orders:write'))).toMatchObject({
    status: 400,
    body: { error: 'Order cannot be cancelled. Current status: CANCELLED' },
  });
});

test("who has the scope for any reads and cancels anybody's", async () => {
  const orderId = await placed(alice);
  expect(await get(orderId, as(undefined, 'orders:read.any'))).toMatchObject({ status: 200 });
  expect(await get(orderId, as(undefined, 'orders:cancel.any'))).toMatchObject({ status: 403 });
  expect(await cancel(orderId, as(bob, 'orders:read.any', 'orders:write'))).toEqual(missing(orderId));
  expect(await cancel(orderId, as(undefined, 'orders:cancel.any'))).toMatchObject({ status: 200 });
});

test('a list has what is their own, page by page and by status, and all of it with the scope for any', async () => {
  const [first, of, second] = [await placed(alice), await placed(bob), await placed(alice)];
  await harness.walk(second, 'PROCESSING');
  const own = await list(as(alice));
  expect(own).toEqual(expect.arrayContaining([first, second]));
  expect(own).not.toContain(of);
  expect((await list(as(alice), { limit: 1 }))[0]).toBe(second);
  expect(await list(as(alice), { status: 'PROCESSING' })).toEqual([second]);
  expect(await list(as(bob), { status: 'PROCESSING' })).toEqual([]);
  expect(await list(as(undefined, 'orders:read.any'))).toEqual(expect.arrayContaining([first, of, second]));
});

test('the next page of a narrowed list is as narrow', async () => {
  const [oldest, between, newest] = [await placed(bob), await placed(alice), await placed(bob)];
  const { headers } = await harness.orders.call(ordersApi.listOrders, { query: { limit: 1 } }, as(bob));
  const cursor = /cursor=([^&>]+)/.exec(headers?.['link'] ?? '')?.[1];
  const next = await list(as(bob), { limit: 1, cursor });
  expect(next).toEqual([oldest]);
  expect(next).not.toContain(between);
  expect((await list(as(bob), { limit: 1 }))[0]).toBe(newest);
});

test("another user's list answers as that of a user who is not there", async () => {
  await placed(alice);
  const ask = (userId: string, actor: Actor) =>
    harness.orders.call(ordersApi.listOrdersOfUser, { params: { userId }, query: {} }, actor);
  const nobody = fresh('nobody');
  const absent = { status: 404, body: { status: 404, code: 'USER_NOT_FOUND' } };
  expect(await ask(alice, as(bob))).toMatchObject(absent);
  expect(await ask(nobody, as(bob))).toMatchObject(absent);
  expect(await ask(nobody, as(nobody))).toMatchObject(absent);
  expect(await ask(alice, as(alice))).toMatchObject({ status: 200 });
  expect(await ask(alice, as(undefined, 'orders:read.any'))).toMatchObject({ status: 200 });
});

test('one orders in their own name, and for others with the scope for any; nothing is reserved otherwise', async () => {
  const scarce = await harness.addItem(2);
  const place = (actor: Actor) => {
    const order = orderOf({}, { userId: alice, items: linesOf({ [scarce]: 1 }) });
    return harness.orders.call(ordersApi.placeOrder, { body: { order } }, actor);
  };
  expect(await place(as(bob, 'orders:write'))).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  expect(await place(as(alice))).toMatchObject({ status: 403 });
  expect(await place(as(undefined, 'orders:write'))).toMatchObject({ status: 403 });
  expect(await harness.stockOf(scarce)).toEqual({ available: 2, reserved: 0 });
  expect(await place(as(alice, 'orders:write'))).toMatchObject({ status: 201 });
  expect(await place(as(undefined, 'orders:write.any'))).toMatchObject({ status: 201 });
});
