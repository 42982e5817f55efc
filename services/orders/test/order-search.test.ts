import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { orderSearchApi, type FoundOrder, type Input } from '@order-pipeline/contracts';
import { inTurn, startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import { fresh, orderOf, startHarness, type Harness } from './harness.ts';

const HOUR_MS = 3_600_000;

let postgres: TestPostgres;
let harness: Harness;
let itemId: string;
const [alice, bob] = [fresh('alice'), fresh('bob')];
const [oldest, alike, delivered, shipped, young] = ['oldest', 'alike', 'delivered', 'shipped', 'young'].map(
  fresh,
) as [string, string, string, string, string];

const place = async (orderId: string, userId: string): Promise<string> => {
  expect(await harness.place(orderOf({ [itemId]: 1 }, { orderId, userId }))).toMatchObject({ status: 201 });
  return orderId;
};

/** Has an order be in its status since so many hours before a moment that is the same for all. */
const age = (orderId: string, hours: number) => harness.database.orders.$executeRaw`
  UPDATE orders SET updated_at = (SELECT min(created_at) FROM orders) - ${hours} * interval '1 hour' WHERE id = ${orderId}`;

beforeAll(async () => {
  postgres = await startTestPostgres();
  harness = await startHarness(postgres);
  itemId = await harness.addItem(100);
  for (const userId of [alice, bob]) await harness.addUser(userId);
  await place(oldest, alice);
  await place(alike, bob);
  await harness.walk(await place(delivered, alice), 'DELIVERED');
  await harness.walk(await place(shipped, alice), 'SHIPPED');
  await place(young, bob);
  for (const orderId of [delivered, oldest, alike]) await age(orderId, 3);
  await age(shipped, 2);
});

afterAll(() =>
  inTurn(
    () => harness?.close(),
    () => postgres?.stop(),
  ),
);

type Query = NonNullable<Input<typeof orderSearchApi.searchOrders>['query']>;

const ask = (query: Query) => harness.orders.call(orderSearchApi.searchOrders, { query });

/** The ids of all that a search finds, read in pages of this size. */
const found = async (query: Query, limit = 100): Promise<string[]> => {
  const { status, body, headers } = await ask({ limit, ...query });
  expect(status).toBe(200);
  const ids = (body as FoundOrder[]).map(({ orderId }) => orderId);
  expect(ids.length).toBeLessThanOrEqual(limit);
  const next = /cursor=([^&>]+)/.exec(headers?.['link'] ?? '')?.[1];
  return next === undefined ? ids : [...ids, ...(await found({ ...query, cursor: next }, limit))];
};

const OLD = { olderThanMs: HOUR_MS };

test('by their age, those that wait longest come first, and none that is closed', async () => {
  for (const limit of [1, 2, 100]) expect(await found(OLD, limit)).toEqual([oldest, alike, shipped]);
  expect(await found({ olderThanMs: 2.5 * HOUR_MS })).toEqual([oldest, alike]);
  expect(await found({ olderThanMs: 4 * HOUR_MS })).toEqual([]);
  expect(await found({ olderThanMs: 0 }, 2)).toEqual([oldest, alike, shipped, young]);
});

test('an age goes with a status and with what is searched for', async () => {
  expect(await found({ ...OLD, status: 'PENDING' }, 1)).toEqual([oldest, alike]);
  expect(await found({ ...OLD, status: 'DELIVERED' })).toEqual([]);
  for (const limit of [1, 100])
    expect(await found({ ...OLD, search: alice }, limit)).toEqual([oldest, shipped]);
  expect(await found({ ...OLD, search: alice, status: 'SHIPPED' })).toEqual([shipped]);
  expect(await found({ ...OLD, search: alike })).toEqual([alike]);
  expect(await found({ ...OLD, search: young })).toEqual([]);
  expect(await found({ ...OLD, search: delivered })).toEqual([]);
});

test('without an age the newest come first, whatever is searched for', async () => {
  for (const limit of [1, 100]) {
    expect(await found({}, limit)).toEqual([young, shipped, delivered, alike, oldest]);
    expect(await found({ search: alice }, limit)).toEqual([shipped, delivered, oldest]);
  }
  expect(await found({ status: 'DELIVERED' })).toEqual([delivered]);
  expect(await found({ search: alice, status: 'PENDING' })).toEqual([oldest]);
  expect(await found({ search: delivered })).toEqual([delivered]);
  expect(await found({ search: delivered, status: 'PENDING' })).toEqual([]);
  expect(await found({ search: fresh('nothing') })).toEqual([]);
});

test('an order that has the id of its user is found once, among the others of that user', async () => {
  const both = fresh('both');
  await harness.addUser(both);
  await place(both, both);
  const second = await place(fresh('second'), both);
  const foreign = await place(alice, both);
  for (const limit of [1, 100]) {
    expect(await found({ search: both }, limit)).toEqual([foreign, second, both]);
    expect(await found({ search: both, olderThanMs: 0 }, limit)).toEqual([both, second, foreign]);
    // Of the user, and the order of that id, which is somebody else's.
    expect(await found({ search: alice }, limit)).toEqual([foreign, shipped, delivered, oldest]);
  }
  for (const orderId of [both, second, foreign]) await harness.cancel(orderId);
  expect(await found({ search: both, olderThanMs: 0 })).toEqual([]);
});

test('orders are found by an item, together with every other filter, and it is said how far they were looked for', async () => {
  const lamp = await harness.addItem(100);
  const carol = fresh('carol');
  await harness.addUser(carol);
  const lines = { [itemId]: 1, [lamp]: 2 };
  const of = (userId: string) => orderOf(lines, { orderId: fresh('lamp'), userId });
  const [first, second, third] = [of(carol), of(bob), of(carol)];
  for (const order of [first, second, third]) expect((await harness.place(order)).status).toBe(201);
  await place(fresh('without'), carol);
  const ids = [third, second, first].map(({ orderId }) => orderId);
  for (const limit of [1, 2, 100]) {
    expect(await found({ itemId: lamp }, limit)).toEqual(ids);
    expect(await found({ itemId: lamp, search: carol }, limit)).toEqual([third.orderId, first.orderId]);
    expect(await found({ itemId: lamp, olderThanMs: 0 }, limit)).toEqual(ids.toReversed());
  }
  expect(await found({ itemId: lamp, search: second.orderId })).toEqual([second.orderId]);
  expect(await found({ itemId: lamp, search: alice })).toEqual([]);
  expect(await found({ itemId: lamp, reason: 'EVENT_LOST' })).toEqual([]);
  await harness.walk(first.orderId, 'DELIVERED');
  expect(await found({ itemId: lamp, status: 'DELIVERED' })).toEqual([first.orderId]);
  expect(await found({ itemId: lamp, status: 'PENDING', search: carol }, 1)).toEqual([third.orderId]);
  expect(await found({ itemId: lamp, olderThanMs: 0 })).toEqual([second.orderId, third.orderId]);
  expect(await found({ itemId: lamp, olderThanMs: 0, status: 'DELIVERED' })).toEqual([]);
  // An item of which the id is the beginning of another one's, and one that nothing contains.
  expect(await found({ itemId: lamp.slice(0, -1) })).toEqual([]);
  const { headers: whole } = await ask({ itemId: fresh('nothing') });
  const [oldestPlaced] = await harness.database.orders.$queryRaw<{ at: Date }[]>`
    SELECT created_at AS at FROM orders ORDER BY seq LIMIT 1`;
  expect(whole).toEqual({ 'searched-until': oldestPlaced?.at.toISOString() });
  expect((await ask({})).headers ?? {}).not.toHaveProperty('searched-until');
});

test.each([
  [{ cursor: '1-2' }],
  [{ ...OLD, cursor: '1' }],
  [{ ...OLD, cursor: 'zzzzzzzzzzz-1' }],
  [{ reason: 'EVENT_LOST', cursor: '1' }],
  [{ ...OLD, cursor: '1-2-3' }],
] as const)('a cursor of another list is refused: %j', async (query) => {
  await expect(ask(query as Query)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});
