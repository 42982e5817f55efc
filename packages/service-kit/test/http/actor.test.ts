import { afterEach, expect, test } from '@jest/globals';
import {
  ACTOR_HEADER,
  ANYBODY,
  CALLS_PATH,
  NOBODY,
  SCOPES,
  serviceActor,
  usersApi,
  type Actor,
} from '@order-pipeline/contracts';
import { createTestLogger, createTestRuntime } from '@order-pipeline/testing';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { actorText, readActor } from '../../src/http/actor-text.ts';
import { createHealth, createHttpServer, createMetrics, ok, routesOf } from '../../src/index.ts';

const alice: Actor = { kind: 'token', name: 'alice', userId: 'alice', scopes: ['users:write'] };

test.each([ANYBODY, alice, serviceActor('sweep'), { kind: 'operator', name: 'ö 名', scopes: [] } as const])(
  'an actor is read as it was written: %j',
  (actor) => expect(readActor(actorText(actor))).toEqual(actor),
);

const textOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each([
  '',
  'everybody',
  '{}',
  'x'.repeat(5_000),
  ...[null, 1, {}, { ...alice, kind: 'anybody' }, { ...alice, name: 1 }, { ...alice, scopes: 1 }].map(textOf),
])('what says nobody well is nobody: %s', (text) => expect(readActor(text)).toEqual(NOBODY));

test('scopes that nobody knows are not taken over', () => {
  const known = { ...alice, scopes: ['root', 'users:write', '__proto__'] };
  expect(readActor(textOf(known)).scopes).toEqual(['users:write']);
  expect(readActor(textOf({ ...alice, scopes: SCOPES })).scopes).toEqual(SCOPES);
});

let server: FastifyInstance | undefined;

afterEach(() => server?.close());

const start = async (takesCalls: boolean): Promise<{ server: FastifyInstance; seen: Actor[] }> => {
  const runtime = createTestRuntime();
  const registry = new Registry();
  const { logger } = createTestLogger();
  const seen: Actor[] = [];
  server = await createHttpServer({
    routes: routesOf(
      { getUser: usersApi.getUser, findUsers: usersApi.findUsers },
      {
        getUser: async (_, { actor }) => {
          seen.push(actor);
          return ok({ userId: 'alice', name: 'Alice', email: 'alice@example.com' });
        },
        findUsers: async () => ok({ userIds: [] }),
      },
    ),
    runtime,
    logger,
    metrics: createMetrics(registry, 'users'),
    registry,
    health: createHealth(runtime),
    takesCalls,
  });
  return { server, seen };
};

test('a service answers nobody of whom nothing is said, over either way', async () => {
  const { seen } = await start(true);
  const alone = await server?.inject('/api/users/alice');
  expect([alone?.statusCode, alone?.json()]).toMatchObject([401, { code: 'UNAUTHENTICATED', status: 401 }]);
  const calls = [{ requestId: 'r', traceparent: '', params: { userId: 'alice' } }];
  const payload = { operation: 'GET /api/users/:userId', calls };
  const among = await server?.inject({ method: 'POST', url: CALLS_PATH, payload });
  expect(among?.json()).toMatchObject({ replies: [{ status: 401, body: { code: 'UNAUTHENTICATED' } }] });
  expect(seen).toEqual([]);
});

test('a service answers those whom another one names, within their scopes', async () => {
  const { seen } = await start(true);
  const ask = (actor: Actor) =>
    server?.inject({ url: '/api/users/alice', headers: { [ACTOR_HEADER]: actorText(actor) } });
  expect((await ask(alice))?.statusCode).toBe(200);
  const refused = await ask({ kind: 'operator', name: 'operator', scopes: ['ops:read'] });
  expect([refused?.statusCode, refused?.json()]).toMatchObject([
    403,
    { code: 'FORBIDDEN', error: expect.stringContaining('users:read.any') },
  ]);
  expect(seen).toEqual([alice]);
});

test('where clients ask, the header of services says nothing', async () => {
  const { seen } = await start(false);
  for (const actor of [ANYBODY, alice, serviceActor('orders')]) {
    const response = await server?.inject({
      url: '/api/users/alice',
      headers: { [ACTOR_HEADER]: actorText(actor) },
    });
    expect(response?.statusCode).toBe(401);
  }
  expect(seen).toEqual([]);
});

test('what services ask of one another does not depend on whom they act for', async () => {
  await start(true);
  const response = await server?.inject({
    method: 'POST',
    url: usersApi.findUsers.path,
    payload: { userIds: [] },
    headers: { [ACTOR_HEADER]: actorText({ kind: 'token', name: 'x', scopes: [] }) },
  });
  expect(response?.statusCode).toBe(200);
});
