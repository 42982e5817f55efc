import { expect, test } from '@jest/globals';
import {
  AppError,
  createLocalTransport,
  createServiceClients,
  unavailable,
} from '@order-pipeline/service-kit';
import { createOrdersStub, createTestLogger, createTestRuntime } from '@order-pipeline/testing';
import { createAdvanceOrders, type OrderToAdvance, type TracedEvent } from '../src/index.ts';
import { TRACE } from './support.ts';

const prepare = () => {
  const orders = createOrdersStub();
  const runtime = createTestRuntime();
  const { logger, logs } = createTestLogger();
  const published: (readonly TracedEvent[])[] = [];
  let kafkaIsDown = false;
  /** Orders whose partitions take nothing. */
  const held = new Set<string>();
  const advance = createAdvanceOrders({
    to: 'PROCESSING',
    cause: 'workflow',
    clients: createServiceClients(() => createLocalTransport(orders.routes), { runtime, timeoutMs: 5_000 }),
    publisher: {
      publish: async (events) => {
        if (kafkaIsDown) throw unavailable('Kafka does not take messages');
        published.push(events.filter(({ event }) => !held.has(event.orderId)));
        return events.filter(({ event }) => held.has(event.orderId));
      },
    },
    runtime,
    logger,
  });
  const setKafkaDown = (isDown: boolean) => {
    kafkaIsDown = isDown;
  };
  return { orders, runtime, logs, published, advance, setKafkaDown, held };
};

const due = (orderId: string, digit = '1'): OrderToAdvance => ({
  orderId,
  trace: { traceId: digit.repeat(32), spanId: digit.repeat(16) },
  position: { topic: 'ORDER_PLACED', partition: 3, offset: '11' },
});

test('an order that is due is moved, and the event of its new status is published in the trace that asked', async () => {
  const { orders, advance, published, logs } = prepare();
  orders.put('order-1');
  await advance([due('order-1')]);
  expect(orders.statusOf('order-1')).toBe('PROCESSING');
  expect(orders.causesOf('order-1')).toEqual(['workflow']);
  expect(published).toEqual([
    [
      {
        event: {
          orderId: 'order-1',
          userId: 'user11',
          items: [{ itemId: 'item1', quantity: 3 }],
          status: 'PROCESSING',
          at: expect.stringMatching(/^20\d\d-/),
        },
        trace: due('order-1').trace,
      },
    ],
  ]);
  expect(logs.filter(({ level }) => level === 30)).toMatchObject([
    {
      msg: 'order status changed',
      orderId: 'order-1',
      eventId: 'order-1:PROCESSING',
      from: 'PENDING',
      to: 'PROCESSING',
      cause: 'workflow',
      topic: 'ORDER_PLACED',
      partition: 3,
      offset: '11',
      traceId: '1'.repeat(32),
    },
  ]);
});

test('orders that come together are moved in one call and published in one send, each in its own trace', async () => {
  const { orders, advance, published } = prepare();
  orders.put('order-1');
  orders.put('order-2');
  await advance([due('order-1', '1'), due('order-2', '2')]);
  expect(orders.moves).toMatchObject([
    {
      orderIds: ['order-1', 'order-2'],
      events: [
        { partition: 3, offset: '11' },
        { partition: 3, offset: '11' },
      ],
      call: { trace: due('order-1', '1').trace },
    },
  ]);
  expect(published.map((events) => events.map(({ trace }) => trace.traceId))).toEqual([
    ['1'.repeat(32), '2'.repeat(32)],
  ]);
});

test('an order that is already where it should be has its event published again, and no change is reported', async () => {
  const { orders, advance, published, logs } = prepare();
  orders.put('order-1', 'PROCESSING');
  await advance([due('order-1')]);
  expect(published).toMatchObject([[{ event: { orderId: 'order-1', status: 'PROCESSING' } }]]);
  expect(logs.filter(({ level }) => level >= 30)).toEqual([]);
});

test.each(['SHIPPED', 'DELIVERED', 'CANCELLED'] as const)(
  'an order that is %s is skipped: nothing is published, and it is logged at debug',
  async (status) => {
    const { orders, advance, published, logs } = prepare();
    orders.put('order-1', status);
    await advance([due('order-1')]);
    expect(orders.statusOf('order-1')).toBe(status);
    expect(published).toEqual([]);
    expect(logs).toMatchObject([
      { level: 20, orderId: 'order-1', status, msg: 'order skipped: it is not in the status before' },
    ]);
  },
);

test('an order that nobody knows is skipped', async () => {
  const { advance, published } = prepare();
  await advance([due('order-1')]);
  expect(published).toEqual([]);
});

test('an order that is announced twice in a batch is moved and published once', async () => {
  const { orders, advance, published } = prepare();
  orders.put('order-1');
  await advance([due('order-1'), due('order-1', '2')]);
  expect(orders.moves).toMatchObject([{ orderIds: ['order-1'] }]);
  expect(published.flat()).toHaveLength(1);
});

test('more orders than one call carries are moved in several', async () => {
  const { orders, advance, published } = prepare();
  const ids = Array.from({ length: 2_001 }, (_, index) => `order-${index}`);
  for (const orderId of ids) orders.put(orderId);
  await advance(ids.map((orderId) => due(orderId)));
  expect(orders.moves.map(({ orderIds }) => orderIds.length)).toEqual([1_000, 1_000, 1]);
  expect(published.flat().map(({ event }) => event.orderId)).toEqual(ids);
});

test('no orders ask nothing of anybody', async () => {
  const { orders, advance, published } = prepare();
  await advance([]);
  expect(orders.moves).toEqual([]);
  expect(published).toEqual([]);
});

test.each([
  ['worker.afterMoveBeforePublish', 0],
  ['worker.afterPublishBeforeCommit', 1],
] as const)('a worker that dies at %s does not stop the order', async (point, publishedBefore) => {
  const { orders, advance, published, runtime } = prepare();
  orders.put('order-1');
  const crash = runtime.stopAt(point);
  let resolved = false;
  void advance([due('order-1')]).then(() => {
    resolved = true;
  });
  await crash.reached;
  expect(orders.statusOf('order-1')).toBe('PROCESSING');
  expect(published).toHaveLength(publishedBefore);
  await advance([due('order-1')]);
  expect(published.at(-1)).toMatchObject([{ event: { orderId: 'order-1', status: 'PROCESSING' } }]);
  expect(published).toHaveLength(publishedBefore + 1);
  expect(orders.causesOf('order-1')).toEqual(['workflow']);
  expect(resolved).toBe(false);
});

test('it resolves only once the events are published', async () => {
  const { orders, advance, setKafkaDown, published } = prepare();
  orders.put('order-1');
  setKafkaDown(true);
  await expect(advance([due('order-1')])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  setKafkaDown(false);
  await advance([due('order-1')]);
  expect(published).toHaveLength(1);
});

test('an order whose event its partition does not take waits, and the others are done', async () => {
  const { orders, advance, published, held } = prepare();
  orders.put('order-1');
  orders.put('order-2');
  held.add('order-1');
  expect(await advance([due('order-1'), due('order-2')])).toEqual([due('order-1')]);
  held.clear();
  expect(await advance([due('order-1')])).toEqual([]);
  expect(published.flat().map(({ event }) => event.orderId)).toEqual(['order-2', 'order-1']);
  expect(orders.causesOf('order-1')).toEqual(['workflow']);
});

test('when the orders service breaks on an order, that is no outage: it is reported as an error', async () => {
  const { orders, advance, published } = prepare();
  orders.put('order-1');
  orders.breakOrder('order-1');
  await expect(advance([due('order-1')])).rejects.toMatchObject({ code: 'INTERNAL' });
  await expect(advance([due('order-1')])).rejects.toBeInstanceOf(AppError);
  expect(published).toEqual([]);
});

test('an order without a message of its own, as the sweep finds it, is moved like any other', async () => {
  const { orders, advance, published, logs } = prepare();
  orders.put('order-1');
  await advance([{ orderId: 'order-1', trace: TRACE }]);
  expect(published).toHaveLength(1);
  expect(logs).toContainEqual(expect.objectContaining({ msg: 'order status changed', orderId: 'order-1' }));
});
