import { expect, test } from '@jest/globals';
import { unavailable, type Metrics } from '@order-pipeline/service-kit';
import { ANYBODY } from '@order-pipeline/contracts';
import { createTestLogger, createTestRuntime, eventually, recordSpans, times } from '@order-pipeline/testing';
import { createPlacementQueue, createAdmissionControl } from '../../src/load-shedding/index.ts';
import type { PlacementRequest } from '../../src/placement.ts';
import { orderOf } from '../harness.ts';

const BUSY = { outcome: 'NOT_NOW', reason: 'QUEUE_TOO_LONG' };

const metrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  gauge: () => ({ set: () => undefined, unset: () => undefined, whenAsked: () => undefined }),
};

/** A placement queue whose batches end when the test ends them, and whose clock is stopped. */
const prepare = () => {
  let now = 1_000_000;
  const runtime = createTestRuntime({ monotonic: () => now });
  const { logger, logs } = createTestLogger();
  const admission = createAdmissionControl({ limits: { maxAgeMs: 1, maxRows: 1 }, runtime, logger, metrics });
  const batches: { size: number; end: () => void }[] = [];
  let isFree = false;
  const letGo = (): void => {
    isFree = true;
    for (const { end } of batches) end();
  };
  const queue = createPlacementQueue({
    admission,
    runtime,
    place: (requests) =>
      new Promise((resolve) => {
        const end = () => resolve(requests.map(() => ({ outcome: 'PLACED', isNew: true }) as const));
        batches.push({ size: requests.length, end });
        if (isFree) end();
      }),
  });
  const call = { requestId: 'r', trace: { traceId: '', spanId: '' }, actor: ANYBODY, logger };
  const request = (): PlacementRequest => ({ order: orderOf({ item: 1 }), call });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { admission, queue, batches, logs, request, pass, letGo };
};

/** Fills every batch that may run at once, and lets one order more wait. */
const fill = async ({ queue, batches, request }: ReturnType<typeof prepare>) => {
  const underWay = times(3 * 128, () => queue.submit(request()));
  await eventually(() => expect(batches.map(({ size }) => size)).toEqual([128, 128, 128]));
  return { underWay, waiting: queue.submit(request()) };
};

test('an order that would wait behind one that waits too long already is refused at once', async () => {
  const parts = prepare();
  const { queue, batches, request, pass } = parts;
  const { underWay, waiting } = await fill(parts);
  pass(1_000);
  const last = queue.submit(request());
  pass(1);
  expect(await queue.submit(request())).toEqual(BUSY);
  batches[0]?.end();
  await eventually(() => expect(batches[3]?.size).toBe(2));
  // Nobody waits any more.
  const next = queue.submit(request());
  for (const { end } of batches) end();
  await eventually(() => expect(batches[4]?.size).toBe(1));
  batches[4]?.end();
  const placed = { outcome: 'PLACED', isNew: true };
  expect(await Promise.all([waiting, last, next])).toEqual([placed, placed, placed]);
  await Promise.all(underWay);
});

test('however fast they come, only so many wait', async () => {
  const parts = prepare();
  const { queue, request, letGo } = parts;
  await fill(parts);
  // One waits already.
  const more = times(10_000, () => queue.submit(request()));
  expect(await more.at(-1)).toEqual(BUSY);
  letGo();
  const placed = (await Promise.all(more)).filter(({ outcome }) => outcome === 'PLACED');
  expect(placed).toHaveLength(9_999);
});

test('that the queue is too long is said once, and that it no longer is once it was short for a while', async () => {
  const { admission, logs, pass } = prepare();
  for (let second = 0; second < 10; second += 1) {
    admission.countRejected('QUEUE_TOO_LONG');
    pass(1_000);
    admission.tick();
  }
  const said = () => logs.map(({ event, level }) => ({ event, level }));
  expect(said()).toEqual([{ event: 'load_shedding_started', level: 40 }]);
  pass(4_000);
  admission.tick();
  expect(said()).toHaveLength(1);
  pass(1);
  admission.tick();
  expect(said()).toEqual([
    { event: 'load_shedding_started', level: 40 },
    { event: 'load_shedding_stopped', level: 30 },
  ]);
});

test('an order that could not be placed has its span too, which failed', async () => {
  const { admission, request } = prepare();
  const { spans, tracerOf } = recordSpans();
  const runtime = createTestRuntime();
  const place = () => Promise.reject(unavailable('the database is away'));
  const queue = createPlacementQueue({ admission, runtime, tracer: tracerOf('orders'), place });
  const { order, call } = request();
  const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true };
  await expect(queue.submit({ order, call: { ...call, trace } })).rejects.toThrow('the database is away');
  expect(spans).toMatchObject([
    {
      name: 'place order',
      parentId: trace.spanId,
      failed: true,
      attributes: { 'error.type': 'UNAVAILABLE' },
    },
  ]);
});

test('the span of an order says how long the order waited for its batch', async () => {
  const { admission, request } = prepare();
  const { spans, tracerOf } = recordSpans();
  const queue = createPlacementQueue({
    admission,
    runtime: createTestRuntime(),
    tracer: tracerOf('orders'),
    place: async (requests) => requests.map(() => ({ outcome: 'PLACED', isNew: true }) as const),
  });
  const { order, call } = request();
  const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true };
  await queue.submit({ order, call: { ...call, trace } });
  expect(spans).toMatchObject([
    { attributes: { 'order.outcome': 'PLACED', 'order.waited_ms': expect.any(Number) } },
  ]);
});
