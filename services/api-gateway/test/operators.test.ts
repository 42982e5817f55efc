import { afterEach, expect, test } from '@jest/globals';
import { OPERATOR_OPERATIONS, PUBLIC_OPERATIONS } from '@order-pipeline/contracts';
import { parseSettings } from '@order-pipeline/service-kit';
import type { TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';
import { asOperator, OPERATOR_TOKEN, startGateway } from './gateway.ts';

let gateway: TestService;

afterEach(() => gateway?.close());

const PATH = '/ops/dead-letters';
const ask = (headers: Record<string, string> = {}, url = PATH, method: 'GET' | 'HEAD' = 'GET') =>
  gateway.server.inject({ method, url, headers });

/** Asks over the wire: a gateway that does not listen has no address. */
const askAt = async (url: string, host?: string): Promise<number> => {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    request(new URL(PATH, url), host === undefined ? {} : { headers: { host } }, (response) => {
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
    code: 'OPERATOR_UNKNOWN',
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

test('without a token nobody is admitted where the gateway listens to others too', async () => {
  gateway = await startGateway({ OPERATOR_TOKEN: '' });
  await gateway.server.listen({ host: '0.0.0.0', port: 0 });
  const [address] = gateway.server.addresses();
  const port = typeof address === 'object' ? address.port : 0;
  expect(await askAt(`http://127.0.0.1:${port}`)).toBe(403);
  const refused = (await ask()).json();
  expect(refused).toMatchObject({
    status: 403,
    code: 'OPERATORS_NOT_ADMITTED',
    error: expect.stringContaining('OPERATOR_TOKEN'),
  });
});

test.each(['short', 'a token with spaces in it', 'x'.repeat(201)])('the token cannot be %j', (value) => {
  expect(() => parseSettings(apiGatewayService.settings, { OPERATOR_TOKEN: value })).toThrow(
    'OPERATOR_TOKEN must have 16 to 200 characters, without spaces',
  );
});
