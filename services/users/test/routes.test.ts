import { expect, test } from '@jest/globals';
import { usersApi, type Actor, type Scope, type User } from '@order-pipeline/contracts';
import { startTestService } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { usersService } from '../src/index.ts';

const postgres = useTestPostgres();
const users = useFixture(
  async () => startTestService(usersService, { databaseUrl: await postgres.migratedDatabase('users') }),
  (service) => service.close(),
);

const userOf = (userId: string, other: Partial<User> = {}): User => ({
  userId,
  name: 'Sriram',
  email: 'sriram@example.com',
  ...other,
});

const register = (body: User) => users.call(usersApi.registerUser, { body });

const post = (payload: object) => users.server.inject({ method: 'POST', url: '/api/users', payload });

test('a registration is answered word for word as the contract says', async () => {
  const response = await post(userOf('user11'));
  expect(response.statusCode).toBe(201);
  expect(response.json()).toEqual({ message: 'User registered successfully', userId: 'user11' });
});

test('a registered user can be read', async () => {
  const user = userOf('reader', { name: 'Zoë 🛒 O’Neil' });
  await post(user);
  const response = await users.server.inject('/api/users/reader');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual(user);
});

test('the same registration again is answered as the first time', async () => {
  const first = await register(userOf('twice'));
  expect(await register(userOf('twice'))).toEqual(first);
});

test('other data under a taken id is refused, and the first user stays', async () => {
  await register(userOf('taken'));
  expect(await register(userOf('taken', { name: 'Somebody else' }))).toMatchObject({
    status: 409,
    body: { code: 'ID_TAKEN', status: 409 },
  });
  expect((await users.call(usersApi.getUser, { params: { userId: 'taken' } })).body).toEqual(userOf('taken'));
});

test('an unknown user is not found', async () => {
  const response = await users.server.inject('/api/users/nobody');
  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({ error: 'There is no user nobody', status: 404, code: 'USER_NOT_FOUND' });
});

test('of many different registrations of one id at once, one wins and all others are refused', async () => {
  const replies = await Promise.all(
    Array.from({ length: 16 }, (_, index) => register(userOf('contested', { name: `Rival ${index}` }))),
  );
  expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(replies.filter(({ status }) => status === 409)).toHaveLength(15);
});

test('the same registration many times at once is one user, and logged once', async () => {
  const replies = await Promise.all(Array.from({ length: 16 }, () => register(userOf('eager'))));
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
  expect(users.logs.filter(({ userId }) => userId === 'eager')).toHaveLength(1);
});

test('batches that name the same ids in opposite order do not block one another', async () => {
  const ids = Array.from({ length: 300 }, (_, index) => `crowd-${index}`);
  const replies = await Promise.all([...ids, ...ids.toReversed()].map((id) => register(userOf(id))));
  expect(replies.every(({ status }) => status === 201)).toBe(true);
});

test('other services get those of the users they name that exist', async () => {
  await Promise.all([register(userOf('known-1')), register(userOf('known-2'))]);
  const { body } = await users.call(usersApi.findUsers, {
    body: { userIds: ['known-2', 'unknown', 'known-1', 'known-2'] },
  });
  expect('userIds' in body && body.userIds.toSorted()).toEqual(['known-1', 'known-2']);
});

test.each([
  [{ userId: 'a b' }, 'userId'],
  [{ userId: '' }, 'userId'],
  [{ userId: 'x'.repeat(129) }, 'userId'],
  [{ name: '' }, 'name'],
  [{ name: '  ' }, 'name'],
  [{ name: 'nul \u0000' }, 'name'],
  [{ name: 'half a pair \ud800' }, 'name'],
  [{ name: 7 }, 'name'],
  [{ email: 'nowhere' }, 'email'],
  [{ admin: true }, 'admin'],
])('bad input is refused with its field named, and nothing is stored: %j', async (wrong, field) => {
  const response = await post({ ...userOf('refused'), ...wrong });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ field }] });
  expect((await users.server.inject('/api/users/refused')).statusCode).toBe(404);
});

test('a registration is logged with its id and without who it is', async () => {
  await post(userOf('discreet', { name: 'Mata Hari', email: 'mata@example.com' }));
  const lines = users.logs.filter(({ level }) => level >= 30);
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'user registered', userId: 'discreet' }));
  expect(JSON.stringify(users.logs)).not.toMatch(/Mata|mata@/);
});

const as = (userId: string, ...scopes: readonly Scope[]): Actor => ({
  kind: 'token',
  name: userId,
  userId,
  scopes,
});

test('one registers themselves, and others with the scope for any; else nothing is stored', async () => {
  const body = userOf('own-1');
  const registerAs = (actor: Actor) => users.call(usersApi.registerUser, { body }, actor);
  expect(await registerAs(as('bob', 'users:write'))).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN' },
  });
  expect(await registerAs(as('own-1'))).toMatchObject({ status: 403 });
  expect((await users.call(usersApi.getUser, { params: { userId: 'own-1' } })).status).toBe(404);
  expect(await registerAs(as('own-1', 'users:write'))).toMatchObject({ status: 201 });
  expect(await registerAs(as('bob', 'users:write.any'))).toMatchObject({ status: 201 });
});

test('one reads themselves; another user answers as one who is not there', async () => {
  await register(userOf('own-2'));
  const read = (userId: string, actor: Actor) => users.call(usersApi.getUser, { params: { userId } }, actor);
  const stranger = as('bob', 'users:write', 'users:write.any');
  for (const userId of ['own-2', 'never-there'])
    expect(await read(userId, stranger)).toEqual({
      status: 404,
      body: { status: 404, code: 'USER_NOT_FOUND', error: `There is no user ${userId}` },
    });
  expect(await read('own-2', as('own-2'))).toMatchObject({ status: 200, body: { userId: 'own-2' } });
  expect(await read('own-2', as('bob', 'users:read.any'))).toMatchObject({ status: 200 });
});
