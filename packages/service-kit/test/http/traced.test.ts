import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ANYBODY, ordersApi, type Input, type Operation } from '@order-pipeline/contracts';
import {
  defineTestService,
  eventually,
  recordSpans,
  startTestService,
  type RecordedSpans,
} from '@order-pipeline/testing';
import { createLocalTransport, newTrace } from '../../src/index.ts';
import { endOperation, startHarness, type Harness } from './harness.ts';

const traceId = 'a'.repeat(32);
const spanId = 'b'.repeat(16);
const traceparentWith = (flags: string) => `00-${traceId}-${spanId}-${flags}`;

let recorded: RecordedSpans;
let samples = true;
let harness: Harness;

/** The same routes, as the gateway has them: clients ask there. */
const startGateway = () =>
  startTestService(
    defineTestService('api-gateway', async () => ({ routes: harness.service.routes })),
    { tracer: recorded.tracerOf('api-gateway') },
  );
let gateway: Awaited<ReturnType<typeof startGateway>>;

beforeAll(async () => {
  recorded = recordSpans({ sampler: () => samples });
  harness = await startHarness({ tracer: recorded.tracerOf('orders') });
  gateway = await startGateway();
});

beforeEach(() => {
  samples = true;
  harness.asked.length = 0;
  (recorded.spans as unknown[]).length = 0;
});

afterAll(async () => {
  await gateway.close();
  await harness.service.close();
});

const ask = (service: { server: Harness['service']['server'] }, url: string, traceparent?: string) =>
  service.server.inject({ url, headers: traceparent === undefined ? {} : { traceparent } });

test('a request that another service sampled is a span under the one that it names, and what it asks is part of it', async () => {
  await ask(harness.service, '/api/orders/order-1', traceparentWith('01'));
  expect(recorded.spans).toMatchObject([
    {
      service: 'orders',
      traceId,
      parentId: spanId,
      name: 'GET /api/orders/:orderId',
      kind: 'SERVER',
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/api/orders/:orderId',
        'http.response.status_code': 200,
      },
      failed: false,
    },
  ]);
  expect(harness.asked[0]?.call.trace).toEqual({ traceId, spanId: recorded.spans[0]?.spanId, sampled: true });
});

test('a request that another service did not sample leaves no span', async () => {
  await ask(harness.service, '/api/orders/order-1', traceparentWith('00'));
  await ask(harness.service, '/api/orders/order-1');
  expect(recorded.spans).toEqual([]);
  expect(harness.asked.map(({ call }) => call.trace.sampled)).toEqual([undefined, undefined]);
});

test.each(['00', '01'])('what a client says of sampling counts for nothing: %s', async (flags) => {
  await ask(gateway, '/api/orders/order-1', traceparentWith(flags));
  expect(recorded.spans).toMatchObject([{ service: 'api-gateway', traceId, parentId: spanId }]);
  samples = false;
  await ask(gateway, '/api/orders/order-1', traceparentWith(flags));
  expect(recorded.spans).toHaveLength(1);
  expect(harness.asked.map(({ call }) => call.trace.sampled)).toEqual([true, undefined]);
  expect(harness.asked[1]?.call.trace.traceId).toBe(traceId);
});

test('a client without a trace begins one', async () => {
  await ask(gateway, '/api/orders/order-1');
  expect(recorded.spans).toMatchObject([
    { traceId: harness.asked[0]?.call.trace.traceId, parentId: undefined },
  ]);
});

test('a server that breaks failed, a client that asks wrongly did not; neither shows the message', async () => {
  await ask(gateway, '/api/end/broken');
  await ask(gateway, `/api/orders?limit=hunter2`);
  expect(recorded.spans).toMatchObject([
    { failed: true, attributes: { 'http.response.status_code': 500, 'error.type': '500' } },
    { failed: false, attributes: { 'http.response.status_code': 400, 'http.route': '/api/orders' } },
  ]);
  expect(JSON.stringify(recorded.spans)).not.toContain('hunter2');
});

test('probes and what is nowhere leave no span', async () => {
  for (const url of ['/health/live', '/health/ready', '/metrics', '/nothing']) await ask(gateway, url);
  expect(recorded.spans).toEqual([]);
});

test('calls that travel together are a span each, in the trace of each', async () => {
  const other = 'c'.repeat(32);
  const call = (traceparent: string) => ({
    requestId: 'r',
    traceparent,
    actor: 'anybody',
    params: { orderId: 'order-1' },
  });
  const calls = [
    call(traceparentWith('01')),
    call(`00-${other}-${spanId}-01`),
    call(`00-${'d'.repeat(32)}-${spanId}-00`),
  ];
  const operation = 'GET /api/orders/:orderId';
  const response = await harness.service.server.inject({
    method: 'POST',
    url: '/calls',
    payload: { operation, calls },
  });
  expect(response.statusCode).toBe(200);
  expect(recorded.spans).toMatchObject([
    { traceId, parentId: spanId, name: operation },
    { traceId: other, parentId: spanId, name: operation },
  ]);
  expect(harness.asked.map(({ call: { trace } }) => trace.spanId).slice(0, 2)).toEqual(
    recorded.spans.map((span) => span.spanId),
  );
});

test('a service of the same process records what it answers as it would over HTTP', async () => {
  const transport = createLocalTransport(harness.service.routes, recorded.tracerOf('orders'));
  const { runtime, logger } = harness.service.context;
  const trace = { ...newTrace(runtime), sampled: true };
  const call = { requestId: 'r', trace, actor: ANYBODY, logger };
  const inputOf = (params: unknown) => ({ params }) as Input<Operation>;
  await transport(ordersApi.getOrder, inputOf({ orderId: 'order-1' }), call);
  await expect(transport(endOperation, inputOf({ how: 'broken' }), call)).rejects.toThrow('hunter2');
  await transport(ordersApi.getOrder, inputOf({ orderId: 'order-1' }), { ...call, trace: newTrace(runtime) });
  expect(recorded.spans).toMatchObject([
    { service: 'orders', traceId: trace.traceId, parentId: trace.spanId, name: 'GET /api/orders/:orderId' },
    { name: 'GET /api/end/:how', failed: true, attributes: { 'error.type': 'Error' } },
  ]);
  expect(recorded.spans).toHaveLength(2);
});

test('every line that is logged for a request has its trace and its span', async () => {
  await ask(gateway, '/api/end/broken', traceparentWith('01'));
  const { traceId: ofSpan, spanId: span } = recorded.spans[0] ?? {};
  await eventually(() => {
    const lines = gateway.logs.filter(({ traceId: logged }) => logged === ofSpan);
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['request failed', 'request completed']),
    );
    expect(new Set(lines.slice(-2).map((line) => line['spanId']))).toEqual(new Set([span]));
  });
});

test('the time of an answer leads to its trace, for those who ask for OpenMetrics', async () => {
  await ask(gateway, '/api/orders/order-1', traceparentWith('00'));
  samples = false;
  await ask(gateway, '/api/end/broken', `00-${'c'.repeat(32)}-${spanId}-01`);
  const accept = 'application/openmetrics-text;version=1.0.0';
  const open = await gateway.server.inject({ url: '/metrics', headers: { accept } });
  expect(open.headers).toMatchObject({
    vary: 'accept',
    'content-type': expect.stringContaining('openmetrics'),
  });
  const exemplars = open.body.match(/^http_request_duration_seconds_bucket.* # .*$/gm) ?? [];
  // Which bucket it is in, and what came before in others, depends on how fast the machine is.
  const ids = `trace_id="${traceId}",span_id="${recorded.spans[0]?.spanId}"`;
  expect(exemplars.find((line) => line.includes(ids))).toContain('route="/api/orders/:orderId"');
  expect(JSON.stringify(exemplars)).not.toContain('c'.repeat(32));
  const { body, headers } = await gateway.server.inject('/metrics');
  expect(headers['content-type']).toContain('text/plain');
  expect(body).not.toContain('trace_id');
});
