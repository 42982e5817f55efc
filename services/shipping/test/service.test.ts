import { expect, test } from '@jest/globals';
import { eventually, startWorkerHarness } from '@order-pipeline/testing';
import { shippingService } from '../src/index.ts';

/** A real Kafka takes its time to let a first member into a group, and to miss one that died. */
const WAIT = { timeoutMs: 25_000 };

const start = async () => {
  const harness = await startWorkerHarness(shippingService);
  const service = await harness.start();
  const close = async (): Promise<void> => {
    await service.close();
    await harness.probe.close();
  };
  return { ...harness, service, close };
};

test('an order that is being processed is shipped, and that is published in its trace', async () => {
  const { orders, put, probe, service, close } = await start();
  const orderId = put('PROCESSING');
  const [trace] = await probe.announce('PROCESSING', orderId);
  const event = await probe.onlyPublished('SHIPPED', orderId, WAIT);
  expect(orders.statusOf(orderId)).toBe('SHIPPED');
  expect(orders.causesOf(orderId)).toEqual(['shipping']);
  expect(event.headers).toMatchObject({
    ce_source: '/order-pipeline/shipping',
    ce_id: `${orderId}:SHIPPED`,
  });
  expect(event.headers['traceparent']).toContain(trace?.traceId);
  expect(service.logs.filter((line) => line.level === 30 && line['orderId'] === orderId)).toMatchObject([
    { msg: 'order status changed', from: 'PROCESSING', to: 'SHIPPED', topic: 'ORDER_PROCESSING' },
  ]);
  await close();
});

test('orders that arrive together are moved together', async () => {
  const { orders, put, probe, close } = await start();
  const orderIds = Array.from({ length: 100 }, () => put('PROCESSING'));
  await probe.announce('PROCESSING', ...orderIds);
  await eventually(
    () => expect(orderIds.map((orderId) => orders.statusOf(orderId))).toEqual(orderIds.map(() => 'SHIPPED')),
    WAIT,
  );
  const calls = orders.moves.filter((move) => move.orderIds.some((orderId) => orderIds.includes(orderId)));
  expect(calls.length).toBeLessThan(20);
  await close();
});

test('an order that has been cancelled is not shipped, and the ones behind it are', async () => {
  const { orders, put, probe, close } = await start();
  const [cancelled, next] = [put('CANCELLED'), put('PROCESSING')];
  await probe.announce('PROCESSING', cancelled);
  await probe.announce('PROCESSING', next);
  await eventually(() => {
    expect(orders.asked(cancelled)).toBeGreaterThan(0);
    expect(probe.published('SHIPPED', next)).toHaveLength(1);
  }, WAIT);
  expect(orders.statusOf(cancelled)).toBe('CANCELLED');
  expect(probe.published('SHIPPED', cancelled)).toEqual([]);
  await close();
});

test('the same message again changes nothing', async () => {
  const { orders, put, probe, close } = await start();
  const orderId = put('PROCESSING');
  await probe.announce('PROCESSING', orderId);
  await eventually(() => expect(probe.published('SHIPPED', orderId)).toHaveLength(1), WAIT);
  const asked = orders.asked(orderId);
  await probe.announce('PROCESSING', orderId);
  await eventually(() => expect(orders.asked(orderId)).toBeGreaterThan(asked), WAIT);
  expect(orders.causesOf(orderId)).toEqual(['shipping']);
  await close();
});

test('while the orders service is down the message waits, and is processed when it is back', async () => {
  const { orders, put, probe, clients, service, close } = await start();
  const orderId = put('PROCESSING');
  delete clients.orders;
  await probe.announce('PROCESSING', orderId);
  await eventually(() => {
    const waits = service.logs.filter(({ msg }) => msg === 'message processing failed');
    expect(waits.length).toBeGreaterThan(1);
  }, WAIT);
  clients.orders = orders.routes;
  await eventually(() => expect(probe.published('SHIPPED', orderId)).toHaveLength(1), WAIT);
  expect(probe.deadLetters(orderId)).toEqual([]);
  await close();
});

test('a worker that dies between the move and the publish does not stop the order: the next one publishes', async () => {
  const { orders, put, probe, runtime, service, start: startNext, close } = await start();
  const orderId = put('PROCESSING');
  const crash = runtime.stopAt('worker.afterMoveBeforePublish');
  await probe.announce('PROCESSING', orderId);
  await crash.reached;
  expect(orders.statusOf(orderId)).toBe('SHIPPED');
  expect(probe.published('SHIPPED', orderId)).toEqual([]);
  // It hangs where it died and is disconnected; its session expires, and the next one gets its messages.
  await service.close();
  const next = await startNext();
  await eventually(() => expect(probe.published('SHIPPED', orderId)).toHaveLength(1), WAIT);
  expect(orders.causesOf(orderId)).toEqual(['shipping']);
  await next.close();
  await close();
});

test('a message that cannot be understood goes to the dead letters, and the ones behind it pass', async () => {
  const { put, probe, close } = await start();
  const orderId = put('PROCESSING');
  await probe.send('PROCESSING', { key: orderId, value: '{"orderId":' });
  await probe.announce('PROCESSING', orderId);
  await eventually(() => expect(probe.published('SHIPPED', orderId)).toHaveLength(1), WAIT);
  await eventually(
    () =>
      expect(probe.deadLetters(orderId)).toMatchObject([
        { topic: 'ORDER_PROCESSING.DLQ', value: '{"orderId":', headers: { 'dlq.group': expect.any(String) } },
      ]),
    WAIT,
  );
  await close();
});

test('an order on which the orders service breaks goes to the dead letters alone', async () => {
  const { orders, put, probe, close } = await start();
  const [broken, sound] = [put('PROCESSING'), put('PROCESSING')];
  orders.breakOrder(broken);
  await probe.announce('PROCESSING', broken, sound);
  await eventually(() => {
    expect(probe.published('SHIPPED', sound)).toHaveLength(1);
    expect(probe.deadLetters(broken)).toMatchObject([{ headers: { 'dlq.tries': '5' } }]);
  }, WAIT);
  await close();
});
