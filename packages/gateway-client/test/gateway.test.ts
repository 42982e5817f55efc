import { ordersApi, usersApi } from '@order-pipeline/contracts';
import { afterEach, expect, test } from '@jest/globals';
import { createRuntime } from '@order-pipeline/service-kit';
import { execFile } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { createGateway, GatewayError, pagesOf, type Gateway } from '../src/index.ts';

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

type Respond = (response: ServerResponse, url: string, times: number) => void;

const answer = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};
const errorBody = (code: string, status: number) => ({ error: 'not now', status, code });

/** A gateway whose server answers as `respond` does; `respond` gets the number of requests before. */
const gatewayOf = async (
  respond: Respond,
  options: { patienceMs?: number; signal?: AbortSignal } = {},
): Promise<Gateway> => {
  let times = 0;
  const server = createServer((request, response) => respond(response, request.url ?? '', times++));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => new Promise((resolve) => server.close(resolve)));
  const gateway = createGateway({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    runtime: createRuntime(),
    signal: new AbortController().signal,
    ...options,
  });
  opened.push(() => gateway.close());
  return gateway;
};

const user = { userId: 'u1', name: 'Ann', email: 'u1@example.com' };
const registered = { message: 'User registered successfully', userId: 'u1' };

test('what is too much for now is asked again, not before the gateway said', async () => {
  const startedAt = Date.now();
  const gateway = await gatewayOf((response, _, times) =>
    times === 0
      ? answer(response, 429, errorBody('RATE_LIMITED', 429), { 'retry-after': '1' })
      : answer(response, 201, registered),
  );
  expect(await gateway.call(usersApi.registerUser, { body: user })).toMatchObject({ body: registered });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_000);
  expect(gateway.postponedCount()).toBe(1);
});

test('what is down for now, and a connection that breaks, is asked again', async () => {
  const gateway = await gatewayOf((response, _, times) => {
    if (times < 2) answer(response, 503, errorBody('UNAVAILABLE', 503));
    else if (times < 6) response.destroy();
    else answer(response, 201, registered);
  });
  expect(await gateway.call(usersApi.registerUser, { body: user })).toMatchObject({ body: registered });
});

test('what is refused is not asked again', async () => {
  let requests = 0;
  const gateway = await gatewayOf((response) => {
    requests += 1;
    answer(response, 409, errorBody('ID_TAKEN', 409));
  });
  expect(await gateway.call(usersApi.registerUser, { body: user })).toEqual({
    refusal: errorBody('ID_TAKEN', 409),
  });
  expect(requests).toBe(1);
});

test('a gateway that stays down is given up in a sentence', async () => {
  const gateway = await gatewayOf((response) => answer(response, 503, errorBody('UNAVAILABLE', 503)), {
    patienceMs: 300,
  });
  const asked = gateway.call(usersApi.registerUser, { body: user });
  await expect(asked).rejects.toThrow(/^Gave up on http.* asked for 0.3 s to register a user, not now$/);
  await expect(asked).rejects.toBeInstanceOf(GatewayError);
});

test('waiting ends when the one who asked is stopped', async () => {
  const stopped = new AbortController();
  const gateway = await gatewayOf(
    (response) => {
      answer(response, 503, errorBody('UNAVAILABLE', 503), { 'retry-after': '10' });
      response.on('finish', () => setTimeout(() => stopped.abort(new Error('stopped')), 50));
    },
    { signal: stopped.signal },
  );
  const startedAt = Date.now();
  await expect(gateway.call(usersApi.registerUser, { body: user })).rejects.toThrow('stopped');
  expect(Date.now() - startedAt).toBeLessThan(5_000);
});

test('many who wait to ask again are not taken for a leak', async () => {
  const ASKERS = 16;
  let times = 0;
  const server = createServer((_, response) =>
    times++ < ASKERS
      ? answer(response, 503, errorBody('UNAVAILABLE', 503))
      : answer(response, 201, registered),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => new Promise((resolve) => server.close(resolve)));
  // In a process of its own: jest keeps the warnings of Node from its tests.
  const script = `
    import { createGateway } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
    import { createRuntime } from ${JSON.stringify(import.meta.resolve('@order-pipeline/service-kit'))};
    import { usersApi } from ${JSON.stringify(import.meta.resolve('@order-pipeline/contracts'))};
    const gateway = createGateway({
      url: 'http://127.0.0.1:${(server.address() as AddressInfo).port}',
      runtime: createRuntime(),
      signal: new AbortController().signal,
    });
    const ask = () => gateway.call(usersApi.registerUser, { body: ${JSON.stringify(user)} });
    await Promise.all(Array.from({ length: ${ASKERS} }, ask));
    console.log(gateway.postponedCount() >= ${ASKERS} ? 'all waited' : 'too few waited');
    await gateway.close();`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  const { PATH = '' } = process.env;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: { PATH } });
  expect(stdout).toBe('all waited\n');
  expect(stderr).toBe('');
});

test('a list is read page by page along its links', async () => {
  const gateway = await gatewayOf((response, url) => {
    const cursor = new URL(url, 'http://gateway').searchParams.get('cursor');
    const next = cursor === null ? 'b' : cursor === 'b' ? 'c' : undefined;
    const link = next && { link: `</api/orders?limit=1000&cursor=${next}>; rel="next"` };
    answer(response, 200, [{ orderId: cursor ?? 'a' }], link);
  });
  const ids: string[] = [];
  for await (const page of pagesOf(gateway, ordersApi.listOrders))
    ids.push(...page.map(({ orderId }) => orderId));
  expect(ids).toEqual(['a', 'b', 'c']);
});
