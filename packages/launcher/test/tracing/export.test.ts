import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createRuntime } from '@order-pipeline/service-kit';
import { createTestLogger, eventually, startCollector, type Collector } from '@order-pipeline/testing';
import { Registry } from 'prom-client';
import { planSystem, type Environment } from '../../src/plan.ts';
import { openTracing } from '../../src/tracing/open-tracing.ts';

let collector: Collector;

beforeEach(async () => {
  collector = await startCollector();
});

afterEach(() => collector.close());

const open = async (environment: Environment = {}) => {
  const registry = new Registry();
  const { logger, logs } = createTestLogger();
  const { tracing } = planSystem([], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    ...environment,
  });
  const opened = await openTracing(tracing, { runtime: createRuntime(), logger, registry });
  const counted = async (outcome: string): Promise<number> => {
    const metric = await registry.getSingleMetric('trace_spans_total')?.get();
    const ofOutcome = metric?.values.filter(({ labels }) => labels['outcome'] === outcome) ?? [];
    return ofOutcome.reduce((sum, { value }) => sum + value, 0);
  };
  return { ...opened, logs, counted };
};

const WORK = { name: 'work', kind: 'INTERNAL' } as const;

test('spans go to the collector, each with its service, parent, links and attributes, and the last ones at the stop', async () => {
  const { tracerOf, stop, counted } = await open({
    OTEL_RESOURCE_ATTRIBUTES: 'team=a%20b,service.name=other',
  });
  const batch = tracerOf('workflow').beginRoot({ name: 'batch', kind: 'CLIENT', attributes: { size: 2 } });
  if (!batch) throw new Error('nothing is recorded');
  tracerOf('orders')
    .begin(batch.trace, { ...WORK, links: [batch.trace] })
    ?.end({ failed: true });
  batch.end();
  await stop();
  const { traceId, spanId } = batch.trace;
  expect(collector.spans).toMatchObject([
    {
      service: 'orders',
      resource: { team: 'a b', 'service.namespace': 'order-pipeline', 'telemetry.sdk.name': 'opentelemetry' },
      traceId,
      parentId: spanId,
      links: [{ traceId, spanId }],
      kind: 1,
      failed: true,
    },
    { service: 'workflow', traceId, spanId, kind: 3, attributes: { size: 2 }, failed: false },
  ]);
  expect(collector.requests).toMatchObject([{ path: '/v1/traces' }]);
  expect(await counted('exported')).toBe(2);
});

test('spans go as protobuf if nothing else is set', async () => {
  const { tracerOf, stop, counted } = await open({ OTEL_EXPORTER_OTLP_PROTOCOL: '' });
  tracerOf('orders').beginRoot(WORK)?.end();
  await stop();
  expect(collector.requests).toMatchObject([{ path: '/v1/traces', type: 'application/x-protobuf' }]);
  expect(await counted('exported')).toBe(1);
});

test('spans are sent while the process runs, not only at its end', async () => {
  const { tracerOf, stop } = await open();
  tracerOf('orders').beginRoot(WORK)?.end();
  await eventually(() => expect(collector.spans).toHaveLength(1));
  await stop();
});

test('a collector that refuses is reported once; what it refused is counted, and what comes when it is back arrives', async () => {
  const { tracerOf, stop, counted, logs } = await open();
  collector.answer(500);
  for (const failures of [1, 2]) {
    tracerOf('orders').beginRoot(WORK)?.end();
    await eventually(async () => expect(await counted('failed')).toBe(failures));
  }
  collector.answer('takes');
  tracerOf('orders').beginRoot(WORK)?.end();
  await eventually(() => expect(collector.spans).toHaveLength(1));
  await stop();
  expect(logs.map(({ msg }) => msg)).toEqual(['spans could not be exported', 'spans are exported again']);
});

test('a collector that is not there keeps nobody waiting, neither at work nor at the stop', async () => {
  const { tracerOf, stop } = await open({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
  });
  tracerOf('orders').beginRoot(WORK)?.end();
  await stop();
});

test('a collector that hangs: so many spans wait, the others are dropped and counted, and the stop gives up on them', async () => {
  // Longer than this test may take: only the limit of the stop ends it.
  const { tracerOf, stop, counted, logs } = await open({ OTEL_EXPORTER_OTLP_TIMEOUT: '600000' });
  collector.answer('hangs');
  const tracer = tracerOf('orders');
  const produce = () => {
    for (let count = 0; count < 20_000; count += 1) tracer.beginRoot(WORK)?.end();
  };
  produce();
  await eventually(() => expect(collector.requests.length).toBeGreaterThan(0));
  const dropped = await counted('dropped');
  expect(dropped).toBeGreaterThan(0);
  produce();
  expect((await counted('dropped')) - dropped).toBeGreaterThanOrEqual(20_000 - 512);
  await stop();
  expect(logs.map(({ msg }) => msg)).toContain('the last spans were not exported');
  expect(collector.spans).toEqual([]);
  // So that nothing of it outlives the test.
  collector.answer('takes');
  const ended = async () =>
    (await counted('exported')) + (await counted('failed')) + (await counted('dropped'));
  await eventually(async () => expect(await ended()).toBe(40_000));
});

const loadedModules = async (environment: Record<string, string>): Promise<number> => {
  const child = fileURLToPath(new URL('./sdk-child.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child], {
    env: { PATH: process.env['PATH'], ...environment },
  });
  return Number(stdout);
};

test("where nothing is sent, nothing of OpenTelemetry's SDK is loaded", async () => {
  expect(await loadedModules({})).toBe(0);
  expect(await loadedModules({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })).toBeGreaterThan(0);
});

test.each([
  ['parentbased_always_off', {}, 0],
  ['traceidratio', { OTEL_TRACES_SAMPLER_ARG: '0' }, 0],
  ['parentbased_traceidratio', { OTEL_TRACES_SAMPLER_ARG: '0.25' }, 0.25],
  ['traceidratio', {}, 1],
  ['always_on', {}, 1],
])('%s %j samples that share of the requests', async (sampler, more, share) => {
  const { tracerOf, stop } = await open({ OTEL_TRACES_SAMPLER: sampler, ...more });
  const samples = Array.from({ length: 20_000 }, () => tracerOf('api-gateway').samples('GET'));
  const sampled = samples.filter(Boolean).length / samples.length;
  expect(Math.abs(sampled - share)).toBeLessThan(0.05);
  await stop();
});

test('without a collector traces are kept where the whole system is in one process, and only of some requests', async () => {
  const { tracerOf } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  const tracer = tracerOf('api-gateway');
  const samples = Array.from({ length: 1_000 }, () => tracer.samples('POST'));
  expect(samples.filter(Boolean).length).toBeLessThan(1_000);
  const span = tracer.beginRoot(WORK);
  span?.end();
  expect(tracer.spansOf(span?.trace.traceId ?? '')).toHaveLength(1);
});

test('without a collector and a buffer nothing is recorded', async () => {
  const { tracerOf } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: '', TRACE_BUFFER_SPANS: '0' });
  expect(tracerOf('api-gateway').samples('POST')).toBe(false);
  expect(tracerOf('api-gateway').beginRoot(WORK)).toBeUndefined();
});

test.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', /must be a URL/],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', /must be one of http\/protobuf, http\/json/],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote', /must be one of always_on/],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5', /must be a number from 0 to 1/],
  ['OTEL_RESOURCE_ATTRIBUTES', 'team', /must be key=value pairs/],
  ['OTEL_RESOURCE_ATTRIBUTES', 'team=%zz', /must be key=value pairs/],
  ['TRACE_BUFFER_SPANS', '-1', /must be a whole number/],
])('%s=%s is refused with a sentence', (name, value, sentence) => {
  expect(() => planSystem([], { [name]: value })).toThrow(sentence);
});
