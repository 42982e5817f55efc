import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { orderLifecycleApi, ordersApi, type OrderStatus } from '@order-pipeline/contracts';
import { ok, refuse, unavailable, type Route } from '@order-pipeline/service-kit';
import { eventually, startTestService, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../../src/index.ts';

const AT = '2026-01-01T12:00:00.000Z';
const statuses = new Map<string, OrderStatus>();
let reads = 0;
let batches = 0;
let isDown = false;

const exampleOf = (orderId: string, status: OrderStatus) => ({
  orderId,
  userId: 'user11',
  items: [{ itemId: 'item1', quantity: 3 }],
  status,
  createdAt: AT,
  updatedAt: AT,
});

const findStored = (body: unknown): [string, OrderStatus][] =>
  (body as { orderIds: string[] }).orderIds.flatMap((orderId) => {
    const status = statuses.get(orderId);
    return status ? [[orderId, status] as [string, OrderStatus]] : [];
  });

/** A facade over orders whose statuses the tests set. */
const facade: readonly Route[] = [
  {
    operation: ordersApi.getOrder,
    handle: async ({ params }) => {
      reads += 1;
      const { orderId } = params as { orderId: string };
      const status = statuses.get(orderId);
      return status
        ? ok(exampleOf(orderId, status))
        : refuse('ORDER_NOT_FOUND', `There is no order ${orderId}`);
    },
  },
  {
    operation: orderLifecycleApi.findOrderStatuses,
    handle: async ({ body }) => {
      if (isDown) throw unavailable('down');
      return ok({ orders: findStored(body).map(([orderId, status]) => ({ orderId, status })) });
    },
  },
  {
    operation: orderLifecycleApi.findOrders,
    handle: async ({ body }) => {
      batches += 1;
      return ok({ orders: findStored(body).map(([orderId, status]) => exampleOf(orderId, status)) });
    },
  },
];

const start = (environment: Record<string, string> = {}): Promise<TestService> =>
  startTestService(apiGatewayService, { environment, clients: { 'orders-facade': facade } });

let gateway: TestService;
let made = 0;
const order = (status: OrderStatus): string => {
  const orderId = `order-${(made += 1)}`;
  statuses.set(orderId, status);
  return orderId;
};

beforeAll(async () => {
  gateway = await start();
});

afterAll(() => gateway.close());

const get = (path: string, headers: Record<string, string> = {}, on = gateway) =>
  on.server.inject({ url: `/api/orders/${path}`, headers });

const waiting = async (on = gateway): Promise<number> => {
  const [sample] = (await on.registry.getSingleMetric('order_waiters')?.get())?.values ?? [];
  return sample?.value ?? 0;
};
const untilWaiting = (count: number, on = gateway) =>
  eventually(async () => expect(await waiting(on)).toBe(count), { timeoutMs: 20_000 });

test('an order has an ETag, and is answered as before', async () => {
  const orderId = order('PENDING');
  const response = await get(orderId);
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual(exampleOf(orderId, 'PENDING'));
  expect(response.headers).toMatchObject({ etag: '"PENDING"' });
  expect(response.headers).not.toHaveProperty('preference-applied');
});

test('who has it is answered 304 without a body, until it changes', async () => {
  const orderId = order('PENDING');
  const same = await get(orderId, { 'if-none-match': '"PENDING"' });
  expect([same.statusCode, same.body, same.headers.etag]).toEqual([304, '', '"PENDING"']);
  statuses.set(orderId, 'PROCESSING');
  const changed = await get(orderId, { 'if-none-match': '"PENDING"' });
  expect([changed.statusCode, changed.headers.etag]).toEqual([200, '"PROCESSING"']);
});

test.each([
  ['Prefer', '', { prefer: 'wait=30' }],
  ['the query', '&wait=30', {}],
])('it is answered as soon as it is there, by %s', async (_, query, headers) => {
  const orderId = order('PENDING');
  const answer = get(`${orderId}?until=SHIPPED${query}`, headers);
  await untilWaiting(1);
  statuses.set(orderId, 'PROCESSING');
  statuses.set(orderId, 'SHIPPED');
  const response = await answer;
  expect([response.statusCode, response.json()]).toEqual([200, exampleOf(orderId, 'SHIPPED')]);
  expect(response.headers).toMatchObject({ etag: '"SHIPPED"', 'preference-applied': 'wait=30' });
  expect(await waiting()).toBe(0);
});

test.each<[OrderStatus, OrderStatus]>([
  ['DELIVERED', 'SHIPPED'],
  ['SHIPPED', 'SHIPPED'],
  ['CANCELLED', 'DELIVERED'],
  ['PROCESSING', 'CANCELLED'],
])('an order that is %s is answered at once until %s', async (status, until) => {
  const response = await get(`${order(status)}?until=${until}&wait=60`);
  expect([response.statusCode, response.json()]).toMatchObject([200, { status }]);
  expect(response.headers).toMatchObject({ 'preference-applied': 'wait=60' });
});

test('one that is cancelled meanwhile will not come, and is answered', async () => {
  const orderId = order('PENDING');
  const answer = get(`${orderId}?until=DELIVERED&wait=60`);
  await untilWaiting(1);
  statuses.set(orderId, 'CANCELLED');
  expect((await answer).json()).toMatchObject({ status: 'CANCELLED' });
});

test('one that is archived meanwhile is answered by its absence, before the time is over', async () => {
  const orderId = order('PENDING');
  const answer = get(`${orderId}?until=DELIVERED&wait=60`);
  await untilWaiting(1);
  statuses.delete(orderId);
  expect((await answer).statusCode).toBe(404);
});

test('those who waited for orders that change at once read them together', async () => {
  const other = await start();
  const orderIds = Array.from({ length: 300 }, () => order('PENDING'));
  const before = reads;
  const answers = orderIds.map((orderId) => get(`${orderId}?until=PROCESSING&wait=60`, {}, other));
  await untilWaiting(300, other);
  // After a look that failed all are due, and looked at together.
  isDown = true;
  await eventually(() => expect(other.logs.some(({ msg }) => msg === 'dependency unavailable')).toBe(true));
  for (const orderId of orderIds) statuses.set(orderId, 'PROCESSING');
  batches = 0;
  isDown = false;
  const responses = await Promise.all(answers);
  expect(responses.map((response) => response.json<{ orderId: string }>().orderId)).toEqual(orderIds);
  expect(responses.every(({ statusCode }) => statusCode === 200)).toBe(true);
  expect(reads).toBe(before + 300);
  expect(batches).toBeLessThanOrEqual(6);
  await other.close();
}, 60_000);

test('when the time is over it is answered as it is then', async () => {
  const orderId = order('PENDING');
  const answer = get(`${orderId}?until=DELIVERED&wait=1`);
  await untilWaiting(1);
  statuses.set(orderId, 'PROCESSING');
  const response = await answer;
  expect([response.statusCode, response.json()]).toMatchObject([200, { status: 'PROCESSING' }]);
  expect(response.headers).toMatchObject({ 'preference-applied': 'wait=1' });
});

test('a wait is measured apart from the answer, and what does not wait is none', async () => {
  const other = await start();
  const heldBy = async () => {
    const text = await other.registry.metrics();
    return Number(
      /^http_hold_duration_seconds_count\{.*route="\/api\/orders\/:orderId"\} (\d+)$/m.exec(text)?.[1] ?? 0,
    );
  };
  const orderId = order('PENDING');
  await get(orderId, {}, other);
  await get(`${orderId}?until=PENDING&wait=60`, {}, other);
  expect(await heldBy()).toBe(0);
  const answer = get(`${orderId}?until=DELIVERED&wait=60`, {}, other);
  await untilWaiting(1, other);
  statuses.set(orderId, 'DELIVERED');
  await answer;
  expect(await heldBy()).toBe(1);
  await other.close();
});

test('If-None-Match waits for a change: 200 with it, 304 without', async () => {
  const orderId = order('PENDING');
  const same = await get(orderId, { 'if-none-match': '"PENDING"', prefer: 'wait=1' });
  expect([same.statusCode, same.body]).toEqual([304, '']);
  expect(same.headers).toMatchObject({ etag: '"PENDING"', 'preference-applied': 'wait=1' });
  const answer = get(orderId, { 'if-none-match': '"PENDING"', prefer: 'wait=60' });
  await untilWaiting(1);
  statuses.set(orderId, 'PROCESSING');
  expect((await answer).json()).toEqual(exampleOf(orderId, 'PROCESSING'));
});

test('without a wait, until asks for nothing', async () => {
  const response = await get(`${order('PENDING')}?until=DELIVERED`);
  expect([response.statusCode, response.json()]).toMatchObject([200, { status: 'PENDING' }]);
  expect(response.headers).not.toHaveProperty('preference-applied');
});

test('an unknown order is 404 at once', async () => {
  const response = await get('nowhere?until=DELIVERED&wait=60');
  expect([response.statusCode, response.json()]).toMatchObject([404, { code: 'ORDER_NOT_FOUND' }]);
});

test.each([
  'until=LOST',
  'until=delivered',
  'wait=0',
  'wait=61',
  'wait=1.5',
  'until=SHIPPED&wait=x',
  'untl=SHIPPED',
])('what cannot be waited for is refused by name: %s', async (query) => {
  const response = await get(`${order('PENDING')}?${query}`);
  expect([response.statusCode, response.json()]).toMatchObject([400, { code: 'VALIDATION_FAILED' }]);
  expect(response.json<{ error: string }>().error).toContain(query.split('&').at(-1)?.split('=')[0]);
});

test('while the orders service does not answer they wait, and are answered when it does', async () => {
  const orderId = order('PENDING');
  isDown = true;
  const answer = get(`${orderId}?until=DELIVERED&wait=60`);
  await untilWaiting(1);
  statuses.set(orderId, 'DELIVERED');
  await eventually(() => expect(gateway.logs.some(({ msg }) => msg === 'dependency unavailable')).toBe(true));
  expect(await waiting()).toBe(1);
  isDown = false;
  expect((await answer).json()).toMatchObject({ status: 'DELIVERED' });
});

test('a client that leaves is forgotten, and its order is not read again', async () => {
  const other = await start();
  const url = await other.listen();
  const leaving = new AbortController();
  const answer = fetch(`${url}/api/orders/${order('PENDING')}?until=DELIVERED&wait=60`, {
    signal: leaving.signal,
  }).catch((error: unknown) => (error as Error).name);
  await untilWaiting(1, other);
  const before = reads;
  leaving.abort();
  expect(await answer).toBe('AbortError');
  await untilWaiting(0, other);
  expect(reads).toBe(before);
  await other.close();
});

test('a stop answers all who wait, as their orders are then, and without having waited', async () => {
  const other = await start();
  const url = await other.listen();
  const orderId = order('PENDING');
  const answers = ['', '?until=DELIVERED'].map((query) =>
    fetch(`${url}/api/orders/${orderId}${query}`, {
      headers: { prefer: 'wait=60', 'if-none-match': '"PENDING"' },
    }),
  );
  await untilWaiting(2, other);
  // The server alone: what closes after it would end the waits too, when it is too late.
  const closing = other.server.close();
  const responses = await Promise.all(answers);
  expect(responses.map(({ status }) => status)).toEqual([304, 304]);
  expect(responses.map(({ headers }) => headers.get('preference-applied'))).toEqual([null, null]);
  await closing;
  await other.close();
});

test('a request that waits counts once in the rate limit', async () => {
  const other = await start({ RATE_LIMIT: '2' });
  const orderId = order('PENDING');
  const answer = get(`${orderId}?until=DELIVERED&wait=60`, {}, other);
  await untilWaiting(1, other);
  statuses.set(orderId, 'DELIVERED');
  expect((await answer).statusCode).toBe(200);
  expect((await get(orderId, {}, other)).statusCode).toBe(200);
  await other.close();
});
