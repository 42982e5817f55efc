import { beforeAll, expect, test } from '@jest/globals';
import {
  inspectionApi,
  orderLifecycleApi,
  ordersApi,
  type EventPlace,
  type PublishedPosition,
} from '@order-pipeline/contracts';
import { times } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { meetAtOrder } from './meet-at-lock.ts';
import { fresh, orderOf, USER, useHarness } from './harness.ts';

const START = Date.parse('2026-01-01T12:00:00.000Z');

let item: string;
let clock = START;

const postgres = useTestPostgres();
const harness = useHarness(postgres, { now: () => clock });
const other = useFixture(() => harness.anotherOrders());

beforeAll(async () => {
  item = await harness.addItem(1_000_000);
});

const place = (): Promise<string> => harness.placed({ [item]: 1 });
const iso = (ms: number): string => new Date(ms).toISOString();

test('an order is moved from status to status, and every transition is answered with the order', async () => {
  const orderId = await place();
  clock += 1_000;
  expect(await harness.move('PROCESSING', [orderId])).toEqual([
    {
      outcome: 'MOVED',
      order: {
        orderId,
        userId: USER,
        status: 'PROCESSING',
        items: [{ itemId: item, quantity: 1 }],
        createdAt: iso(clock - 1_000),
        updatedAt: iso(clock),
      },
    },
  ]);
  await harness.walk(orderId, 'DELIVERED');
  expect((await harness.historyOf(orderId)).map(({ status, cause }) => [status, cause])).toEqual([
    ['PENDING', 'placed'],
    ['PROCESSING', 'test'],
    ['SHIPPED', 'test'],
    ['DELIVERED', 'test'],
  ]);
});

const moveBy = (orderIds: readonly string[], events: (EventPlace | null)[]) =>
  harness.orders.call(orderLifecycleApi.moveOrders, {
    body: { to: 'PROCESSING', orderIds: [...orderIds], cause: 'workflow', events },
  });

test('each transition keeps where the event stands that caused it', async () => {
  const [first, second, swept] = [await place(), await place(), await place()];
  await moveBy(
    [first, swept, 'nothing', second],
    [
      { partition: 3, offset: '900719925474099312' },
      null,
      { partition: 0, offset: '1' },
      { partition: 5, offset: '0' },
    ],
  );
  const eventsIn = async (orderId: string) => (await harness.historyOf(orderId)).map(({ event }) => event);
  expect(await eventsIn(first)).toEqual([
    undefined,
    { topic: 'ORDER_PLACED', partition: 3, offset: '900719925474099312' },
  ]);
  expect(await eventsIn(second)).toEqual([undefined, { topic: 'ORDER_PLACED', partition: 5, offset: '0' }]);
  expect(await eventsIn(swept)).toEqual([undefined, undefined]);
});

test.each([1, 64, 65, 200])('in a batch of %p orders each has its own event', async (size) => {
  // Ids that sort differently by bytes than by words.
  const orderIds = times(
    size,
    (index) => `${['b', 'A', 'a', 'B', '_', ':', '10', '9'][index % 8]}-${fresh('order')}`,
  );
  await Promise.all(orderIds.map((orderId) => harness.place(orderOf({ [item]: 1 }, { orderId }))));
  const events = orderIds.map((_, index) =>
    index % 5 === 4 ? null : { partition: index % 6, offset: `${index}` },
  );
  await moveBy(orderIds, events);
  const kept = await Promise.all(
    orderIds.map(async (orderId) => (await harness.historyOf(orderId)).at(-1)?.event),
  );
  expect(kept).toEqual(events.map((event) => (event ? { topic: 'ORDER_PLACED', ...event } : undefined)));
});

test('an event that comes again changes no position', async () => {
  const orderId = await place();
  await moveBy(
    [orderId, orderId],
    [
      { partition: 1, offset: '10' },
      { partition: 1, offset: '11' },
    ],
  );
  await moveBy([orderId], [{ partition: 1, offset: '12' }]);
  expect((await harness.historyOf(orderId)).at(-1)).toMatchObject({
    event: { topic: 'ORDER_PLACED', partition: 1, offset: '10' },
  });
});

const record = (...positions: readonly PublishedPosition[]) =>
  harness.orders.call(orderLifecycleApi.recordPositions, { body: { positions: [...positions] } });
const publishedOf = async (orderId: string) =>
  (await harness.historyOf(orderId)).map(({ published }) => published);

test('where the last event of an order stands is kept, the first that is reported', async () => {
  const [first, second, early] = [await place(), await place(), await place()];
  for (const orderId of [first, second]) await harness.walk(orderId, 'DELIVERED');
  const reply = await record(
    { orderId: second, partition: 2, offset: '900719925474099312' },
    { orderId: first, partition: 1, offset: '10' },
    { orderId: first, partition: 1, offset: '11' },
    { orderId: early, partition: 3, offset: '5' },
    { orderId: 'nothing', partition: 4, offset: '6' },
  );
  expect(reply).toMatchObject({ status: 200, body: { recorded: 2 } });
  expect(await publishedOf(first)).toEqual([
    undefined,
    undefined,
    undefined,
    { topic: 'ORDER_DELIVERED', partition: 1, offset: '10' },
  ]);
  expect((await publishedOf(second)).at(-1)).toMatchObject({ partition: 2, offset: '900719925474099312' });
  expect(await record({ orderId: first, partition: 0, offset: '99' })).toMatchObject({
    body: { recorded: 0 },
  });
  expect((await publishedOf(first)).at(-1)).toMatchObject({ partition: 1, offset: '10' });
  expect(await publishedOf(early)).toEqual([undefined]);
  const inspected = await harness.orders.call(inspectionApi.inspectOrder, { params: { orderId: first } });
  expect(inspected.body).toMatchObject({
    events: [{}, {}, {}, { topic: 'ORDER_DELIVERED', partition: 1, offset: '10' }],
  });
  expect(await record()).toMatchObject({ body: { recorded: 0 } });
});

test('reports that are made at once keep one position of each order', async () => {
  const orderIds = await Promise.all(times(20, () => place()));
  for (const orderId of orderIds) await harness.walk(orderId, 'DELIVERED');
  const reports = times(6, (partition) =>
    record(
      ...(partition % 2 === 0 ? orderIds : orderIds.toReversed()).map((orderId) => ({
        orderId,
        partition,
        offset: '1',
      })),
    ),
  );
  const recorded = (await Promise.all(reports)).map(({ body }) => (body as { recorded: number }).recorded);
  expect(recorded.reduce((sum, count) => sum + count, 0)).toBe(orderIds.length);
});

test('who may read their own orders alone sees no positions: they tell how many orders there are', async () => {
  const orderId = await place();
  await moveBy([orderId], [{ partition: 1, offset: '10' }]);
  await harness.walk(orderId, 'DELIVERED');
  await record({ orderId, partition: 1, offset: '12' });
  const input = { params: { orderId } };
  const own = await harness.orders.call(ordersApi.getOrderHistory, input, {
    kind: 'token',
    name: USER,
    userId: USER,
    scopes: [],
  });
  expect(own.status).toBe(200);
  expect(JSON.stringify(own.body)).toContain('PROCESSING');
  expect(JSON.stringify(own.body)).not.toContain('ORDER_PLACED');
  expect(JSON.stringify(own.body)).not.toContain('ORDER_DELIVERED');
});

test('an order in that status already is answered as it was, and does not change', async () => {
  const orderId = await place();
  const [moved] = await harness.move('PROCESSING', [orderId]);
  clock += 1_000;
  const [again] = await harness.move('PROCESSING', [orderId]);
  expect(again).toEqual({ ...moved, outcome: 'ALREADY' });
  expect(await harness.historyOf(orderId)).toHaveLength(2);
});

test('an order that is not due is passed over with where it stands', async () => {
  const pending = await place();
  const delivered = await place();
  const cancelled = await place();
  await harness.walk(delivered, 'DELIVERED');
  await harness.cancel(cancelled);
  const orderIds = [pending, delivered, cancelled, 'nothing'];
  expect(await harness.move('SHIPPED', orderIds)).toEqual([
    { outcome: 'SKIPPED', orderId: pending, status: 'PENDING' },
    { outcome: 'SKIPPED', orderId: delivered, status: 'DELIVERED' },
    { outcome: 'SKIPPED', orderId: cancelled, status: 'CANCELLED' },
    { outcome: 'SKIPPED', orderId: 'nothing' },
  ]);
  expect(await harness.statusOf(cancelled)).toBe('CANCELLED');
});

test('each order of a batch gets its own result in the order asked, one named twice gets one', async () => {
  const [due, before, unknown] = [await place(), await place(), 'nothing'];
  await harness.move('PROCESSING', [before]);
  const results = await harness.move('PROCESSING', [unknown, before, due, unknown, due]);
  expect(results.map(({ outcome }) => outcome)).toEqual(['SKIPPED', 'ALREADY', 'MOVED']);
});

test('two that move an order at the same moment move it once', async () => {
  const orderId = await place();
  const results = await meetAtOrder(harness.database.orders, { orderId, waiting: 2 }, () =>
    Promise.all([harness.move('PROCESSING', [orderId]), harness.move('PROCESSING', [orderId], other)]),
  );
  expect(
    results
      .flat()
      .map(({ outcome }) => outcome)
      .toSorted(),
  ).toEqual(['ALREADY', 'MOVED']);
  expect(await harness.historyOf(orderId)).toHaveLength(2);
});

test('batches that name the same orders in opposite order do not block one another', async () => {
  const orderIds = await Promise.all(times(100, () => place()));
  const results = await Promise.all([
    harness.move('PROCESSING', orderIds),
    harness.move('PROCESSING', orderIds.toReversed(), other),
    harness.move('PROCESSING', orderIds.toReversed()),
  ]);
  const moved = results.flat().filter(({ outcome }) => outcome === 'MOVED');
  expect(moved).toHaveLength(100);
});

test('a clock that is set back does not put the history out of order', async () => {
  const orderId = await place();
  const placedAt = clock;
  clock -= 3_600_000;
  const [moved] = await harness.move('PROCESSING', [orderId]);
  expect(moved).toMatchObject({ order: { updatedAt: iso(placedAt) } });
  await harness.walk(orderId, 'DELIVERED');
  clock = placedAt;
  const history = await harness.historyOf(orderId);
  expect(history.map(({ status }) => status)).toEqual(['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED']);
  expect(history.map(({ at }) => at)).toEqual(times(4, () => iso(placedAt)));
});

const overdue = async (olderThanMs: number, limit: number, after?: string): Promise<string[]> => {
  const body = { olderThanMs, limit, ...(after === undefined ? {} : { after }) };
  const reply = await harness.orders.call(orderLifecycleApi.findOverdueOrders, { body });
  return 'orderIds' in reply.body ? reply.body.orderIds : [];
};

test('orders that have been PENDING for so long are found page by page, oldest first, each once', async () => {
  await harness.move('PROCESSING', await overdue(0, 1_000));
  const old: string[] = [];
  for (let order = 0; order < 5; order += 1) old.push(await place());
  const movedOn = await place();
  await harness.move('PROCESSING', [movedOn]);
  clock += 60_000;
  const young = await place();
  expect(await overdue(60_000, 100)).toEqual(old);
  expect(await overdue(60_001, 100)).toEqual([]);
  expect(await overdue(0, 100)).toEqual([...old, young]);

  const found: string[] = [];
  for (let page = await overdue(60_000, 2); page.length > 0; page = await overdue(60_000, 2, page.at(-1))) {
    found.push(...page);
    // What was found is transitioned meanwhile, as the sweep does it.
    await harness.move('PROCESSING', page);
  }
  expect(found).toEqual(old);
});
