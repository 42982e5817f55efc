import { afterEach, expect, test } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createOrderPipeline, GatewayError, RefusedError, type OrderPipelineOptions } from '../src/index.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A gateway that answers by a list, one request after the other; the last answer again and again. */
const start = async (answers: readonly Answer[], options: Partial<OrderPipelineOptions> = {}) => {
  const asked: { url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => void (body += String(chunk)));
    request.on('end', () => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push({ url: `${request.method} ${request.url}`, headers: request.headers, body });
      answer?.(request, response, body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: createOrderPipeline({ url, ...options }), asked };
};

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body));
const lost: Answer = (request) => request.socket.destroy();
const busy = json(503, { error: 'A part is down', status: 503, code: 'UNAVAILABLE' }, { 'retry-after': '0' });
const refused = (code: string, status: number, error = 'no') => json(status, { error, status, code });
const AT = '2026-01-01T12:00:00.000Z';
const order = (status: string) => ({
  orderId: 'o',
  userId: 'u',
  items: [],
  status,
  createdAt: AT,
  updatedAt: AT,
});
const stream =
  (...parts: readonly string[]): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const part of parts) response.write(part);
    response.end();
  };
const step = (id: number, status: string) =>
  `id: ${id}\nevent: status\ndata: ${JSON.stringify({ status, at: AT, cause: 'c' })}\n\n`;

test('an order is placed once: a lost answer and a part that is down are asked again, with the same id', async () => {
  const placed = json(201, { message: 'Order placed successfully', orderId: 'made-up' });
  const { client, asked } = await start([lost, busy, placed]);
  expect(await client.orders.place({ userId: 'u', items: [{ itemId: 'i', quantity: 1 }] })).toBe('made-up');
  expect(asked).toHaveLength(3);
  expect(new Set(asked.map(({ body }) => body)).size).toBe(1);
});

test('a restock that is retried has the same key', async () => {
  const { client, asked } = await start([lost, json(200, { itemId: 'i' })]);
  await client.items.restock('i', 3);
  const keys = asked.map(({ headers }) => headers['idempotency-key']);
  expect([keys.length, new Set(keys).size, typeof keys[0]]).toEqual([2, 1, 'string']);
});

test('a cancellation whose answer was lost is none that failed', async () => {
  const again = refused('ORDER_NOT_CANCELLABLE', 400, 'Order cannot be cancelled. Current status: CANCELLED');
  const lostOne = await start([lost, again, json(200, order('CANCELLED'))]);
  await lostOne.client.orders.cancel('o');
  expect(lostOne.asked.at(-1)?.url).toBe('GET /api/orders/o');
  server?.closeAllConnections();
  const { client } = await start([again]);
  await expect(client.orders.cancel('o')).rejects.toThrow(RefusedError);
});

test('what is refused is thrown with its code, at once; what is never answered after the patience', async () => {
  const { client, asked } = await start([refused('ORDER_NOT_FOUND', 404, 'There is no order o')]);
  await expect(client.orders.get('o')).rejects.toMatchObject({
    code: 'ORDER_NOT_FOUND',
    status: 404,
    message: 'There is no order o',
  });
  expect(asked).toHaveLength(1);
  server?.closeAllConnections();
  const gone = await start([busy], { patienceMs: 50 });
  await expect(gone.client.orders.get('o')).rejects.toThrow(GatewayError);
});

test('the token is asked for with every request', async () => {
  let tokens = 0;
  const token = async () => `token-${(tokens += 1)}`;
  const { client, asked } = await start([busy, json(200, order('PENDING'))], { token });
  await client.orders.get('o');
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('pages are read as they are asked for', async () => {
  const next = { link: '</api/orders?limit=500&cursor=abc>; rel="next"' };
  const { client, asked } = await start([
    json(200, [order('PENDING'), order('PENDING')], next),
    json(200, [order('SHIPPED')]),
  ]);
  const seen: string[] = [];
  for await (const { status } of client.orders.list()) {
    seen.push(status);
    if (seen.length === 2) expect(asked).toHaveLength(1);
  }
  expect(seen).toEqual(['PENDING', 'PENDING', 'SHIPPED']);
  expect(asked.at(-1)?.url).toBe('GET /api/orders?limit=500&cursor=abc');
});

test('a search continues over pages without orders, with the same filters', async () => {
  const next = (cursor: string) => ({ link: `</ops/orders?itemId=i&cursor=${cursor}>; rel="next"` });
  const { client, asked } = await start([
    json(200, [], next('a')),
    json(200, [order('PENDING')], next('b')),
    json(200, []),
  ]);
  const seen: string[] = [];
  for await (const { status } of client.orders.search({ itemId: 'i' })) seen.push(status);
  expect(seen).toEqual(['PENDING']);
  expect(asked.map(({ url }) => url)).toEqual([
    'GET /ops/orders?itemId=i&limit=500',
    'GET /ops/orders?itemId=i&limit=500&cursor=a',
    'GET /ops/orders?itemId=i&limit=500&cursor=b',
  ]);
});

test('waitFor asks on until the order is there, also where the gateway cannot wait', async () => {
  const waited = { 'preference-applied': 'wait=30' };
  const { client, asked } = await start([
    json(200, order('PENDING'), waited),
    json(200, order('PROCESSING')),
    json(200, order('SHIPPED'), waited),
  ]);
  expect(await client.orders.waitFor('o', 'SHIPPED', { timeoutMs: 30_000 })).toMatchObject({
    status: 'SHIPPED',
  });
  expect(asked.map(({ url }) => /until=SHIPPED&wait=\d+$/.test(url))).toEqual([true, true, true]);
  server?.closeAllConnections();
  const cancelled = await start([json(200, order('CANCELLED'), waited)]);
  expect(await cancelled.client.orders.waitFor('o', 'SHIPPED')).toMatchObject({ status: 'CANCELLED' });
});

test('events go on behind the last one after a lost connection, and end with the order', async () => {
  const { client, asked } = await start([
    stream('retry: 1\n\n', step(1, 'PENDING').slice(0, 20), step(1, 'PENDING').slice(20)),
    busy,
    lost,
    stream('retry: 1\n\n: still here\n\n', step(2, 'PROCESSING')),
    (_, response) => void response.writeHead(204).end(),
  ]);
  const seen: string[] = [];
  for await (const { status } of client.orders.events('o')) seen.push(status);
  expect(seen).toEqual(['PENDING', 'PROCESSING']);
  expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '1', '1', '2']);
});

test('who leaves the steps of an order, or aborts them, ends the connection', async () => {
  const open: Answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(step(1, 'PENDING'));
  };
  const { client } = await start([open]);
  for await (const { status } of client.orders.events('o')) {
    expect(status).toBe('PENDING');
    break;
  }
  const leaving = new AbortController();
  const steps = client.orders.events('o', { signal: leaving.signal });
  await steps.next();
  leaving.abort();
  await expect(steps.next()).rejects.toThrow('abort');
});
