import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { usersApi } from '@order-pipeline/contracts';
import { startTestPostgres, startTestService, type TestPostgres } from '@order-pipeline/testing';
import { usersService } from '../src/index.ts';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});

afterAll(() => postgres.stop());

const user = { userId: 'user11', name: 'Sriram', email: 'sriram@example.com' };

test('what was registered is there after a restart', async () => {
  const databaseUrl = await postgres.freshDatabase('users');
  const first = await startTestService(usersService, { databaseUrl });
  await first.ask(usersApi.registerUser, { body: user });
  await first.close();

  const second = await startTestService(usersService, { databaseUrl });
  expect((await second.ask(usersApi.getUser, { params: { userId: 'user11' } })).body).toEqual(user);
  await second.close();
});

test('two instances that start at once on one database both work', async () => {
  const databaseUrl = await postgres.freshDatabase('users');
  const instances = await Promise.all([1, 2].map(() => startTestService(usersService, { databaseUrl })));
  const replies = await Promise.all(
    instances.map((instance) => instance.ask(usersApi.registerUser, { body: user })),
  );
  expect(replies.map(({ status }) => status)).toEqual([201, 201]);
  await Promise.all(instances.map((instance) => instance.close()));
});

test('while its database is down it is not ready and answers 503 at once', async () => {
  const own = await startTestPostgres();
  const users = await startTestService(usersService, { databaseUrl: await own.freshDatabase('users') });
  expect((await users.server.inject('/health/ready')).statusCode).toBe(200);
  await own.stop();

  expect((await users.server.inject('/health/ready')).statusCode).toBe(503);
  const response = await users.server.inject({ method: 'POST', url: '/api/users', payload: user });
  expect(response.statusCode).toBe(503);
  expect(response.headers['retry-after']).toBe('1');
  expect(response.json()).toMatchObject({ code: 'UNAVAILABLE', status: 503 });
  await users.close();
});
