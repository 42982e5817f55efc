import { beforeAll, expect, test } from '@jest/globals';
import { eventually, times } from '@order-pipeline/testing';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { createSwitchedBroker, useEvents, WAIT } from './broker.ts';
import { USER, orderOf, startHarness, waitingEvents, useHarness } from './harness.ts';

let item: string;

const postgres = useTestPostgres();
const broker = createSwitchedBroker(true);
const harness = useHarness(postgres, { broker });
const reader = useEvents(broker, ['ORDER_PLACED']);

beforeAll(async () => {
  item = await harness.addItem(1_000_000);
});

const timesPublished = (orderId: string): number => reader.about(orderId).length;

test('a placed order is announced with its key, its CloudEvents headers and the trace of its request', async () => {
  const order = orderOf({ [item]: 3 });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-00` };
  const response = await harness.orders.server.inject({
    method: 'POST',
    url: '/api/orders',
    payload: { order },
    headers,
  });
  expect(response.statusCode).toBe(201);
  await eventually(() => expect(timesPublished(order.orderId)).toBe(1), WAIT);
  const [event] = reader.about(order.orderId);
  const [placed] = await harness.historyOf(order.orderId);
  const { orderId, items } = order;
  expect(event).toEqual({
    key: orderId,
    value: { orderId, userId: USER, items, status: 'PENDING', at: placed?.at },
    headers: {
      ce_specversion: '1.0',
      ce_id: `${orderId}:PENDING`,
      ce_source: '/order-pipeline/orders',
      ce_type: 'ORDER_PLACED',
      ce_subject: orderId,
      ce_time: placed?.at,
      'content-type': 'application/json',
      traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)[0-9a-f]{16}-00$`)),
    },
  });
  await eventually(async () => expect(await waitingEvents(harness)).toEqual([]));
});

test('while the broker is down orders are placed; their events are published when it is back, each once', async () => {
  broker.isDown = true;
  const orderIds = await Promise.all(times(20, () => harness.placed({ [item]: 1 })));
  expect((await waitingEvents(harness)).toSorted()).toEqual(orderIds.map((id) => `${id}:PENDING`).toSorted());
  broker.isDown = false;
  await eventually(() => expect(orderIds.map(timesPublished)).toEqual(orderIds.map(() => 1)), WAIT);
  await eventually(async () => expect(await waitingEvents(harness)).toEqual([]));
});

test('an order that is refused, repeated or cancelled stores no event', async () => {
  broker.isDown = true;
  const order = orderOf({ [item]: 1 });
  await harness.place(order);
  await harness.place(order);
  await harness.place(orderOf({ [item]: 1 }, { userId: 'nobody' }));
  await harness.place(orderOf({ nothing: 1 }));
  await harness.cancel(order.orderId);
  expect(await waitingEvents(harness)).toEqual([`${order.orderId}:PENDING`]);
  broker.isDown = false;
  await eventually(async () => expect(await waitingEvents(harness)).toEqual([]));
});

test('two instances publish what waits, each event once', async () => {
  broker.isDown = true;
  const orderIds = await Promise.all(times(30, () => harness.placed({ [item]: 1 })));
  const other = await harness.anotherOrders();
  broker.isDown = false;
  const later = await Promise.all(times(30, () => harness.place(orderOf({ [item]: 1 }), other)));
  expect(later.every(({ status }) => status === 201)).toBe(true);
  await eventually(async () => expect(await waitingEvents(harness)).toEqual([]), WAIT);
  await eventually(() => expect(orderIds.map(timesPublished)).toEqual(orderIds.map(() => 1)));
});

test('an event that one instance has in hand is not published by another', async () => {
  const other = await harness.anotherOrders();
  const stop = harness.runtime.orders.stopAt('orders.afterPublishBeforeOutboxDelete');
  const inHand = await harness.placed({ [item]: 1 });
  await Promise.race([stop.reached, eventually(() => expect(timesPublished(inHand)).toBe(1), WAIT)]);
  const next = orderOf({ [item]: 1 });
  await harness.place(next, other);
  await eventually(() => expect(timesPublished(next.orderId)).toBe(1), WAIT);
  expect(timesPublished(inHand)).toBe(1);
  stop.resume();
  await eventually(async () => expect(await waitingEvents(harness)).toEqual([]));
});

test('a crash after the publication and before the event is struck off has it published again', async () => {
  const crashing = await startHarness(postgres, { broker });
  closeAfterTests(crashing.close);
  const stop = crashing.runtime.orders.stopAt('orders.afterPublishBeforeOutboxDelete');
  const orderId = await crashing.placed({ [await crashing.addItem(1)]: 1 });
  await stop.reached;
  await eventually(() => expect(timesPublished(orderId)).toBe(1), WAIT);
  // When a process dies, its connections are closed for it.
  await crashing.database.orders.$queryRaw`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle in transaction'`;
  await crashing.anotherOrders();
  await eventually(() => expect(timesPublished(orderId)).toBe(2), WAIT);
  const [first, second] = reader.about(orderId);
  expect(second?.headers['ce_id']).toBe(first?.headers['ce_id']);
  expect(second?.value).toEqual(first?.value);
  await eventually(async () => {
    expect(await crashing.database.orders.$queryRaw`SELECT FROM outbox`).toEqual([]);
  });
  stop.resume();
});
