import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FACADE_OPERATIONS, type Input, type Operation, type ServiceName } from '@order-pipeline/contracts';
import { AppError, refuse, type Reply, type Route } from '@order-pipeline/service-kit';
import { startTestService, type TestService } from '@order-pipeline/testing';
import { ordersFacadeService } from '../src/index.ts';

/** What it answers itself is tested by what it answers. */
const operations = Object.entries(FACADE_OPERATIONS).filter(([, { owner }]) => owner !== 'orders-facade');
const asked: { service: ServiceName; operation: Operation; input: Input<Operation> }[] = [];

/** A service that answers everything with its name, or as the id in the path says. */
const stubOf = (service: ServiceName): Route[] =>
  operations.map(([, operation]) => ({
    operation,
    handle: async (input): Promise<Reply> => {
      asked.push({ service, operation, input });
      const { orderId } = (input.params ?? {}) as { orderId?: string };
      if (orderId === 'refused') return refuse('ORDER_NOT_FOUND', 'There is no order refused');
      if (orderId === 'broken') throw new Error('a secret of the database');
      if (orderId === 'down') throw new AppError('UNAVAILABLE', 'Not now');
      return { status: operation.status, body: operation.exampleReply, headers: { link: `<${service}>` } };
    },
  }));

const clients: Partial<Record<ServiceName, readonly Route[]>> = {
  users: stubOf('users'),
  inventory: stubOf('inventory'),
  orders: stubOf('orders'),
};
let facade: TestService;

beforeAll(async () => {
  facade = await startTestService(ordersFacadeService, { clients });
});

afterAll(() => facade.close());

const inputOf = (operation: Operation) => ({
  params: Object.fromEntries([...operation.path.matchAll(/:(\w+)/g)].map(([, name]) => [name ?? '', 'id-1'])),
  body: operation.exampleBody,
});

const requestOf = (operation: Operation) => ({
  method: operation.method,
  url: operation.path.replace(/:\w+/g, 'id-1'),
  ...(operation.exampleBody === undefined ? {} : { payload: operation.exampleBody as object }),
});

test.each(operations)('%s is answered by its owner as the owner answers it', async (_, operation) => {
  asked.length = 0;
  const response = await facade.server.inject(requestOf(operation));
  expect(response.statusCode).toBe(operation.status);
  expect(response.json()).toEqual(operation.exampleReply);
  expect(response.headers.link).toBe(`<${operation.owner}>`);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ service: operation.owner, operation, input: inputOf(operation) });
});

test('a refusal of the owner is passed on as it is', async () => {
  const response = await facade.server.inject('/api/orders/refused');
  expect(response.statusCode).toBe(404);
  const error = 'There is no order refused';
  expect(response.json()).toEqual({ error, status: 404, code: 'ORDER_NOT_FOUND' });
});

test('an owner that breaks answers 500 and keeps its reasons', async () => {
  const response = await facade.server.inject('/api/orders/broken');
  expect(response.statusCode).toBe(500);
  expect(response.body).not.toContain('secret');
});

test('an owner that is down answers 503 with Retry-After', async () => {
  const response = await facade.server.inject('/api/orders/down');
  expect(response.statusCode).toBe(503);
  expect(response.headers['retry-after']).toBe('1');
  expect(response.json()).toEqual({ error: 'Not now', status: 503, code: 'UNAVAILABLE' });
});

test('bad input is refused before anybody is asked', async () => {
  asked.length = 0;
  const response = await facade.server.inject({
    method: 'POST',
    url: '/api/users',
    payload: { userId: 'a' },
  });
  expect(response.statusCode).toBe(400);
  expect(asked).toEqual([]);
});

test('once all that it asks has answered it is ready, and stays so while one of them is down', async () => {
  // Not over HTTP, where an answer is given again for a while.
  const { readiness } = facade.context.health;
  const { orders } = clients;
  delete clients.orders;
  expect((await readiness()).status).toBe('not ready');
  if (orders) clients.orders = orders;
  expect((await readiness()).status).toBe('ready');
  delete clients.orders;
  expect((await facade.server.inject('/api/users/a')).statusCode).toBe(200);
  expect((await facade.server.inject('/api/orders/a')).statusCode).toBe(503);
  expect(await readiness()).toEqual({
    status: 'ready',
    checks: { 'users service': 'ok', 'inventory service': 'ok', 'orders service': 'does not answer' },
  });
  if (orders) clients.orders = orders;
});
