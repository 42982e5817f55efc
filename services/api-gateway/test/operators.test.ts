import { afterEach, expect, test } from '@jest/globals';
import { OPERATOR_OPERATIONS, PUBLIC_OPERATIONS } from '@order-pipeline/contracts';
import { parseSettings } from '@order-pipeline/service-kit';
import { createTestRuntime, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';
import { asOperator, OPERATOR_TOKEN, startGateway } from './gateway.ts';

let gateway: TestService;

afterEach(() => gateway?.close());

const PATH = '/ops/dead-letters';
const ask = (headers: Record<string, string> = {}, url = PATH, method: 'GET' | 'HEAD' = 'GET') =>
  gateway.server.inject({ method, url, headers });

/** Asks over the wire: a gateway that does not listen has no address. */
const askAt = async (url: string, host?: string, others: Record<string, string> = {}): Promise<number> => {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = { ...others, ...(host === undefined ? {} : { host }) };
    request(new URL(PATH, url), { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
};

test.each([
  ['the token', 200, { authorization: `Bearer ${OPERATOR_TOKEN}` }],
  ['the token, its scheme written in another way', 200, { authorization: `bearer  ${OPERATOR_TOKEN}` }],
  ['nothing', 401, {}],
  ['another token of the same length', 401, { authorization: `Bearer ${OPERATOR_TOKEN.replace(/s$/, 'z')}` }],
  ['the beginning of the token', 401, { authorization: `Bearer ${OPERATOR_TOKEN.slice(0, -1)}` }],
  ['more than the token', 401, { authorization: `Bearer ${OPERATOR_TOKEN}x` }],
  ['an empty token', 401, { authorization: 'Bearer ' }],
  ['the token without its scheme', 401, { authorization: OPERATOR_TOKEN }],
  ['the token as a password', 401, { authorization: `Basic ${OPERATOR_TOKEN}` }],
] as const)('where there is a token, one who sends %s is answered %i', async (_, status, headers) => {
  gateway = await startGateway();
  const response = await ask(headers);
  expect(response.statusCode).toBe(status);
  if (status !== 401) return;
  expect(response.json()).toMatchObject({
    status: 401,
    code: 'UNAUTHENTICATED',
    error: expect.stringContaining('OPERATOR_TOKEN'),
  });
  expect(response.headers['www-authenticate']).toBe('Bearer');
  expect(response.body).not.toContain(OPERATOR_TOKEN);
});

test.each(Object.entries(OPERATOR_OPERATIONS))(
  '%s is not done for one without the token',
  async (_, operation) => {
    gateway = await startGateway();
    const response = await gateway.server.inject({
      method: operation.method,
      url: operation.path.replace(/:\w+/g, 'id-1'),
      ...(operation.exampleBody === undefined ? {} : { payload: operation.exampleBody as object }),
    });
    expect(response.statusCode).toBe(401);
  },
);

test.each(['/%6fps/dead-letters', '/ops/dead-letters?x=1', '/ops/dead%2dletters'])(
  'a path written in another way does not get around the token: %s',
  async (url) => {
    gateway = await startGateway();
    expect((await ask({}, url)).statusCode).toBe(401);
    expect((await ask({}, url, 'HEAD')).statusCode).toBe(401);
  },
);

test('what clients ask needs no token, and nothing of the operators is among it', async () => {
  gateway = await startGateway();
  expect((await ask({}, '/api/orders')).statusCode).toBe(200);
  for (const { path } of Object.values(PUBLIC_OPERATIONS)) expect(path).toMatch(/^\/api\//);
  expect((await ask(asOperator, '/api/dead-letters')).statusCode).toBe(404);
});

test('without a token operators are admitted on the machine itself, by its own names', async () => {
  gateway = await startGateway({ OPERATOR_TOKEN: '' });
  const url = await gateway.listen();
  const { port } = new URL(url);
  expect(await askAt(url)).toBe(200);
  for (const host of ['localhost', `localhost:${port}`, `127.0.0.1:${port}`, '[::1]'])
    expect([host, await askAt(url, host)]).toEqual([host, 200]);
  for (const host of ['shop.example.com', 'localhost.example.com', '127.0.0.1.example.com', '10.0.0.1', ' '])
    expect([host, await askAt(url, host)]).toEqual([host, 403]);
});

test.each([
  { 'x-forwarded-for': '127.0.0.1' },
  { 'x-forwarded-host': 'localhost' },
  { 'x-forwarded-proto': 'http' },
  { forwarded: 'for=127.0.0.1' },
  { via: '1.1 proxy' },
  { 'x-real-ip': '127.0.0.1' },
])(
  'without a token what was forwarded is not from the machine itself, trusted proxy or not: %j',
  async (headers) => {
    for (const trustedProxies of [[], ['127.0.0.0/8']]) {
      gateway = await startGateway({ OPERATOR_TOKEN: '' }, undefined, { trustedProxies });
      const url = await gateway.listen();
      expect(await askAt(url, 'localhost', headers)).toBe(403);
      expect(await askAt(url, 'localhost')).toBe(200);
      await gateway.close();
    }
  },
);

test('a name that clients may use is not one of the machine', async () => {
  gateway = await startGateway({ OPERATOR_TOKEN: '' }, undefined, { allowedHosts: ['shop.local'] });
  expect(await askAt(await gateway.listen(), 'shop.local')).toBe(403);
});

const guess = (token: string, remoteAddress = '192.0.2.1') =>
  gateway.server.inject({ url: PATH, remoteAddress, headers: { authorization: `Bearer ${token}` } });

test('who guesses waits after ten failures, with the right token too, and others do not', async () => {
  let now = 1_000;
  gateway = await startGateway({}, createTestRuntime({ monotonic: () => now }));
  for (let failure = 0; failure < 10; failure += 1)
    expect((await guess(`guess-${failure}`)).statusCode).toBe(401);
  for (const token of ['guess-11', OPERATOR_TOKEN]) {
    const refused = await guess(token);
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    now += Number(refused.headers['retry-after']) * 1_000 - 1_000;
  }
  expect((await guess(OPERATOR_TOKEN, '192.0.2.2')).statusCode).toBe(200);
  now += 6_000;
  expect((await guess(OPERATOR_TOKEN)).statusCode).toBe(200);
});

test('who sends no token does not guess, and who has the token never waits', async () => {
  gateway = await startGateway({}, createTestRuntime({ monotonic: () => 1_000 }));
  for (let request = 0; request < 20; request += 1) {
    expect((await ask()).statusCode).toBe(401);
    expect((await ask(asOperator)).statusCode).toBe(200);
  }
  expect(gateway.logs.filter(({ level }) => level === 40)).toEqual([]);
});

test('failed logins are reported with their address and request, never with the guess, and do not flood the log', async () => {
  let now = 1_000;
  gateway = await startGateway({ RATE_LIMIT: 'off' }, createTestRuntime({ monotonic: () => now }));
  const logged = () => gateway.logs.filter(({ msg }) => msg === 'an operator could not log in');
  for (let failure = 0; failure < 100; failure += 1) await guess('my-guess', `192.0.2.${failure}`);
  expect(logged()).toHaveLength(10);
  expect(logged()[0]).toMatchObject({
    level: 40,
    address: '192.0.2.0',
    requestId: expect.any(String),
    route: PATH,
    failures: 1,
  });
  now += 6_000;
  await guess('my-guess', '198.51.100.1');
  expect(logged()).toHaveLength(11);
  expect(logged().at(-1)).toMatchObject({ address: '198.51.100.1', failures: 91 });
  expect(JSON.stringify(gateway.logs)).not.toContain('my-guess');
});

test('without a token nobody is admitted where the gateway listens to others too', async () => {
  gateway = await startGateway({ OPERATOR_TOKEN: '' });
  await gateway.server.listen({ host: '0.0.0.0', port: 0 });
  const [address] = gateway.server.addresses();
  const port = typeof address === 'object' ? address.port : 0;
  expect(await askAt(`http://127.0.0.1:${port}`)).toBe(403);
  const refused = (await ask()).json();
  expect(refused).toMatchObject({
    status: 403,
    code: 'FORBIDDEN',
    error: expect.stringContaining('OPERATOR_TOKEN'),
  });
});

test.each(['short', 'a token with spaces in it', 'x'.repeat(201)])('the token cannot be %j', (value) => {
  expect(() => parseSettings(apiGatewayService.settings, { OPERATOR_TOKEN: value })).toThrow(
    'OPERATOR_TOKEN must have 16 to 200 characters, without spaces',
  );
});
