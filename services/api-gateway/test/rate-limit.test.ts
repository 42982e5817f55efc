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
  expect(parseSettings(apiGatewayService.settings, { RATE_LIMIT: '' })).toEqual({ RATE_LIMIT: 1_000 });
});

test.each(['0', '-1', '1.5', 'many', '1000001', 'OFF'])('the limit cannot be %s', (value) => {
  expect(() => parseSettings(apiGatewayService.settings, { RATE_LIMIT: value })).toThrow(
    `RATE_LIMIT must be a whole number of requests a second from 1 to 1000000, or off, not "${value}"`,
  );
});
