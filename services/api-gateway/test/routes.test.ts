import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CALLS_PATH, GATEWAY_OPERATIONS, ordersApi } from '@order-pipeline/contracts';
import { defineService, type Route } from '@order-pipeline/service-kit';
import { eventually, startTestService, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';
import { asOperator, facadeRoutes, OPERATOR_TOKEN, startGateway } from './gateway.ts';

let gateway: TestService;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.close());

const forwarded = Object.entries(GATEWAY_OPERATIONS).filter(([, { owner }]) => owner !== 'api-gateway');

test.each(forwarded)('%s is answered by the facade', async (_, operation) => {
  const response = await gateway.server.inject({
    method: operation.method,
    url: operation.path.replace(/:\w+/g, 'id-1'),
    headers: asOperator,
    ...(operation.exampleBody === undefined ? {} : { payload: operation.exampleBody as object }),
  });
  expect(response.statusCode).toBe(operation.status);
  expect(response.json()).toEqual(operation.exampleReply);
});

test.each([
  CALLS_PATH,
  '/internal/users/find',
  '/internal/overview',
  '/internal/orders/move',
  '/internal/reservations/reserve',
])('what services ask one another is not to be had at the gateway: %s', async (url) => {
  const response = await gateway.server.inject({ method: 'POST', url, payload: {} });
  expect(response.statusCode).toBe(404);
  expect(response.json()).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
});

test('without the facade it answers 503 with Retry-After and is not ready, but lives', async () => {
  const alone = await startTestService(apiGatewayService);
  const response = await alone.server.inject('/api/orders');
  expect(response.statusCode).toBe(503);
  expect(response.headers['retry-after']).toBe('1');
  expect(response.json()).toMatchObject({ code: 'UNAVAILABLE', status: 503 });
  expect((await alone.server.inject('/health/ready')).statusCode).toBe(503);
  expect((await alone.server.inject('/health/live')).statusCode).toBe(200);
  await alone.close();
});

test('a facade in another process is asked over HTTP', async () => {
  const asked: unknown[] = [];
  const routes = facadeRoutes.map(({ operation }): Route => ({
    operation,
    handle: async ({ params }, { requestId }) => {
      asked.push({ path: operation.path, params, requestId });
      return { status: operation.status, body: operation.exampleReply };
    },
  }));
  const facade = await startTestService(
    defineService({ ...apiGatewayService, name: 'orders-facade', start: async () => ({ routes }) }),
  );
  const front = await startTestService(apiGatewayService, {
    clients: { 'orders-facade': await facade.listen() },
  });
  try {
    await front.server.inject({ url: '/api/users/a:b', headers: { 'x-request-id': 'mine' } });
    await front.call(ordersApi.getOrderHistory, { params: { orderId: '..' } });
    expect(asked).toMatchObject([
      { path: '/api/users/:userId', params: { userId: 'a:b' }, requestId: 'mine' },
      { path: '/api/orders/:orderId/history', params: { orderId: '..' } },
    ]);
    expect((await front.server.inject('/health/ready')).statusCode).toBe(200);
    await facade.close();
    await eventually(async () => {
      const ready = await front.server.inject('/health/ready');
      expect(ready.statusCode).toBe(200);
      expect(ready.json()).toMatchObject({ checks: { 'orders-facade service': 'does not answer' } });
    });
    expect((await front.server.inject('/api/users/a')).statusCode).toBe(503);
  } finally {
    await front.close();
    await facade.close();
  }
});

test.each(Object.entries(GATEWAY_OPERATIONS).filter(([, { paged }]) => paged))(
  'a read of %s, services away, is aborted when the client disconnects',
  async (_, { method, path }) => {
    const begun: (AbortSignal | undefined)[] = [];
    const routes = facadeRoutes.map(({ operation }): Route => ({
      operation,
      handle: (__, { signal }) => {
        begun.push(signal);
        return new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve({ status: operation.status, body: [] }));
        });
      },
    }));
    const facade = await startTestService(
      defineService({ ...apiGatewayService, name: 'orders-facade', start: async () => ({ routes }) }),
    );
    const front = await startTestService(apiGatewayService, {
      environment: { OPERATOR_TOKEN },
      clients: { 'orders-facade': await facade.listen() },
    });
    try {
      const url = `${await front.listen()}${path.replace(/:\w+/g, 'id-1')}`;
      const going = new AbortController();
      const gone = expect(
        fetch(url, { method, headers: asOperator, signal: going.signal }),
      ).rejects.toThrow();
      await eventually(() => expect(begun).toHaveLength(1));
      expect(begun[0]?.aborted).toBe(false);
      going.abort();
      await gone;
      await eventually(() => expect(begun[0]?.aborted).toBe(true));
    } finally {
      await front.close();
      await facade.close();
    }
  },
);
