import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  ANYBODY,
  CALLS_PATH,
  type Actor,
  ordersApi,
  type Input,
  type Operation,
} from '@order-pipeline/contracts';
import { createTestLogger, inTurn, times } from '@order-pipeline/testing';
import { createBatchingTransport, createRuntime } from '../../src/index.ts';
import { endOperation, order, startHarness, type Harness } from './harness.ts';

let harness: Harness;
/** What came in over the wire. */
let received: { readonly url: string; readonly body: unknown }[];
let peer: ReturnType<typeof createBatchingTransport>;

beforeEach(async () => {
  harness = await startHarness();
  received = [];
  harness.service.server.addHook('preHandler', async ({ url, body }) => void received.push({ url, body }));
  peer = createBatchingTransport('orders', await harness.service.listen(), 1_000, createRuntime());
});

afterEach(() =>
  inTurn(
    () => peer.close(),
    () => harness.service.close(),
  ),
);

const { logger } = createTestLogger();

const ask = <O extends Operation>(
  operation: O,
  input: Partial<Input<O>>,
  requestId = 'req-1',
  actor: Actor = ANYBODY,
) => {
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  return peer.transport(operation, input, { requestId, trace, actor, logger });
};

const end = (how: string, requestId?: string) => ask(endOperation, { params: { how } }, requestId);

test('calls that are made together travel in one request, each with its own input, request id, trace and reply', async () => {
  const ids = ['order-1', 'order-2', 'order-3'];
  const replies = await Promise.all(
    ids.map((orderId) => ask(ordersApi.placeOrder, { body: order({ orderId }) }, `req-${orderId}`)),
  );
  expect(received.map(({ url }) => url)).toEqual([CALLS_PATH]);
  expect(harness.asked.map(({ path, input }) => [path, input])).toEqual(
    ids.map((orderId) => [ordersApi.placeOrder.path, { body: order({ orderId }) }]),
  );
  expect(harness.asked.map(({ call }) => call.requestId)).toEqual(ids.map((orderId) => `req-${orderId}`));
  expect(new Set(harness.asked.map(({ call }) => call.trace.traceId))).toEqual(new Set(['a'.repeat(32)]));
  expect(replies).toEqual(
    ids.map(() => ({ status: 201, body: { message: 'Order placed successfully', orderId: 'order-1' } })),
  );
});

const alice: Actor = { kind: 'token', name: 'alice', userId: 'alice', scopes: ['orders:write'] };
const operator: Actor = { kind: 'operator', name: 'operator', scopes: ['ops:read', 'ops:write'] };

test('each call is made for its own actor, alone and among others', async () => {
  const actors = [alice, ANYBODY, operator, { ...alice, name: 'bob', userId: 'bob' }];
  const askFor = (actor: Actor) => ask(ordersApi.placeOrder, { body: order() }, 'req-1', actor);
  await Promise.all(actors.map(askFor));
  expect(received.map(({ url }) => url)).toEqual([CALLS_PATH]);
  await askFor(alice);
  expect(received.at(-1)?.url).toBe('/api/orders');
  expect(harness.asked.map(({ call }) => call.actor)).toEqual([...actors, alice]);
});

test('one that is alone goes as a client would send it', async () => {
  expect(await end('well')).toMatchObject({ status: 200, body: {} });
  expect(received).toEqual([{ url: '/api/end/well', body: undefined }]);
});

test('what one of them meets is not the fate of the others', async () => {
  const replies = await Promise.all([end('well'), end('broken'), end('down'), end('well')]);
  expect(received.map(({ url }) => url)).toEqual([CALLS_PATH]);
  expect(replies.map(({ status }) => status)).toEqual([200, 500, 503, 200]);
  expect(replies[2]?.headers).toEqual({ 'retry-after': '1' });
  expect(JSON.stringify(replies)).not.toContain('hunter2');
});

test('each is held to the schemas of its operation', async () => {
  const bad = { order: { ...order().order, items: [] } };
  const replies = await Promise.all([
    ask(ordersApi.placeOrder, { body: order() }),
    ask(ordersApi.placeOrder, { body: bad }),
    ask(ordersApi.getOrder, { params: { orderId: 'order-1' } }),
    ask(ordersApi.getOrder, { params: { orderId: '' } }),
  ]);
  expect(received.map(({ url }) => url)).toEqual([CALLS_PATH, CALLS_PATH]);
  expect(replies.map(({ status }) => status)).toEqual([201, 400, 200, 400]);
  expect(replies[1]).toMatchObject({
    body: { code: 'VALIDATION_FAILED', details: [{ field: 'order.items' }] },
  });
  expect(harness.asked).toHaveLength(2);
});

test('calls of different operations do not wait for one another', async () => {
  await Promise.all([end('well'), ask(ordersApi.getOrder, { params: { orderId: 'order-1' } })]);
  expect(received.map(({ url }) => url).toSorted()).toEqual(['/api/end/well', '/api/orders/order-1']);
});

test('lists go by themselves: their answers may be long', async () => {
  await Promise.all(times(3, () => ask(ordersApi.listOrders, {})));
  expect(received.map(({ url }) => url)).toEqual(times(3, () => ordersApi.listOrders.path));
});

test('a long one goes by itself', async () => {
  const items = Array.from({ length: 100 }, (_, index) => ({
    itemId: `item-${index}-${'x'.repeat(30)}`,
    quantity: 1,
  }));
  const bodies = [order({ items }), order({ orderId: 'order-2' }), order({ orderId: 'order-3' })];
  await Promise.all(bodies.map((body) => ask(ordersApi.placeOrder, { body })));
  expect(received.map(({ url }) => url).toSorted()).toEqual([ordersApi.placeOrder.path, CALLS_PATH]);
});

test('those that travel together are unavailable together when nobody answers', async () => {
  await harness.service.server.close();
  const results = await Promise.allSettled([end('well'), end('well')]);
  expect(results.map((result) => result.status === 'rejected' && result.reason)).toEqual([
    expect.objectContaining({ code: 'UNAVAILABLE' }),
    expect.objectContaining({ code: 'UNAVAILABLE' }),
  ]);
});

test('the time of each call is taken down under its own route', async () => {
  await Promise.all([end('well'), end('well'), end('down')]);
  const metrics = await harness.service.registry.metrics();
  expect(metrics).toMatch(/duration_seconds_count\{.*route="\/api\/end\/:how",status="200"\} 2/);
  expect(metrics).toMatch(/duration_seconds_count\{.*route="\/api\/end\/:how",status="503"\} 1/);
});

test.each([
  ['an unknown operation', { operation: 'GET /nothing', calls: [{ requestId: 'a', traceparent: 'b' }] }, 404],
  ['no calls', { operation: 'GET /api/orders', calls: [] }, 400],
  ['something else', [], 400],
])('a request of %s is refused', async (_, payload, status) => {
  const answer = await harness.service.server.inject({ method: 'POST', url: CALLS_PATH, payload });
  expect(answer.statusCode).toBe(status);
});
