import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Problem } from '../../src/index.ts';
import { order, startShop, type Shop } from './shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await startShop();
});

beforeEach(() => {
  shop.asked.length = 0;
});

afterAll(() => shop.service.close());

const inject = (options: InjectOptions | string) => shop.service.server.inject(options);

const post = (url: string, payload: string | object, headers: Record<string, string> = {}) =>
  inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json', ...headers } });

const problemsOf = (response: LightMyRequestResponse) =>
  response.json<{ details?: Problem[] }>().details ?? [];

test('what is well asked reaches its operation', async () => {
  const response = await post('/api/orders', order());
  expect(response.statusCode).toBe(201);
  expect(response.json()).toEqual({ message: 'Order placed successfully', orderId: 'order-1' });
  expect(shop.asked).toMatchObject([{ path: '/api/orders', input: { body: order() } }]);
});

test.each([
  [{ colour: 'red' }, 'order.colour', 'is not a known field'],
  [{ orderId: 'a b' }, 'order.orderId', 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -'],
  [{ orderId: '' }, 'order.orderId', 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -'],
  [{ orderId: 'x'.repeat(129) }, 'order.orderId', 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -'],
  [{ orderId: 'a\n' }, 'order.orderId', 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -'],
  [{ orderId: 7 }, 'order.orderId', 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -'],
  [{ userId: undefined }, 'order.userId', 'is missing'],
  [{ status: 'SHIPPED' }, 'order.status', 'must be "PENDING"'],
  [{ items: [] }, 'order.items', 'must be a list with from 1 to 100 entries'],
  [{ items: 'item1' }, 'order.items', 'must be a list with from 1 to 100 entries'],
  [
    { items: Array.from({ length: 101 }, (_, n) => ({ itemId: `i${n}`, quantity: 1 })) },
    'order.items',
    'must be a list with from 1 to 100 entries',
  ],
  [{ items: ['item1'] }, 'order.items[0]', 'must be an object'],
  [
    { items: [{ itemId: 'a', quantity: '3' }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
  [
    { items: [{ itemId: 'a', quantity: 0 }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
  [
    { items: [{ itemId: 'a', quantity: 1.5 }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
  [
    { items: [{ itemId: 'a', quantity: 1_000_001 }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
  [
    { items: [{ itemId: 'a', quantity: null }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
])('bad input is refused with its field named: %j', async (wrong, field, message) => {
  const response = await post('/api/orders', order(wrong));
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({
    error: `Bad input: ${field} ${message}`,
    status: 400,
    code: 'VALIDATION_FAILED',
    details: [{ field, message }],
  });
  expect(shop.asked).toEqual([]);
});

test('a number too large for a number is refused', async () => {
  const response = await post('/api/orders', JSON.stringify(order()).replace('3', '1e999'));
  expect(problemsOf(response)).toMatchObject([{ field: 'order.items[0].quantity' }]);
});

test('all that is wrong is said at once, each field once', async () => {
  const response = await post('/api/users', { userId: '', name: '', extra: 1 });
  expect(
    problemsOf(response)
      .map(({ field }) => field)
      .toSorted(),
  ).toEqual(['email', 'extra', 'name', 'userId']);
});

test.each([
  ['a\u0000b', 'must be text that can be read, without control characters'],
  ['a\ud800b', 'must be text that can be read, without control characters'],
  ['\udc00\ud800', 'must be text that can be read, without control characters'],
  ['   ', 'must be text that can be read, without control characters'],
  ['', 'must have from 1 to 200 characters'],
  ['x'.repeat(201), 'must have from 1 to 200 characters'],
])('a name that cannot be stored or read is refused: %j', async (name, message) => {
  const response = await post('/api/users', { userId: 'a', name, email: 'a@example.com' });
  expect(problemsOf(response)).toEqual([{ field: 'name', message }]);
});

test.each(['Zoë', '李小龍', '👩‍🚀 Ada', "O'Neil; DROP TABLE users"])('a name may be %s', async (name) => {
  const response = await post('/api/users', { userId: 'a', name, email: 'a@example.com' });
  expect(response.statusCode).toBe(201);
  expect(shop.asked).toMatchObject([{ input: { body: { name } } }]);
});

test.each(['__proto__', 'constructor', 'prototype', 'toString'])(
  'the key %s is a field like any other, and not a known one',
  async (key) => {
    const response = await post(
      '/api/users',
      `{"userId":"a","name":"A","email":"a@example.com","${key}":{"x":1}}`,
    );
    expect(response.statusCode).toBe(400);
    expect(problemsOf(response)).toEqual([{ field: key, message: 'is not a known field' }]);
  },
);

test('the name of an unknown field is not sent back in full when it is long', async () => {
  const response = await post('/api/users', { ['x'.repeat(100_000)]: 1 });
  expect(response.body.length).toBeLessThan(2_000);
});

test.each(['{', '{"order":}', "{'order':1}", '{"a":1}}', 'null null'])(
  'a body that is not JSON is refused as such: %s',
  async (payload) => {
    const response = await post('/api/orders', payload);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({
      error: 'The body is not well-formed JSON',
      status: 400,
      code: 'MALFORMED_JSON',
    });
  },
);

test.each(['null', '1', '"text"', '[]'])('a body must be an object, not %s', async (payload) => {
  const response = await post('/api/orders', payload);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: 'VALIDATION_FAILED' });
});

test.each([{}, { 'content-type': 'application/json' }])(
  'no body at all is missing, with %j',
  async (headers) => {
    const response = await inject({ method: 'POST', url: '/api/orders', headers });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      error: 'Bad input: the body is missing',
    });
  },
);

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/jsonp',
  'multipart/form-data; boundary=x',
])('a body sent as %s is refused with 415', async (type) => {
  const response = await post('/api/orders', JSON.stringify(order()), { 'content-type': type });
  expect(response.statusCode).toBe(415);
  expect(response.json()).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
});

test('a content type may name its charset', async () => {
  const response = await post('/api/orders', JSON.stringify(order()), {
    'content-type': 'application/json; charset=utf-8',
  });
  expect(response.statusCode).toBe(201);
});

test('a body of 1 MiB is read, and one byte more is refused with 413', async () => {
  const most = 1_048_576;
  const text = JSON.stringify(order());
  expect((await post('/api/orders', text.padEnd(most))).statusCode).toBe(201);
  const response = await post('/api/orders', text.padEnd(most + 1));
  expect(response.statusCode).toBe(413);
  expect(response.json()).toEqual({
    error: 'The body may have 1048576 bytes at most',
    status: 413,
    code: 'BODY_TOO_LARGE',
  });
});

test('a cancellation needs no body, whatever its content type says', async () => {
  for (const options of [{}, { headers: { 'content-type': 'application/json' } }, { payload: {} }]) {
    const response = await inject({ method: 'POST', url: '/api/orders/order-1/cancel', ...options });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ status: 'CANCELLED' });
  }
});

test('a cancellation with fields that it does not know is refused', async () => {
  const response = await post('/api/orders/order-1/cancel', { reason: 'late' });
  expect(response.statusCode).toBe(400);
  expect(problemsOf(response)).toEqual([{ field: 'reason', message: 'is not a known field' }]);
});

test('a query is read as what it means, with its defaults', async () => {
  await inject('/api/orders?limit=7&status=SHIPPED');
  await inject('/api/orders');
  expect(shop.asked).toMatchObject([
    { input: { query: { limit: 7, status: 'SHIPPED' } } },
    { input: { query: { limit: 100 } } },
  ]);
});

test.each([
  ['limit=0', 'limit', 'must be a whole number from 1 to 1000'],
  ['limit=1001', 'limit', 'must be a whole number from 1 to 1000'],
  ['limit=ten', 'limit', 'must be a whole number from 1 to 1000'],
  ['limit=', 'limit', 'must be a whole number from 1 to 1000'],
  ['limit=1&limit=2', 'limit', 'must be a whole number from 1 to 1000'],
  ['status=pending', 'status', 'must be one of PENDING, PROCESSING, SHIPPED, DELIVERED, CANCELLED'],
  [
    'status=PENDING&status=SHIPPED',
    'status',
    'must be one of PENDING, PROCESSING, SHIPPED, DELIVERED, CANCELLED',
  ],
  ['cursor=%00', 'cursor', 'must be a cursor from the Link header of the page before'],
  ['page=2', 'page', 'is not a known field'],
  ['__proto__=1', '__proto__', 'is not a known field'],
])('a query is checked: %s', async (query, field, message) => {
  const response = await inject(`/api/orders?${query}`);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({
    error: `Bad input: ${field} ${message}`,
    code: 'VALIDATION_FAILED',
    details: [{ field, message }],
  });
});

test('an operation without a query refuses one', async () => {
  const response = await inject('/api/orders/order-1?verbose=true');
  expect(problemsOf(response)).toEqual([{ field: 'verbose', message: 'is not a known field' }]);
});

test.each(['/api/users/a%20b', '/api/users/%00', `/api/users/${'x'.repeat(129)}`, '/api/users/a%2Fb'])(
  'an id in a path is checked: %s',
  async (url) => {
    const response = await inject(url);
    expect(response.statusCode).toBe(400);
    expect(problemsOf(response)).toMatchObject([{ field: 'userId' }]);
  },
);

test.each(['/api/users/%', '/api/users/%zz', '/api/users/%ff', `/api/users/${'x'.repeat(2_000)}`])(
  'a malformed or overlong path is refused: %s',
  async (url) => {
    const response = await inject({ url, headers: { 'x-request-id': 'mine' } });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      status: 400,
      code: 'VALIDATION_FAILED',
      error: expect.any(String),
    });
    expect(response.headers['x-request-id']).toBe('mine');
  },
);

test.each(['/', '/api', '/api/', '/api/nothing', '/api/orders/a/b/c', '/API/orders'])(
  'there is nothing at %s',
  async (url) => {
    const response = await inject(url);
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      error: `There is nothing at GET ${url}`,
      status: 404,
      code: 'ROUTE_NOT_FOUND',
    });
  },
);

test.each([
  ['DELETE', '/api/orders', 'GET, HEAD, POST'],
  ['PUT', '/api/orders?limit=1', 'GET, HEAD, POST'],
  ['PATCH', '/api/orders/order-1', 'GET, HEAD'],
  ['GET', '/api/orders/order-1/cancel', 'POST'],
  ['OPTIONS', '/api/users', 'POST'],
  ['POST', '/health/live', 'GET, HEAD'],
  ['POST', '/metrics', 'GET, HEAD'],
] as const)('%s is not possible at %s, and it is said what is', async (method, url, allow) => {
  const response = await inject({ method, url });
  expect(response.statusCode).toBe(405);
  expect(response.headers.allow).toBe(allow);
  expect(response.json()).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
});

test('what is nowhere is not found, whatever its body', async () => {
  expect((await post('/api/nothing', '{')).statusCode).toBe(404);
  expect((await post('/api/nothing', 'x', { 'content-type': 'text/plain' })).statusCode).toBe(404);
  const response = await inject({
    method: 'PUT',
    url: '/api/orders',
    payload: '<a/>',
    headers: { 'content-type': 'text/xml' },
  });
  expect(response.statusCode).toBe(405);
});

test('HEAD answers as GET does, without the body', async () => {
  const got = await inject('/api/orders/order-1');
  const response = await inject({ method: 'HEAD', url: '/api/orders/order-1' });
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-length']).toBe(got.headers['content-length']);
  expect(response.body).toBe('');
});

test.each(['broken', 'internal'])(
  'what breaks answers 500 and keeps its reasons to the log: %s',
  async (how) => {
    const response = await inject(`/api/end/${how}`);
    expect(response.statusCode).toBe(500);
    expect(response.json()).toEqual({
      error: 'Something went wrong on our side',
      status: 500,
      code: 'INTERNAL',
    });
    const logged = shop.service.logs.filter(({ level }) => level === 50);
    expect(logged.at(-1)).toMatchObject({
      err: { message: 'the password is hunter2' },
      requestId: response.headers['x-request-id'],
    });
  },
);

test('what is down answers 503 with Retry-After', async () => {
  const response = await inject('/api/end/down');
  expect(response.statusCode).toBe(503);
  expect(response.headers['retry-after']).toBe('1');
  expect(response.json()).toEqual({ error: 'The shelf does not answer', status: 503, code: 'UNAVAILABLE' });
});

test('a request id that the client gives is kept and sent back', async () => {
  const response = await inject({ url: '/api/orders', headers: { 'x-request-id': 'req-1' } });
  expect(response.headers['x-request-id']).toBe('req-1');
  expect(shop.asked[0]?.call.requestId).toBe('req-1');
});

test.each([undefined, '', 'a b', 'x'.repeat(129), '<script>'])(
  'a request without an id that can be kept gets one: %j',
  async (given) => {
    const response = await inject({
      url: '/api/orders',
      headers: given === undefined ? {} : { 'x-request-id': given },
    });
    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  },
);

test('an error bears the request id too', async () => {
  const response = await inject({ url: '/api/nothing', headers: { 'x-request-id': 'req-2' } });
  expect(response.headers['x-request-id']).toBe('req-2');
});

test('the trace of the client goes on', async () => {
  const traceId = 'a'.repeat(32);
  await inject({ url: '/api/orders', headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` } });
  expect(shop.asked[0]?.call.trace.traceId).toBe(traceId);
  expect(shop.asked[0]?.call.trace.spanId).not.toBe('b'.repeat(16));
});

test('the probes and the metrics answer', async () => {
  expect((await inject('/health/live')).json()).toEqual({ status: 'live' });
  expect((await inject('/health/ready')).json()).toEqual({ status: 'ready', checks: {} });
  await inject('/api/orders/order-1');
  const { body } = await inject('/metrics');
  expect(body).toMatch(
    /http_request_duration_seconds_count\{service="orders",method="GET",route="\/api\/orders\/:orderId",status="200"\} [1-9]/,
  );
});
