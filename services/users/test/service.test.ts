import { expect, test } from '@jest/globals';
import { usersApi } from '@order-pipeline/contracts';
import { eventually, startTcpProxy, startTestService } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { usersService } from '../src/index.ts';

const postgres = useTestPostgres();

const user = { userId: 'user11', name: 'Sriram', email: 'sriram@example.com' };

test('what was registered is there after a restart', async () => {
  const databaseUrl = await postgres.freshDatabase('users');
  const first = await startTestService(usersService, { databaseUrl });
  await first.call(usersApi.registerUser, { body: user });
  await first.close();

  const second = await startTestService(usersService, { databaseUrl });
  expect((await second.call(usersApi.getUser, { params: { userId: 'user11' } })).body).toEqual(user);
  await second.close();
});

test('two instances that start at once on one database both work', async () => {
  const databaseUrl = await postgres.freshDatabase('users');
  const instances = await Promise.all([1, 2].map(() => startTestService(usersService, { databaseUrl })));
  const replies = await Promise.all(
    instances.map((instance) => instance.call(usersApi.registerUser, { body: user })),
  );
  expect(replies.map(({ status }) => status)).toEqual([201, 201]);
  await Promise.all(instances.map((instance) => instance.close()));
});

test('while its database is away it is not ready and answers 503, and when it is back it continues', async () => {
  const door = await startTcpProxy(await postgres.freshDatabase('users'));
  const users = await startTestService(usersService, { databaseUrl: door.url });
  const register = () => users.server.inject({ method: 'POST', url: '/api/users', payload: user });
  const isReady = async () => (await users.server.inject('/health/ready')).statusCode === 200;
  expect(await isReady()).toBe(true);

  door.shut();
  // Readiness keeps its answer for a moment.
  await eventually(async () => expect(await isReady()).toBe(false));
  const response = await register();
  expect(response.statusCode).toBe(503);
  expect(response.headers['retry-after']).toBe('1');
  expect(response.json()).toMatchObject({ code: 'UNAVAILABLE', status: 503 });

  door.open();
  await eventually(async () => expect(await isReady()).toBe(true));
  expect((await register()).statusCode).toBe(201);
  await users.close();
  await door.stop();
});

test('while its database hangs it answers 503 and does not hang', async () => {
  const door = await startTcpProxy(await postgres.freshDatabase('users'));
  const users = await startTestService(usersService, { databaseUrl: door.url });
  await users.call(usersApi.registerUser, { body: user });
  door.stall();
  const start = performance.now();
  const responses = await Promise.all([
    users.server.inject('/api/users/user11'),
    users.server.inject({ method: 'POST', url: '/api/users', payload: user }),
    users.server.inject('/health/ready'),
  ]);
  expect(responses.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503]);
  expect(performance.now() - start).toBeLessThan(3_000);
  door.open();
  await users.close();
  await door.stop();
});
