import { expect, test } from '@jest/globals';
import { orderLifecycleApi, ordersApi, type HistoryEntry, type OrderStatus } from '@order-pipeline/contracts';
import { ok, refuse, unavailable, type Route, type Runtime } from '@order-pipeline/service-kit';
import {
  createManualTime,
  createTestRuntime,
  eventually,
  startTestService,
  type TestService,
} from '@order-pipeline/testing';
import { apiGatewayService } from '../../src/index.ts';
import { openStream } from '../event-stream.ts';
import { useListening } from '../gateway.ts';

const histories = new Map<string, HistoryEntry[]>();
let isDown = false;
let isStatusDown = false;
let reads = 0;
let batches = 0;

const facade: readonly Route[] = [
  {
    operation: ordersApi.getOrderHistory,
    handle: async ({ params }) => {
      reads += 1;
      const { orderId } = params as { orderId: string };
      const history = histories.get(orderId);
      return history ? ok([...history]) : refuse('ORDER_NOT_FOUND', `There is no order ${orderId}`);
    },
  },
  {
    operation: orderLifecycleApi.findHistories,
    handle: async ({ body }) => {
      if (isDown) throw unavailable('down');
      batches += 1;
      const { orderIds } = body as { orderIds: string[] };
      const found = orderIds.flatMap((orderId) => {
        const history = histories.get(orderId);
        return history ? [{ orderId, history: [...history] }] : [];
      });
      return ok({ histories: found });
    },
  },
  {
    operation: orderLifecycleApi.findOrderStatuses,
    handle: async ({ body }) => {
      if (isStatusDown) throw unavailable('down');
      const { orderIds } = body as { orderIds: string[] };
      const orders = orderIds.flatMap((orderId) => {
        const status = histories.get(orderId)?.at(-1)?.status;
        return status ? [{ orderId, status }] : [];
      });
      return ok({ orders });
    },
  },
];

const entryOf = (status: OrderStatus): HistoryEntry => ({
  status,
  at: '2026-01-01T12:00:00.000Z',
  cause: 'test',
});
let made = 0;
const order = (...statuses: OrderStatus[]): string => {
  const orderId = `order-${(made += 1)}`;
  histories.set(orderId, statuses.map(entryOf));
  return orderId;
};
const move = (orderId: string, status: OrderStatus) => histories.get(orderId)?.push(entryOf(status));

const start = (
  environment: Record<string, string> = {},
  runtime: Runtime = createTestRuntime(),
): Promise<TestService> =>
  startTestService(apiGatewayService, { environment, runtime, clients: { 'orders-facade': facade } });

const gateway = useListening(start);

/** Reads a stream as it comes. */
const watch = async (
  orderId: string,
  { lastEventId, at = gateway.url }: { lastEventId?: string; at?: string } = {},
) => {
  const stream = await openStream(
    `${at}/api/orders/${orderId}/events`,
    lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  );
  return {
    ...stream,
    events: () =>
      [...stream.text().matchAll(/^id: (\d+)\nevent: status\ndata: (.*)$/gm)].map(([, id, data]) => [
        id,
        (JSON.parse(data ?? '') as HistoryEntry).status,
      ]),
  };
};

const waiting = async (on: TestService): Promise<number> => {
  const [sample] = (await on.registry.getSingleMetric('order_waiters')?.get())?.values ?? [];
  return sample?.value ?? 0;
};

test('each step is an event with its number, and the stream ends with the order', async () => {
  const orderId = order('PENDING', 'PROCESSING');
  const stream = await watch(orderId);
  expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  await eventually(() =>
    expect(stream.events()).toEqual([
      ['1', 'PENDING'],
      ['2', 'PROCESSING'],
    ]),
  );
  move(orderId, 'SHIPPED');
  move(orderId, 'DELIVERED');
  await stream.whole;
  expect(stream.events().slice(2)).toEqual([
    ['3', 'SHIPPED'],
    ['4', 'DELIVERED'],
  ]);
  expect(stream.text()).toMatch(/^retry: \d+\n/);
});

test('Last-Event-ID continues behind it; a reconnect after the end is 204', async () => {
  const orderId = order('PENDING', 'CANCELLED');
  const stream = await watch(orderId, { lastEventId: '1' });
  await stream.whole;
  expect(stream.events()).toEqual([['2', 'CANCELLED']]);
  const again = await watch(orderId, { lastEventId: '2' });
  expect([again.response.status, again.text()]).toEqual([204, '']);
});

test.each(['', 'x', '-1', '99999999999'])(
  'a Last-Event-ID that is none of ours begins anew: %p',
  async (lastEventId) => {
    const stream = await watch(order('PENDING', 'CANCELLED'), { lastEventId });
    await stream.whole;
    expect(stream.events()).toHaveLength(2);
  },
);

test('an unknown order is 404 as JSON', async () => {
  const { response } = await watch('nowhere');
  expect(response.status).toBe(404);
});

test('an unavailable dependency for a moment ends no stream', async () => {
  const orderId = order('PENDING');
  const stream = await watch(orderId);
  await eventually(() => expect(stream.events()).toHaveLength(1));
  isDown = true;
  move(orderId, 'CANCELLED');
  await eventually(() => expect(gateway.logs.some(({ msg }) => msg === 'dependency unavailable')).toBe(true));
  isDown = false;
  await stream.whole;
  expect(stream.events().at(-1)).toEqual(['2', 'CANCELLED']);
});

test('the histories of orders that change at once are read together', async () => {
  const other = await start();
  const at = await other.listen();
  const orderIds = Array.from({ length: 40 }, () => order('PENDING'));
  const before = reads;
  const streams = await Promise.all(orderIds.map((orderId) => watch(orderId, { at })));
  await eventually(async () => expect(await waiting(other)).toBe(40), { timeoutMs: 20_000 });
  expect(reads).toBe(before + 40);
  // After a look that failed all are due, and looked at together.
  isStatusDown = true;
  await eventually(() => expect(other.logs.some(({ msg }) => msg === 'dependency unavailable')).toBe(true));
  for (const orderId of orderIds) move(orderId, 'CANCELLED');
  batches = 0;
  isStatusDown = false;
  await Promise.all(streams.map(({ whole }) => whole));
  expect(streams.map((stream) => stream.events().at(-1))).toEqual(orderIds.map(() => ['2', 'CANCELLED']));
  expect(reads).toBe(before + 40);
  expect(batches).toBeLessThanOrEqual(3);
  await other.close();
}, 60_000);

test('the stream of an order that is archived before its end was seen ends, and a reconnect says why', async () => {
  const orderId = order('PENDING');
  const stream = await watch(orderId);
  await eventually(() => expect(stream.events()).toHaveLength(1));
  histories.delete(orderId);
  await stream.whole;
  expect(stream.events()).toEqual([['1', 'PENDING']]);
  const again = await watch(orderId, { lastEventId: '1' });
  expect(again.response.status).toBe(404);
});

test('a client that leaves is forgotten', async () => {
  const stream = await watch(order('PENDING'));
  await eventually(async () => expect(await waiting(gateway)).toBe(1));
  stream.leave();
  await eventually(async () => expect(await waiting(gateway)).toBe(0));
});

test('a stream without news says every 15 s that it lives, and ends after 15 minutes', async () => {
  const time = createManualTime();
  const other = await start({}, time.runtime);
  const stream = await watch(order('PENDING'), { at: await other.listen() });
  await eventually(() => expect(stream.events()).toHaveLength(1));
  await eventually(async () => expect(await waiting(other)).toBe(1));
  time.advance(15_000);
  await eventually(() => expect(stream.text()).toContain(': still here\n\n'));
  time.advance(15 * 60_000);
  await stream.whole;
  await eventually(async () => expect(await waiting(other)).toBe(0));
  await other.close();
});

test('a stop ends all streams, and is not held up by them', async () => {
  const other = await start();
  const at = await other.listen();
  const streams = await Promise.all([watch(order('PENDING'), { at }), watch(order('PENDING'), { at })]);
  await eventually(async () => expect(await waiting(other)).toBe(2));
  const closing = other.server.close();
  await Promise.all(streams.map(({ whole }) => whole));
  await closing;
  await other.close();
});

test('a stream counts once in the rate limit', async () => {
  const other = await start({ RATE_LIMIT: '2' });
  const at = await other.listen();
  const orderId = order('PENDING');
  const stream = await watch(orderId, { at });
  move(orderId, 'CANCELLED');
  await stream.whole;
  expect((await watch(orderId, { at, lastEventId: '2' })).response.status).toBe(204);
  await other.close();
});
