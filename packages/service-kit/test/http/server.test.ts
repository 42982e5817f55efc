import { expect, test } from '@jest/globals';
import { useHarness } from './harness.ts';

const { harness, inject, post } = useHarness();

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
    const logged = harness.service.logs.filter(({ level }) => level === 50);
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

test('a request id that the client gives is kept and returned', async () => {
  const response = await inject({ url: '/api/orders', headers: { 'x-request-id': 'req-1' } });
  expect(response.headers['x-request-id']).toBe('req-1');
  expect(harness.asked[0]?.call.requestId).toBe('req-1');
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

test('an error has the request id too', async () => {
  const response = await inject({ url: '/api/nothing', headers: { 'x-request-id': 'req-2' } });
  expect(response.headers['x-request-id']).toBe('req-2');
});

test('the trace of the client continues', async () => {
  const traceId = 'a'.repeat(32);
  await inject({ url: '/api/orders', headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-00` } });
  expect(harness.asked[0]?.call.trace.traceId).toBe(traceId);
  expect(harness.asked[0]?.call.trace.spanId).not.toBe('b'.repeat(16));
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
