import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ACTOR_HEADER, GATEWAY_OPERATIONS, type Actor } from '@order-pipeline/contracts';
import { parseSettings, type Route } from '@order-pipeline/service-kit';
import { createTestRuntime, startTestService, type TestService } from '@order-pipeline/testing';
import { generateKeyPair, SignJWT } from 'jose';
import { apiGatewayService } from '../src/index.ts';
import { OPERATOR_TOKEN } from './gateway.ts';
import { AUDIENCE, startIssuer, type TestIssuer } from './issuer.ts';

let issuer: TestIssuer;
let gateway: TestService;
let now: number;
let actors: Actor[] = [];

const routes: readonly Route[] = Object.values(GATEWAY_OPERATIONS).map((operation) => ({
  operation,
  handle: async (_, { actor }) => {
    actors.push(actor);
    return { status: operation.status, body: operation.exampleReply };
  },
}));

const start = (environment: Record<string, string> = {}): Promise<TestService> =>
  startTestService(apiGatewayService, {
    environment: { AUTH_ISSUER: issuer.url, AUTH_AUDIENCE: AUDIENCE, OPERATOR_TOKEN, ...environment },
    runtime: createTestRuntime({ wallClock: () => now }),
    clients: { 'orders-facade': routes },
  });

beforeAll(async () => {
  issuer = await startIssuer();
});

afterAll(() => issuer.close());

beforeEach(async () => {
  now = Date.now();
  actors = [];
  gateway = await start();
});

afterEach(async () => {
  issuer.answerWith(200);
  await gateway.close();
});

const ask = (token?: string, url = '/api/orders', headers: Record<string, string> = {}) =>
  gateway.server.inject({
    url,
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  });

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = (): number => Math.floor(now / 1_000);

test('a token of the issuer says who asks, and what they may', async () => {
  const token = await issuer.sign({ scope: 'orders:write orders:read.any root' });
  expect((await ask(token)).statusCode).toBe(200);
  expect(actors).toEqual([
    { kind: 'token', name: 'alice', userId: 'alice', scopes: ['orders:write', 'orders:read.any'] },
  ]);
});

test.each(['JWT', 'at+jwt', 'application/at+jwt', undefined])('the type may be %s', async (typ) => {
  expect((await ask(await issuer.sign({}, { typ }))).statusCode).toBe(200);
});

test('a token as Keycloak makes them is taken', async () => {
  const sub = '6f1c1a52-8d0b-4a34-9b43-0f1a4c2b9c11';
  const more = { azp: 'web-shop', typ: 'Bearer', realm_access: { roles: ['operator'] } };
  const claims = { sub, aud: ['account', AUDIENCE], scope: 'openid profile orders:write', ...more };
  expect((await ask(await issuer.sign(claims, { typ: 'JWT' }))).statusCode).toBe(200);
  expect(actors).toEqual([{ kind: 'token', name: sub, userId: sub, scopes: ['orders:write'] }]);
});

const BAD: Readonly<Record<string, () => Promise<string> | string>> = {
  'not a token': () => 'not-a-token.at.all',
  'empty parts': () => '..',
  'parts that are not JSON': () => 'YQ.YQ.YQ',
  expired: () => issuer.sign({ exp: seconds() - 10 }),
  'not valid yet': () => issuer.sign({ nbf: seconds() + 60 }),
  'without an end': () => issuer.sign({ exp: undefined }),
  'of another issuer': () => issuer.sign({ iss: 'https://evil.example' }),
  'for somebody else': () => issuer.sign({ aud: 'another-api' }),
  'without an audience': () => issuer.sign({ aud: undefined }),
  'of another type': () => issuer.sign({}, { typ: 'logout+jwt' }),
  'of an unknown key': () => issuer.sign({}, { kid: 'nobody-knows' }),
  'changed after it was signed': async () => {
    const [head, , signature] = (await issuer.sign()).split('.');
    return `${head}.${part({ iss: issuer.url, aud: AUDIENCE, sub: 'bob', exp: seconds() + 60 })}.${signature}`;
  },
  'signed by another under the same key id': async () => {
    const { privateKey } = await generateKeyPair('ES256');
    return new SignJWT({ iss: issuer.url, aud: AUDIENCE, sub: 'bob', exp: seconds() + 60 })
      .setProtectedHeader({ alg: 'ES256', kid: 'key-0' })
      .sign(privateKey);
  },
  'without a signature': () =>
    `${part({ alg: 'none' })}.${part({ iss: issuer.url, aud: AUDIENCE, sub: 'bob', exp: seconds() + 60 })}.`,
  'signed with the public key as a secret': async () => {
    const payload = part({ iss: issuer.url, aud: AUDIENCE, sub: 'bob', exp: seconds() + 60 });
    const text = `${part({ alg: 'HS256', kid: 'key-0' })}.${payload}`;
    const secret = JSON.stringify(await issuer.publicKey());
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  },
  'with a critical header that nobody knows': () =>
    `${part({ alg: 'ES256', kid: 'key-0', crit: ['x'], x: 1 })}.${part({})}.AA`,
  'longer than any': async () => issuer.sign({ filler: 'x'.repeat(9_000) }),
};

test.each(Object.keys(BAD))('a token that is %s is refused with 401', async (name) => {
  const token = (await BAD[name]?.()) ?? '';
  const response = await ask(token);
  expect(response.statusCode).toBe(401);
  expect(response.json()).toMatchObject({ status: 401, code: 'UNAUTHENTICATED', error: expect.any(String) });
  expect(response.headers['www-authenticate']).toMatch(/^Bearer/);
  expect(actors).toEqual([]);
  expect(JSON.stringify(gateway.logs)).not.toContain(token.slice(-40) || 'nothing');
});

test('a bad token of any kind costs no more than 5 ms of the processor', async () => {
  const costs: Record<string, number> = {};
  for (const [name, make] of Object.entries(BAD)) {
    const [token, rounds] = [await make(), [] as number[]];
    for (let round = 0; round < 9; round += 1) {
      const since = process.cpuUsage();
      await ask(token);
      const { user, system } = process.cpuUsage(since);
      rounds.push(user + system);
    }
    // What else the process does meanwhile, such as compiling or collecting garbage, is not the token's.
    costs[name] = Math.min(...rounds) / 1_000;
  }
  expect(Object.entries(costs).filter(([, ms]) => ms >= 5)).toEqual([]);
});

test('no token is 401, and too little is 403', async () => {
  const missing = await ask();
  expect([missing.statusCode, missing.headers['www-authenticate']]).toEqual([401, 'Bearer']);
  const token = await issuer.sign({ scope: 'orders:write' });
  const little = await ask(token, '/ops/dead-letters');
  expect(little.statusCode).toBe(403);
  expect(little.json()).toMatchObject({ code: 'FORBIDDEN', error: expect.stringContaining('ops:read') });
  expect((await ask(await issuer.sign({ sub: 'no id!' }))).statusCode).toBe(403);
  expect(actors).toEqual([]);
});

test('what a caller says of themselves beside the token is not believed', async () => {
  const other = part({ kind: 'token', name: 'bob', userId: 'bob', scopes: ['ops:write', 'orders:read.any'] });
  expect((await ask(undefined, '/api/orders', { [ACTOR_HEADER]: other })).statusCode).toBe(401);
  expect((await ask(await issuer.sign(), '/api/orders', { [ACTOR_HEADER]: other })).statusCode).toBe(200);
  expect(actors).toEqual([{ kind: 'token', name: 'alice', userId: 'alice', scopes: [] }]);
});

test('a verified token is taken until it expires, and not longer, also while the keys are away', async () => {
  const token = await issuer.sign({ exp: seconds() + 60 });
  expect((await ask(token)).statusCode).toBe(200);
  const fetched = issuer.fetched();
  issuer.answerWith(500);
  expect((await ask(token)).statusCode).toBe(200);
  now += 66_000;
  expect((await ask(token)).statusCode).toBe(401);
  expect(issuer.fetched()).toBe(fetched);
});

test.each([500, 302, 404])('while the keys are answered with %i, nobody is let in: 503', async (status) => {
  issuer.answerWith(status);
  const token = await issuer.sign();
  const response = await ask(token);
  expect(response.statusCode).toBe(503);
  expect(response.json()).toMatchObject({ code: 'UNAVAILABLE' });
  expect(response.headers['retry-after']).toBeDefined();
  expect(actors).toEqual([]);
  issuer.answerWith(200);
  expect((await ask(token)).statusCode).toBe(200);
});

test('the token of operators is one, with what operators may and nothing else', async () => {
  expect((await ask(OPERATOR_TOKEN, '/ops/dead-letters')).statusCode).toBe(200);
  expect(actors).toEqual([{ kind: 'operator', name: 'operator', scopes: ['ops:read', 'ops:write'] }]);
  expect((await ask(OPERATOR_TOKEN)).statusCode).toBe(403);
  expect((await ask(await issuer.sign({ scope: 'ops:read' }), '/ops/dead-letters')).statusCode).toBe(200);
});

test("guesses at the operators' token are slowed down wherever they are made", async () => {
  for (let failure = 0; failure < 10; failure += 1)
    expect((await ask(`guess-${failure}`)).statusCode).toBe(401);
  expect((await ask(OPERATOR_TOKEN)).statusCode).toBe(429);
  expect((await ask(await issuer.sign())).statusCode).toBe(200);
});

const warnings = () => gateway.logs.filter(({ level, msg }) => level === 40 && msg === 'a token was refused');

test('tokens that are refused are reported in the log, where from and for what, and never themselves', async () => {
  const forged = (await issuer.sign()).slice(0, -8);
  expect((await ask(forged)).statusCode).toBe(401);
  expect((await ask(await issuer.sign(), '/ops/dead-letters')).statusCode).toBe(403);
  expect(warnings()).toMatchObject([
    { address: '127.0.0.1', method: 'GET', route: '/api/orders', failures: 1 },
    { route: '/ops/dead-letters', failures: 1 },
  ]);
  expect(JSON.stringify(gateway.logs)).not.toContain(forged.slice(-20));
});

test('however many are refused, the log is not flooded, and nobody with a good token waits', async () => {
  for (let index = 0; index < 40; index += 1) expect((await ask('a.b.c')).statusCode).toBe(401);
  expect(warnings().length).toBeLessThan(15);
  expect((await ask(await issuer.sign())).statusCode).toBe(200);
});

test('metrics are not there without the scope; probes and documents need no token', async () => {
  expect((await ask(undefined, '/metrics')).json()).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
  expect((await ask(await issuer.sign(), '/metrics')).statusCode).toBe(404);
  expect((await ask(OPERATOR_TOKEN, '/metrics')).statusCode).toBe(200);
  for (const url of ['/health/live', '/openapi.json', '/docs'])
    expect((await ask(undefined, url)).statusCode).toBe(200);
});

test('every operation is refused without a token, and described as that', async () => {
  for (const { method, path, exampleBody } of Object.values(GATEWAY_OPERATIONS)) {
    const url = path.replace(/:\w+/g, 'id-1');
    const payload = exampleBody === undefined ? {} : { payload: exampleBody as object };
    expect((await gateway.server.inject({ method, url, ...payload })).statusCode).toBe(401);
  }
  const document = (await ask(undefined, '/openapi.json')).json<{
    paths: Record<string, Record<string, { security: unknown; responses: object }>>;
  }>();
  expect(document.paths['/api/orders/{orderId}/cancel']?.['post']).toMatchObject({
    security: [{ accessToken: ['orders:write'] }, { accessToken: ['orders:cancel.any'] }],
    responses: { 401: {}, 403: {} },
  });
});

test('another claim may name the user and the scopes', async () => {
  await gateway.close();
  gateway = await start({ AUTH_USER_CLAIM: 'uid', AUTH_SCOPE_CLAIM: 'permissions' });
  await ask(await issuer.sign({ uid: 'carol', scope: 'ops:write', permissions: ['orders:write'] }));
  expect(actors).toEqual([{ kind: 'token', name: 'carol', userId: 'carol', scopes: ['orders:write'] }]);
});

const problems = (environment: Record<string, string>): string => {
  try {
    parseSettings(apiGatewayService.settings, environment);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test.each([
  [{ AUTH_ISSUER: 'https://id.example' }, 'AUTH_AUDIENCE must be set with AUTH_ISSUER'],
  [{ AUTH_ISSUER: 'S3cret', AUTH_AUDIENCE: 'a' }, 'AUTH_ISSUER must be a URL'],
  [{ AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'a', AUTH: 'off' }, 'AUTH cannot be off'],
  [{ AUTH_AUDIENCE: 'a' }, 'AUTH_AUDIENCE means nothing without AUTH_ISSUER'],
  [{ AUTH: 'on' }, 'AUTH must be off, or not set'],
  [{ AUTH_DEV_ISSUER: 'yes' }, 'AUTH_DEV_ISSUER must be on, or not set'],
  [{ AUTH_DEV_ISSUER: 'on', AUTH: 'off' }, 'AUTH cannot be off while AUTH_DEV_ISSUER is on'],
  [{ AUTH_DEV_ISSUER: 'on', AUTH_AUDIENCE: 'a' }, 'AUTH_AUDIENCE means nothing without AUTH_ISSUER'],
  [
    { AUTH_DEV_ISSUER: 'on', AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'a' },
    'AUTH_DEV_ISSUER cannot be on while AUTH_ISSUER is set',
  ],
])('settings that do not go together are named: %j', (environment, sentence) => {
  expect(problems(environment)).toContain(sentence);
  expect(problems(environment)).not.toContain('S3cret');
});

test.each([
  ['127.0.0.1', {}, true],
  ['localhost', {}, true],
  ['::1', {}, true],
  ['0.0.0.0', {}, false],
  ['::', {}, false],
  ['192.0.2.1', {}, false],
  ['0.0.0.0', { AUTH: 'off' }, true],
  ['0.0.0.0', { AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'a' }, true],
  ['127.0.0.1', { AUTH_DEV_ISSUER: 'on' }, true],
  ['0.0.0.0', { AUTH_DEV_ISSUER: 'on' }, false],
  ['192.0.2.1', { AUTH_DEV_ISSUER: 'on' }, false],
])('on %s with %j the gateway is open to start: %s', (host, environment, starts) => {
  const settings = parseSettings(apiGatewayService.settings, environment);
  expect(apiGatewayService.refusesHost?.(settings, host) === undefined).toBe(starts);
});

test('without an issuer a server that others reach lets nobody in, unless that is said', async () => {
  for (const [environment, status] of [
    [{}, 401],
    [{ AUTH: 'off' }, 200],
  ] as const) {
    const open = await startTestService(apiGatewayService, {
      environment,
      clients: { 'orders-facade': routes },
    });
    await open.server.listen({ host: '0.0.0.0', port: 0 });
    const response = await open.server.inject({ url: '/api/orders', headers: { host: 'localhost' } });
    expect([environment, response.statusCode]).toEqual([environment, status]);
    await open.close();
  }
});
