import { expect, test } from '@jest/globals';
import { parseSettings } from '@order-pipeline/service-kit';
import { createTestRuntime, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';
import { startGateway } from './gateway.ts';

const ask = (gateway: TestService, url: string, times: number, remoteAddress = '10.0.0.1') =>
  Promise.all(Array.from({ length: times }, () => gateway.server.inject({ url, remoteAddress })));

const statuses = (responses: readonly { statusCode: number }[]) =>
  new Set(responses.map((r) => r.statusCode));

test('beyond the limit an address is refused in the error shape with Retry-After, until the second is over', async () => {
  let now = 1_000_000;
  const gateway = await startGateway(
    { RATE_LIMIT: '3' },
    createTestRuntime({ wallClock: () => now, monotonic: () => now }),
  );
  const responses = await ask(gateway, '/api/orders', 10);
  expect(responses.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([
    ...Array.from({ length: 3 }, () => 200),
    ...Array.from({ length: 7 }, () => 429),
  ]);
  const refused = responses.find(({ statusCode }) => statusCode === 429);
  expect(refused?.headers['retry-after']).toBe('1');
  expect(refused?.json()).toEqual({
    error: 'More than 3 requests a second, try again in a moment',
    status: 429,
    code: 'RATE_LIMITED',
  });
  now += 1_000;
  expect(statuses(await ask(gateway, '/api/orders', 3))).toEqual(new Set([200]));
  await gateway.close();
});

test('each address has a limit of its own', async () => {
  const gateway = await startGateway({ RATE_LIMIT: '1' });
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
    expect(statuses(await ask(gateway, '/api/orders', 1, address))).toEqual(new Set([200]));
  }
  await gateway.close();
});

test('a path written in another way does not get around the limit', async () => {
  const gateway = await startGateway({ RATE_LIMIT: '1' });
  expect(statuses(await ask(gateway, '/%61pi/orders', 5))).toContain(429);
  await gateway.close();
});

test('the time of day may be set back', async () => {
  let day = 7_200_000;
  const gateway = await startGateway({ RATE_LIMIT: '50' }, createTestRuntime({ wallClock: () => day }));
  expect(statuses(await ask(gateway, '/api/orders', 1))).toEqual(new Set([200]));
  day = 0;
  expect(statuses(await ask(gateway, '/api/orders', 40))).toEqual(new Set([200]));
  await gateway.close();
});

const still = () => createTestRuntime({ monotonic: () => 5_000 });

test.each(['/api/users/%', '/%zz', `/api/users/${'x'.repeat(9_000)}`])(
  'malformed paths are limited too: %s',
  async (url) => {
    const gateway = await startGateway({ RATE_LIMIT: '1' }, still());
    const responses = await ask(gateway, url, 3);
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([400, 429, 429]);
    for (const { headers } of responses) expect(headers['x-request-id']).toEqual(expect.any(String));
    await gateway.close();
  },
);

const oneEach = async (
  gateway: TestService,
  requests: readonly { address: string; forwarded?: string }[],
) => {
  const answered: number[] = [];
  for (const { address, forwarded } of requests) {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    const request = { url: '/api/orders', remoteAddress: address, headers };
    answered.push((await gateway.server.inject(request)).statusCode);
  }
  return answered;
};

test('IPv6 is counted by its networks, and IPv4 inside it as IPv4', async () => {
  const gateway = await startGateway({ RATE_LIMIT: '1' }, still());
  const addresses = [
    '2001:db8:1:2::1',
    '2001:db8:1:2:ffff::2',
    '2001:db8:1:3::1',
    '::ffff:10.0.0.1',
    '10.0.0.1',
  ];
  expect(
    await oneEach(
      gateway,
      addresses.map((address) => ({ address })),
    ),
  ).toEqual([200, 429, 200, 200, 429]);
  await gateway.close();
});

test('what a client says of its address counts only from a trusted proxy, up to the first that is none', async () => {
  const trusted = { trustedProxies: ['10.0.0.0/8', 'fd00::/8'] };
  const gateway = await startGateway({ RATE_LIMIT: '1' }, still(), trusted);
  const answered = await oneEach(gateway, [
    { address: '10.0.0.1', forwarded: '192.0.2.1' },
    { address: '10.0.0.2', forwarded: '192.0.2.1' },
    { address: '10.0.0.1', forwarded: '192.0.2.2' },
    { address: '10.0.0.1', forwarded: '192.0.2.99, 192.0.2.2' },
    { address: '10.0.0.1', forwarded: '192.0.2.2, 10.9.9.9, fd00::1' },
    { address: '192.0.2.3', forwarded: '192.0.2.77' },
    { address: '192.0.2.3', forwarded: '192.0.2.78' },
  ]);
  expect(answered).toEqual([200, 429, 200, 429, 429, 200, 429]);
  await gateway.close();
});

test('guesses at the token of operators are limited', async () => {
  const gateway = await startGateway({ RATE_LIMIT: '2' });
  expect(statuses(await ask(gateway, '/ops/dead-letters', 5))).toEqual(new Set([401, 429]));
  await gateway.close();
});

test('paths that do not exist are limited too', async () => {
  const gateway = await startGateway({ RATE_LIMIT: '1' });
  expect(statuses(await ask(gateway, '/api/nothing', 5))).toEqual(new Set([404, 429]));
  await gateway.close();
});

test.each(['/health/live', '/health/ready', '/metrics', '/docs', '/openapi.json'])(
  '%s is not limited',
  async (url) => {
    const gateway = await startGateway({ RATE_LIMIT: '1' });
    expect(statuses(await ask(gateway, url, 5))).toEqual(new Set([200]));
    await gateway.close();
  },
);

test('off means no limit', async () => {
  const gateway = await startGateway({ RATE_LIMIT: 'off' });
  expect(statuses(await ask(gateway, '/api/orders', 1_200))).toEqual(new Set([200]));
  await gateway.close();
});

test('the limit is 1000 where nothing else is set', () => {
  expect(parseSettings(apiGatewayService.settings, { RATE_LIMIT: '' })).toMatchObject({ RATE_LIMIT: 1_000 });
});

test.each(['0', '-1', '1.5', 'many', '1000001', 'OFF'])('the limit cannot be %s', (value) => {
  expect(() => parseSettings(apiGatewayService.settings, { RATE_LIMIT: value })).toThrow(
    `RATE_LIMIT must be a whole number of requests a second from 1 to 1000000, or off, not "${value}"`,
  );
});
