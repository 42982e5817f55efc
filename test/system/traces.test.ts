import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DeadLetter, OrderTrace } from '@order-pipeline/contracts';
import {
  createTestLogger,
  eventually,
  startCollector,
  times,
  type CollectedSpan,
} from '@order-pipeline/testing';
import { useFixture } from '@order-pipeline/testing/fixtures';
import { request } from 'undici';
import { unique } from '../gateway.ts';
import { useOrdersDatabase, useWholeSystem } from './fixtures.ts';
import { linesOf, REDRIVEN_WAY, spanNamed, treeOf, WAY } from './trace-tree.ts';

/** A real Kafka takes its time to let a first member into a group, and spans are sent once a second. */
const WAIT = { timeoutMs: 30_000 };

const { logger, logs } = createTestLogger();
const collector = useFixture(startCollector, ({ close }) => close());

const tracing = () => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
  TRACE_BUFFER_SPANS: '10000',
  TRACE_URL: 'http://viewer.example/trace/{traceId}',
});

const { started, gateway } = useWholeSystem(() => ({ logger, environment: tracing() }));
const ordersDatabase = useOrdersDatabase(started);

beforeAll(async () => {
  await gateway.addUser(userId);
  await gateway.addItem(itemId, 10_000);
});

beforeEach(() => collector.answer('takes'));

const userId = unique('user');
const itemId = unique('item');

const place = async (orderId = unique('order'), to = gateway): Promise<string> => {
  expect((await to.place(orderId, userId, { [itemId]: 1 })).status).toBe(201);
  return orderId;
};

const spansOfTrace = (id: string | undefined) => collector.spans.filter(({ traceId }) => traceId === id);

/** The spans of the trace in which an order was placed. */
const traceOf = (orderId: string): CollectedSpan[] =>
  spansOfTrace(
    collector.spans.find(
      ({ name, attributes }) => name === 'place order' && attributes['order.id'] === orderId,
    )?.traceId,
  );

const wholeTraceOf = (orderId: string, way = WAY): Promise<CollectedSpan[]> =>
  eventually(() => {
    const spans = traceOf(orderId);
    expect(treeOf(spans)).toEqual(linesOf(way));
    return spans;
  }, WAIT);

test('the trace of an order runs from the gateway to its delivery and to the consumption of its stock', async () => {
  const orderId = await place();
  const spans = await wholeTraceOf(orderId);
  for (const span of spans) {
    expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
    if (/ ORDER_|place/.test(span.name)) expect(span.attributes['order.id']).toBe(orderId);
  }
  expect(spanNamed(spans, 'orders', 'place order').attributes).toMatchObject({ 'order.outcome': 'PLACED' });
  expect(spanNamed(spans, 'shipping', 'process ORDER_PROCESSING').attributes).toMatchObject({
    'messaging.system': 'kafka',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': 'shipping',
    'messaging.destination.partition.id': expect.stringMatching(/^\d+$/),
    'messaging.kafka.offset': expect.any(Number),
  });
});

test('the wait in the outbox and the wait for the turn of the workflow are seen', async () => {
  const orderId = await place();
  const spans = await wholeTraceOf(orderId);
  const { body } = await gateway.get(`/api/orders/${orderId}`);
  const published = spanNamed(spans, 'orders', 'publish ORDER_PLACED');
  expect(published.startMs).toBeCloseTo(Date.parse((body as { createdAt: string }).createdAt), 1);
  const taken = spanNamed(spans, 'workflow', 'process ORDER_PLACED');
  const moved = spanNamed(spans, 'workflow', 'publish ORDER_PROCESSING');
  expect(taken.startMs).toBeLessThanOrEqual(moved.startMs);
  expect(taken.endMs).toBeGreaterThanOrEqual(moved.endMs);
});

/** Those of one order that are done together with others. */
const BATCHED = /^(?:place order|publish|process)/;
const NAME_OF_BATCH = { 'place order': 'place batch', publish: 'send', process: 'process batch' } as const;

test('what is done for several orders at once is a trace of its own, and each links to the other', async () => {
  const orderIds = await Promise.all(times(20, () => place()));
  for (const orderId of orderIds) {
    const spans = await wholeTraceOf(orderId);
    for (const span of spans.filter(({ name }) => BATCHED.test(name))) {
      const batch = collector.spans.find(({ spanId }) => spanId === span.links[0]?.spanId);
      const kind = (BATCHED.exec(span.name) ?? [''])[0] as keyof typeof NAME_OF_BATCH;
      expect(batch).toMatchObject({ service: span.service, parentId: undefined });
      expect(batch?.name.startsWith(NAME_OF_BATCH[kind])).toBe(true);
      expect(batch?.traceId).not.toBe(span.traceId);
      expect(batch?.links.map(({ spanId }) => spanId)).toContain(span.spanId);
    }
  }
  const batches = collector.spans.filter(({ name }) => name === 'place batch');
  const asked = spansOfTrace(batches.at(-1)?.traceId).filter(({ parentId }) => parentId !== undefined);
  expect(new Set(asked.map(({ service, name }) => `${service}: ${name}`))).toEqual(
    new Set([
      'users: POST /internal/users/find',
      'inventory: POST /internal/reservations/reserve',
      'orders: INSERT orders',
    ]),
  );
}, 60_000);

test('a hundred orders that are processed together keep their own traces', async () => {
  const orderIds = await Promise.all(times(100, () => place()));
  const traces = await Promise.all(orderIds.map((orderId) => wholeTraceOf(orderId)));
  expect(new Set(traces.map(([span]) => span?.traceId)).size).toBe(orderIds.length);
  traces.forEach((spans, index) => {
    const ids = spans.flatMap(({ attributes }) => attributes['order.id'] ?? []);
    expect(new Set(ids)).toEqual(new Set([orderIds[index]]));
  });
}, 90_000);

test('no span contains personal data of users, or what they ordered', async () => {
  await wholeTraceOf(await place());
  const exported = JSON.stringify(collector.spans);
  for (const secret of [userId, itemId, 'Sriram', 'sriram@example.com', 'Laptop'])
    expect(exported).not.toContain(secret);
});

test('the lines that are logged of an order have its trace and a span of it', async () => {
  const orderId = await place();
  const spans = await wholeTraceOf(orderId);
  const lines = logs.filter((line) => line['orderId'] === orderId && line.level >= 30);
  const changes = lines.filter(({ msg }) => msg === 'order status changed' || msg === 'order placed');
  expect(changes).toHaveLength(4);
  for (const { traceId, spanId } of changes) {
    expect(traceId).toBe(spans[0]?.traceId);
    expect(spans.map((span) => span.spanId)).toContain(spanId);
  }
});

test('operators get the trace of an order from memory, and where it is shown', async () => {
  const orderId = await place();
  const spans = await wholeTraceOf(orderId);
  const { status, body } = await gateway.get(`/ops/orders/${orderId}/trace`);
  expect(status).toBe(200);
  const { traceId } = spans[0] ?? {};
  expect(body).toMatchObject({ orderId, traceId, url: `http://viewer.example/trace/${traceId}` });
  const shown = (body as OrderTrace).spans ?? [];
  expect(shown.map(({ spanId }) => spanId).toSorted()).toEqual(spans.map(({ spanId }) => spanId).toSorted());
  expect(shown[0]).toMatchObject({ service: 'api-gateway', name: 'POST /api/orders', offsetMs: 0 });
  expect((await gateway.get('/ops/orders/none/trace')).status).toBe(404);
});

test('how long an order took leads to its trace', async () => {
  const orderId = await place();
  const [{ traceId } = {}] = await wholeTraceOf(orderId);
  const headers = { accept: 'application/openmetrics-text;version=1.0.0' };
  for (const [name, of] of [
    ['order_delivery_duration_seconds', ''],
    ['order_step_duration_seconds', 'from="SHIPPED",to="DELIVERED"'],
    ['http_request_duration_seconds', 'service="api-gateway",method="POST",route="/api/orders"'],
  ] as const) {
    const { body } = await request(`${started.system.url}/metrics`, { headers });
    const lines = (await body.text()).split('\n').filter((line) => line.includes(of));
    const buckets = lines.filter((line) => line.startsWith(`${name}_bucket{`)).join('\n');
    expect(buckets).toContain(`# {trace_id="${traceId}"`);
  }
});

const openLetterOf = (orderId: string): Promise<DeadLetter> =>
  eventually(async () => {
    const { body } = await gateway.get(`/ops/dead-letters?orderId=${orderId}&status=OPEN`);
    const [letter] = body as DeadLetter[];
    if (!letter) throw new Error('there is no open letter');
    return letter;
  }, WAIT);

test('a message that became a dead letter and was redriven continues in the trace of its order', async () => {
  const orderId = unique('order');
  await ordersDatabase.refuseShipping(orderId);
  await place(orderId);
  const { letterId } = await openLetterOf(orderId);
  await ordersDatabase.allowShipping();
  await gateway.post(`/ops/dead-letters/${letterId}/redrive`, { by: 'ann', note: 'fixed' });
  await wholeTraceOf(orderId, REDRIVEN_WAY);
}, 60_000);

test('whatever the collector does, orders are delivered', async () => {
  for (const mode of ['hangs', 500, 503] as const) {
    collector.answer(mode);
    const orderIds = await Promise.all(times(5, () => place()));
    for (const orderId of orderIds) await gateway.reaches(orderId, 'DELIVERED');
  }
}, 60_000);
