import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createHealth, createHttpServer, createMetrics, createRuntime } from '../../src/index.ts';
import { exchange, order, readAnswer, startHarness, type Harness } from './harness.ts';

let harness: Harness;
let url: string;

beforeAll(async () => {
  harness = await startHarness();
  url = await harness.service.listen();
});

afterAll(() => harness.service.close());

const CLOSE = 'Host: localhost\r\nConnection: close\r\n';

test.each([
  ['nonsense', 'hello\r\n\r\n'],
  ['no path', 'GET\r\n\r\n'],
  ['a header without a colon', 'GET / HTTP/1.1\r\nHost: localhost\r\nbroken header\r\n\r\n'],
  [
    'two lengths',
    'POST /api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
  ],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
  ],
  [
    'a bad chunk',
    'POST /api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ],
])('what is not HTTP is refused in the error shape, and the connection ends: %s', async (_, bytes) => {
  const { status, head, body } = readAnswer(await exchange(url, bytes));
  expect(status).toBe(400);
  expect(head).toMatch(/connection: close/i);
  expect(body).toEqual({ error: expect.any(String), status: 400, code: expect.any(String) });
});

test('a request without a host is refused in the error shape', async () => {
  const { status, body } = readAnswer(
    await exchange(url, 'GET /api/orders HTTP/1.1\r\nConnection: close\r\n\r\n'),
  );
  expect(status).toBe(400);
  expect(body).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
});

test('an expectation that is not known does not hinder', async () => {
  const bytes = `GET /api/orders/order-1 HTTP/1.1\r\n${CLOSE}Expect: a miracle\r\n\r\n`;
  expect(readAnswer(await exchange(url, bytes)).status).toBe(200);
});

test('headers that are too large are refused with 431', async () => {
  const bytes = `GET /api/orders HTTP/1.1\r\n${CLOSE}X-Large: ${'x'.repeat(20_000)}\r\n\r\n`;
  const { status, body } = readAnswer(await exchange(url, bytes));
  expect(status).toBe(431);
  expect(body).toEqual({ error: 'The headers are too large', status: 431, code: 'HEADERS_TOO_LARGE' });
});

test('a body that is too large is refused with 413, whether its length is given or not', async () => {
  const refused = await fetch(`${url}/api/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: ' '.repeat(3 * 1_048_576),
  });
  expect(refused.status).toBe(413);
  expect(await refused.json()).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });

  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  const head = `POST /api/orders HTTP/1.1\r\n${CLOSE}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const { status } = readAnswer(
    await exchange(url, head, ...Array.from({ length: 20 }, () => chunk), '0\r\n\r\n'),
  );
  expect(status).toBe(413);
});

test('a method that is not known at all is refused as one that is not possible', async () => {
  const { status, body } = readAnswer(await exchange(url, `PROPFIND /api/orders HTTP/1.1\r\n${CLOSE}\r\n`));
  expect(status).toBe(405);
  expect(body).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
});

test('a body that comes in pieces is one body', async () => {
  const body = JSON.stringify(order());
  const head = `POST /api/orders HTTP/1.1\r\n${CLOSE}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const { status } = readAnswer(await exchange(url, head, body.slice(0, 9), body.slice(9)));
  expect(status).toBe(201);
});

test.each([
  ['its headers', 'POST /api/orders HTTP/1.1\r\nHost: localhost\r\n'],
  [
    'its body',
    'POST /api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"order"',
  ],
])('a request without an end of %s is given up with 408', async (_, bytes) => {
  const runtime = createRuntime();
  const registry = new Registry();
  const server = await createHttpServer({
    routes: [...harness.service.routes],
    runtime,
    logger: pino({ enabled: false }),
    metrics: createMetrics(registry, 'orders'),
    registry,
    health: createHealth(runtime),
    takesCalls: false,
    requestTimeoutMs: 200,
  });
  try {
    const { status, body } = readAnswer(
      await exchange(await server.listen({ host: '127.0.0.1', port: 0 }), bytes),
    );
    expect(status).toBe(408);
    expect(body).toEqual({
      error: 'The request took too long to arrive',
      status: 408,
      code: 'REQUEST_TIMEOUT',
    });
  } finally {
    await server.close();
  }
});
