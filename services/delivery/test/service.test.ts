import { expect, test } from '@jest/globals';
import { eventually, startWorkerHarness } from '@order-pipeline/testing';
import { deliveryService } from '../src/index.ts';

// The step is the same as shipping's, and its failures are tested there.

/** A real Kafka takes its time to let a first member into a group. */
const WAIT = { timeoutMs: 20_000 };

const placeOf = (event: { partition: number; offset: string } | undefined) => ({
  partition: event?.partition,
  offset: event?.offset,
});

test('an orderly stop reports where the events stand that were published last', async () => {
  const { orders, put, probe, runtime, start } = await startWorkerHarness(deliveryService);
  // No second passes.
  const service = await start({
    runtime: { ...runtime, after: (ms, fn) => (ms === 1_000 ? () => undefined : runtime.after(ms, fn)) },
  });
  const orderId = put('SHIPPED');
  await probe.announce('SHIPPED', orderId);
  const event = await probe.onlyPublished('DELIVERED', orderId, WAIT);
  expect(orders.positionsOf(orderId)).toEqual([]);
  await service.close();
  expect(orders.positionsOf(orderId)).toEqual([placeOf(event)]);
  await probe.close();
});

test('an order that is shipped is delivered, one that is not is left, and the delivery is published', async () => {
  const { orders, put, probe, start } = await startWorkerHarness(deliveryService);
  const service = await start();
  const [shipped, early] = [put('SHIPPED'), put('PROCESSING')];

  const [, trace] = await probe.announce('SHIPPED', early, shipped);
  const event = await probe.onlyPublished('DELIVERED', shipped, WAIT);
  await eventually(() => expect(orders.asked(early)).toBeGreaterThan(0), WAIT);

  expect(orders.statusOf(shipped)).toBe('DELIVERED');
  expect(orders.causesOf(shipped)).toEqual(['delivery']);
  expect(orders.statusOf(early)).toBe('PROCESSING');
  expect(probe.published('DELIVERED', early)).toEqual([]);
  expect(event.headers).toMatchObject({
    ce_type: 'ORDER_DELIVERED',
    ce_source: '/order-pipeline/delivery',
    ce_id: `${shipped}:DELIVERED`,
  });
  expect(event.headers['traceparent']).toContain(trace?.traceId);
  await eventually(() => expect(orders.positionsOf(shipped)).toEqual([placeOf(event)]), WAIT);
  await service.close();
  await probe.close();
});
