import { expect, test } from '@jest/globals';
import { ANYBODY, ordersApi, usersApi, type Operation, type ServiceName } from '@order-pipeline/contracts';
import { createTestLogger, createTestRuntime } from '@order-pipeline/testing';
import {
  createLocalTransport,
  createServiceClients,
  ok,
  refuse,
  unavailable,
  type CallContext,
  type Reply,
  type Transport,
} from '../../src/index.ts';

const call: CallContext = {
  requestId: 'req-1',
  trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
  actor: ANYBODY,
  logger: createTestLogger().logger,
};

const answering = (operation: Operation, reply: () => Reply): Transport =>
  createLocalTransport([{ operation, handle: async () => reply() }]);

const LIMIT = { runtime: createTestRuntime(), timeoutMs: 5_000 };

const clientsWith = (transport: Transport | undefined) => createServiceClients(() => transport, LIMIT);

const input = { params: { userId: 'a' } };

test('asking answers what the owner answers', async () => {
  const asked: ServiceName[] = [];
  const user = { userId: 'a', name: 'A', email: 'a@example.com' };
  const clients = createServiceClients((service) => {
    asked.push(service);
    return answering(usersApi.getUser, () => ok(user));
  }, LIMIT);
  expect(await clients.call(usersApi.getUser, input, call)).toEqual(user);
  expect(asked).toEqual(['users']);
});

test('asking throws what the owner refuses, with its details', async () => {
  const clients = clientsWith(
    answering(usersApi.getUser, () => refuse('USER_NOT_FOUND', 'There is no user a', ['a'])),
  );
  await expect(clients.call(usersApi.getUser, input, call)).rejects.toMatchObject({
    code: 'USER_NOT_FOUND',
    message: 'There is no user a',
    details: ['a'],
  });
});

test('relaying answers what the owner refuses', async () => {
  const refusal = refuse('USER_NOT_FOUND', 'There is no user a');
  const clients = clientsWith(answering(usersApi.getUser, () => refusal));
  expect(await clients.forward('orders-facade', usersApi.getUser, input, call)).toEqual(refusal);
});

test('a service that has not started is unavailable', async () => {
  const clients = clientsWith(undefined);
  expect(await clients.forward('users', usersApi.getUser, input, call)).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    body: { code: 'UNAVAILABLE', error: 'The users service is not available, try again in a moment' },
  });
  await expect(clients.call(usersApi.getUser, input, call)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('a service that breaks answers 500 without its reasons', async () => {
  const clients = clientsWith(
    answering(usersApi.getUser, () => {
      throw new Error('the password is hunter2');
    }),
  );
  const reply = await clients.forward('users', usersApi.getUser, input, call);
  expect(reply.status).toBe(500);
  expect(JSON.stringify(reply)).not.toContain('hunter2');
});

test('an operation that a service of this process does not have is broken, not missing', async () => {
  const clients = clientsWith(answering(usersApi.getUser, () => ok({})));
  const nothing = { params: { orderId: 'a' }, query: {} };
  expect(await clients.forward('users', ordersApi.getOrder, nothing, call)).toMatchObject({ status: 500 });
});

const reachable = (ping: () => Promise<void>): Transport => Object.assign(async () => ok({}), { ping });

test.each<[string, Transport | undefined, boolean]>([
  ['runs in this process', answering(usersApi.getUser, () => ok({})), true],
  ['has not started', undefined, false],
  ['answers a ping', reachable(async () => undefined), true],
  ['does not answer a ping', reachable(async () => Promise.reject(unavailable('no'))), false],
])('whether a service that %s is up', async (_, transport, up) => {
  expect(await clientsWith(transport).ping('users')).toBe(up);
});

test('a service of the same process that hangs is given up in time', async () => {
  const hanging: Transport = () => new Promise(() => undefined);
  const clients = createServiceClients(() => hanging, { runtime: createTestRuntime(), timeoutMs: 20 });
  await expect(clients.call(usersApi.getUser, input, call)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const reply = await clients.forward('orders-facade', usersApi.getUser, input, call);
  expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
});

/** What a transport is asked with, which never answers. */
const hangingWith = (timeoutMs: number) => {
  const asked: CallContext[] = [];
  const hanging: Transport = (_, __, context) => {
    asked.push(context);
    return new Promise(() => undefined);
  };
  return { asked, clients: createServiceClients(() => hanging, { runtime: createTestRuntime(), timeoutMs }) };
};

const listInput = { query: {} };

test('the reader of a list is aborted when the time for it is over', async () => {
  const { asked, clients } = hangingWith(20);
  const reply = await clients.forward('orders', ordersApi.listOrders, listInput, call);
  expect(reply.status).toBe(503);
  expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true]);
});

test('the reader of a list is aborted when the client has gone', async () => {
  const { asked, clients } = hangingWith(500);
  const going = new AbortController();
  const context = { ...call, signal: going.signal };
  const reply = clients.forward('orders', ordersApi.listOrders, listInput, context);
  expect(asked.map(({ signal }) => signal?.aborted)).toEqual([false]);
  going.abort();
  expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true]);
  await reply;
});
