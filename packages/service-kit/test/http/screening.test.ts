import { afterEach, expect, test } from '@jest/globals';
import type { HttpAccess } from '../../src/index.ts';
import { exchange, order, readAnswer, startHarness, type Harness } from './harness.ts';

let harness: Harness | undefined;

afterEach(async () => {
  await harness?.service.close();
  harness = undefined;
});

const start = async (access: Partial<HttpAccess> = {}): Promise<string> => {
  harness = await startHarness({ access });
  return harness.service.listen();
};

const startForAll = async (access: Partial<HttpAccess> = {}): Promise<string> => {
  harness = await startHarness({ access });
  const url = new URL(await harness.service.server.listen({ host: '0.0.0.0', port: 0 }));
  return `http://127.0.0.1:${url.port}`;
};

const statusOf = (raw: string): number => Number(raw.split(' ')[1]);

const ask = async (url: string, lines: readonly string[], target = '/api/orders/order-1', method = 'GET') => {
  const head = [`${method} ${target} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n');
  const raw = await exchange(url, head);
  return { status: statusOf(raw), raw };
};

const ROUTES = [
  '/api/orders/order-1',
  '/health/live',
  '/health/ready',
  '/metrics',
  '/api/nothing',
  '/api/users/%',
];

test.each([
  'localhost',
  'LOCALHOST',
  'localhost.',
  'localhost:81',
  '127.0.0.1',
  '127.9.9.9:5',
  '[::1]',
  '[::1]:81',
])('on a loopback address it is asked by the names of the machine: %s', async (host) => {
  const url = await start();
  for (const target of ROUTES)
    expect([target, (await ask(url, [`Host: ${host}`], target)).status]).not.toEqual([target, 403]);
});

test.each([
  'evil.example',
  'evil.example:4200',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '10.0.0.1',
  '0.0.0.0',
  '',
])('on a loopback address every route refuses any other name: %s', async (host) => {
  const url = await start();
  for (const target of ROUTES)
    expect([target, (await ask(url, [`Host: ${host}`], target)).status]).toEqual([target, 403]);
  const { body } = readAnswer((await ask(url, [`Host: ${host}`])).raw);
  expect(body).toEqual({
    error: expect.stringContaining('ALLOWED_HOSTS'),
    status: 403,
    code: 'HOST_NOT_ALLOWED',
  });
  expect(harness?.asked).toEqual([]);
});

test('names can be added, on a loopback address', async () => {
  const url = await start({ allowedHosts: ['harness.local'] });
  for (const host of ['harness.local', 'Harness.Local:81', 'harness.local.', 'localhost'])
    expect([host, (await ask(url, [`Host: ${host}`])).status]).toEqual([host, 200]);
  for (const host of ['evil.example', 'a.harness.local'])
    expect([host, (await ask(url, [`Host: ${host}`])).status]).toEqual([host, 403]);
});

test('where others are listened to, any name will do until names are given', async () => {
  const open = await startForAll();
  expect((await ask(open, ['Host: orders:3000'])).status).toBe(200);
  await harness?.service.close();
  const named = await startForAll({ allowedHosts: ['harness.local'] });
  for (const host of ['harness.local', 'localhost', '127.0.0.1', '10.0.0.9:3000', '[fd00::1]'])
    expect([host, (await ask(named, [`Host: ${host}`])).status]).toEqual([host, 200]);
  expect((await ask(named, ['Host: evil.example'])).status).toBe(403);
});

const POST_ORDER = (lines: readonly string[]): string => {
  const body = JSON.stringify(order());
  return [
    'POST /api/orders HTTP/1.1',
    ...lines,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
};

test.each([
  [['Origin: https://evil.example']],
  [['Origin: null']],
  [['Origin: http://localhost:81']],
  [['Origin: http://localhost:80.evil.example']],
  [['Origin: http://localhost', 'Origin: http://localhost']],
  [['Sec-Fetch-Site: cross-site']],
  [['Sec-Fetch-Site: same-site']],
  [['Origin: http://localhost', 'Sec-Fetch-Site: cross-site']],
])('a page of another site changes nothing, wherever the server listens: %j', async (lines) => {
  for (const listen of [start, startForAll]) {
    const url = await listen();
    const { status, body } = readAnswer(await exchange(url, POST_ORDER(['Host: localhost', ...lines])));
    expect([status, body]).toMatchObject([403, { status: 403, code: 'CROSS_SITE_REFUSED' }]);
    const cancel = await ask(url, ['Host: localhost', ...lines], '/api/orders/order-1/cancel', 'POST');
    expect(cancel.status).toBe(403);
    expect(harness?.asked).toEqual([]);
    expect((await ask(url, ['Host: localhost', ...lines])).status).toBe(200);
    await harness?.service.close();
  }
});

test.each([
  ['a program', 'localhost', []],
  ['the page of the docs', 'localhost:81', ['Origin: http://localhost:81', 'Sec-Fetch-Site: same-origin']],
  ['an address of IPv6', '[::1]:81', ['Origin: http://[0:0:0:0:0:0:0:1]:81']],
  ['a person', 'localhost', ['Sec-Fetch-Site: none']],
  ['a page behind TLS', 'localhost', ['Origin: https://localhost']],
  ['a page of an added name', 'localhost', ['Origin: https://harness.local:8443']],
] as const)('%s may place orders', async (_, host, lines) => {
  const url = await start({ allowedHosts: ['harness.local'] });
  expect(statusOf(await exchange(url, POST_ORDER([`Host: ${host}`, ...lines])))).toBe(201);
});

test('behind a trusted proxy the name that the page was asked by counts', async () => {
  const lines = ['Host: orders:3000', 'X-Forwarded-Host: harness.example', 'Origin: https://harness.example'];
  const trusting = await startForAll({ trustedProxies: ['127.0.0.0/8'] });
  expect(statusOf(await exchange(trusting, POST_ORDER(lines)))).toBe(201);
  await harness?.service.close();
  expect(statusOf(await exchange(await startForAll(), POST_ORDER(lines)))).toBe(403);
});

test.each([
  ['two hosts', ['Host: localhost', 'Host: localhost'], '/api/orders/order-1'],
  ['two hosts, one of them elsewhere', ['Host: localhost', 'hOST: evil.example'], '/api/orders/order-1'],
  ['no host', [], '/api/orders/order-1'],
  ['user information', ['Host: evil@localhost'], '/api/orders/order-1'],
  ['a path in the host', ['Host: localhost/evil'], '/api/orders/order-1'],
  ['a host that cannot be', ['Host: [::1'], '/api/orders/order-1'],
  ['a target of another host', ['Host: localhost'], 'http://evil.example/api/orders/order-1'],
  ['a target of another port', ['Host: localhost'], 'http://localhost:81/api/orders/order-1'],
  ['a target with user information', ['Host: localhost'], 'http://evil@localhost/api/orders/order-1'],
])('a request with %s is refused with 400', async (_, lines, target) => {
  const url = await start();
  const { status, body } = readAnswer((await ask(url, lines, target)).raw);
  expect([status, body]).toMatchObject([400, { status: 400, code: 'VALIDATION_FAILED' }]);
  expect(harness?.asked).toEqual([]);
});

test.each([
  ['http://localhost/api/orders/order-1', 'localhost'],
  ['HTTP://LOCALHOST:80/api/orders/order-1', 'localhost.'],
  ['http://[::1]:81/api/orders/order-1', '[::1]:81'],
])('a target in absolute form of the same host is answered: %s for %s', async (target, host) => {
  const url = await start();
  expect((await ask(url, [`Host: ${host}`], target)).status).toBe(200);
});

test.each(['gzip', 'br', 'identity, gzip', 'x'])(
  'a body in the coding %s is refused with 415',
  async (coding) => {
    const url = await start();
    const raw = await exchange(url, POST_ORDER(['Host: localhost', `Content-Encoding: ${coding}`]));
    const { status, head, body } = readAnswer(raw);
    expect([status, body]).toMatchObject([415, { code: 'UNSUPPORTED_MEDIA_TYPE' }]);
    expect(head).toMatch(/^accept-encoding: identity$/im);
  },
);

test('a body in the coding identity is taken', async () => {
  const url = await start();
  expect(statusOf(await exchange(url, POST_ORDER(['Host: localhost', 'Content-Encoding: Identity'])))).toBe(
    201,
  );
});

test('no answer is sniffed or kept, whatever was asked', async () => {
  const url = await start();
  const heads: string[] = [];
  for (const target of ROUTES) heads.push((await ask(url, ['Host: localhost'], target)).raw);
  heads.push((await ask(url, ['Host: evil.example'])).raw, await exchange(url, 'hello\r\n\r\n'));
  for (const head of heads) {
    expect(head).toMatch(/^x-content-type-options: nosniff\r$/im);
    expect(head).toMatch(/^cache-control: no-store\r$/im);
  }
});

test('a malformed path is logged and measured like any other request', async () => {
  const url = await start();
  const { raw } = await ask(url, ['Host: localhost', 'X-Request-Id: mine'], '/api/users/%zz');
  expect(raw).toMatch(/^x-request-id: mine\r$/im);
  expect(readAnswer(raw).body).toEqual({
    error: 'The path is not well-formed',
    status: 400,
    code: 'VALIDATION_FAILED',
  });
  expect(harness?.service.logs).toContainEqual(
    expect.objectContaining({
      msg: 'request completed',
      url: '/api/users/%zz',
      status: '400',
      requestId: 'mine',
    }),
  );
  expect(await harness?.service.registry.metrics()).toMatch(/_count\{[^}]*route="unknown",status="400"\} 1/);
});
