import { expect, test } from '@jest/globals';
import { usersApi, type Read } from '@order-pipeline/contracts';
import { createTestLogger, createTestRuntime } from '@order-pipeline/testing';
import {
  checkDependencies,
  createClosers,
  createHealth,
  createServiceClients,
  ok,
  refuse,
  unavailable,
  type Reply,
} from '../../src/index.ts';

const READS: readonly Read[] = [
  {
    operation: usersApi.getUser,
    input: { params: { userId: 'a' } },
  },
];

/** One that asks users, which are up or not, and answer as the test says. */
const startAsker = () => {
  const runtime = createTestRuntime();
  const { logger } = createTestLogger();
  const health = createHealth(runtime);
  const closers = createClosers(runtime, logger);
  const users = { up: true, asked: 0, answer: async (): Promise<Reply> => ok({}) };
  const transport = Object.assign(
    async () => {
      users.asked += 1;
      return users.answer();
    },
    { ping: async () => (users.up ? undefined : Promise.reject(unavailable('no'))) },
  );
  const clients = createServiceClients(() => transport, { runtime, timeoutMs: 5_000 });
  checkDependencies({ clients, health, closers, runtime, logger }, [{ service: 'users', reads: READS }]);
  return { health, closers, users };
};

test('at the start it is ready only once a request has gone all the way to the service and back', async () => {
  const { health, users } = startAsker();
  users.answer = async () => refuse('UNAVAILABLE', 'The database does not answer');
  expect(await health.readiness()).toEqual({
    status: 'not ready',
    checks: { 'users service': 'does not serve requests yet' },
  });
  users.answer = async () => refuse('USER_NOT_FOUND', 'There is no user a');
  expect(await health.readiness()).toEqual({ status: 'ready', checks: { 'users service': 'ok' } });
});

test('it is proven once, by one request at a time', async () => {
  const { health, users } = startAsker();
  let answer: (reply: Reply) => void = () => undefined;
  users.answer = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const both = [health.readiness(), health.readiness()];
  await new Promise((resolve) => setImmediate(resolve));
  expect(users.asked).toBe(1);
  answer(ok({}));
  expect((await Promise.all(both)).map(({ status }) => status)).toEqual(['ready', 'ready']);
  await health.readiness();
  expect(users.asked).toBe(1);
});

test('a service that goes down later is reported, and takes nobody who asks it out of rotation', async () => {
  const { health, closers, users } = startAsker();
  await health.readiness();
  users.up = false;
  expect(await health.readiness()).toEqual({
    status: 'ready',
    checks: { 'users service': 'does not answer' },
  });
  await closers.closeAll();
  expect((await health.readiness()).checks).toEqual({});
});

test('a service that is down at the start is waited for', async () => {
  const { health, users } = startAsker();
  users.up = false;
  expect((await health.readiness()).status).toBe('not ready');
  users.up = true;
  expect((await health.readiness()).status).toBe('ready');
});
