import { expect, test } from '@jest/globals';
import { createTestRuntime } from '@order-pipeline/testing';
import {
  createSpanRing,
  createTracing,
  limitSampling,
  MAX_LINKS,
  NO_TRACER,
  type SpanRecord,
} from '../../src/index.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = { traceId, spanId: '00f067aa0ba902b7', sampled: true };
const start = { name: 'work', kind: 'INTERNAL' } as const;

/** A runtime whose clocks stand where a test puts them, and whose ids are counted. */
const createClocks = () => {
  const at = { wall: 1_000_000, sinceStart: 500, ids: 0 };
  const runtime = createTestRuntime({
    wallClock: () => at.wall,
    monotonic: () => at.sinceStart,
    hex: (bytes) => String((at.ids += 1)).padStart(bytes * 2, '0'),
  });
  return { at, runtime };
};

const record = () => {
  const { at, runtime } = createClocks();
  const spans: SpanRecord[] = [];
  const tracerOf = createTracing({ runtime, sampler: () => true, sink: (span) => void spans.push(span) });
  return { at, spans, tracer: tracerOf('orders') };
};

test('a span is recorded when it ends, under its parent, with ids and times of the runtime', () => {
  const { at, spans, tracer } = record();
  const span = tracer.begin(parent, { ...start, attributes: { a: 1 } });
  expect(span?.trace).toEqual({ traceId, spanId: '1'.padStart(16, '0'), sampled: true });
  expect(spans).toEqual([]);
  at.sinceStart += 2.5;
  at.wall += 2;
  span?.end({ attributes: { b: 'two' } });
  expect(spans).toEqual([
    {
      service: 'orders',
      traceId,
      spanId: '1'.padStart(16, '0'),
      parentId: parent.spanId,
      name: 'work',
      kind: 'INTERNAL',
      startMs: 1_000_000,
      endMs: 1_000_002.5,
      attributes: { a: 1, b: 'two' },
      links: [],
      failed: false,
    },
  ]);
});

test('nothing is begun under what is not sampled, nor where nothing is recorded', () => {
  const { at, tracer } = record();
  expect(tracer.begin({ traceId, spanId: parent.spanId }, start)).toBeUndefined();
  expect(NO_TRACER.begin(parent, start)).toBeUndefined();
  expect(NO_TRACER.beginRoot(start)).toBeUndefined();
  expect(at.ids).toBe(0);
});

test('a span whose clock was set back meanwhile does not end before it began', () => {
  const { at, spans, tracer } = record();
  const span = tracer.beginRoot(start);
  at.wall -= 86_400_000;
  at.sinceStart += 10;
  span?.end();
  expect(spans[0]).toMatchObject({ startMs: 1_000_000, endMs: 1_000_000, parentId: undefined });
  expect(tracer.now()).toBe(at.wall);
});

test('a span links to a bounded number of others', () => {
  const { spans, tracer } = record();
  const span = tracer.beginRoot({ ...start, links: [parent] });
  for (let count = 0; count < MAX_LINKS * 2; count += 1) span?.link(parent);
  span?.end();
  expect(spans[0]?.links).toHaveLength(MAX_LINKS);
});

const spanOf = (trace: string, spanId: string) => ({ traceId: trace, spanId }) as SpanRecord;

test('the ring lets whole traces go, the oldest first, and one trace cannot fill it', () => {
  const ring = createSpanRing(20);
  for (const id of ['1', '2', '3', '4']) ring.add(spanOf('endless', id));
  expect(ring.ofTrace('endless').map(({ spanId }) => spanId)).toEqual(['1', '2']);
  for (let count = 0; count < 18; count += 1) ring.add(spanOf(`trace ${count}`, 'first'));
  expect(ring.ofTrace('endless')).toHaveLength(2);
  ring.add(spanOf('one too many', 'first'));
  expect(ring.ofTrace('endless')).toEqual([]);
  expect(ring.ofTrace('trace 0')).toHaveLength(1);
  expect(ring.ofTrace('one too many')).toHaveLength(1);
});

test('of many requests ten a second are sampled, and none that only reads', () => {
  const { at, runtime } = createClocks();
  const samples = limitSampling(runtime);
  const sampledOf = (requests: number) =>
    Array.from({ length: requests }, () => samples('POST')).filter(Boolean);
  expect(samples('GET')).toBe(false);
  expect(sampledOf(1_000)).toHaveLength(50);
  at.sinceStart += 1_000;
  expect(sampledOf(1_000)).toHaveLength(10);
  at.sinceStart += 3_600_000;
  expect(sampledOf(1_000)).toHaveLength(50);
});
