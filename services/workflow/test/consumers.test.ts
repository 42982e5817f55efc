import { expect, test } from '@jest/globals';
import { createCluster, Kafka } from '@order-pipeline/memory-kafka';
import { createAdvanceOrders, createMessaging } from '@order-pipeline/messaging';
import { defineService, type Broker } from '@order-pipeline/service-kit';
import { createOrdersStub, eventually, startEventProbe, startTestService } from '@order-pipeline/testing';
import kafkajs from 'kafkajs';
import { z } from 'zod';
import { startBuffering } from '../src/consumers.ts';
import { bufferSize, fresh, HOUR_MS, TURN_MS, WAIT } from './workplace.ts';

// On a broker in memory alone: how full the buffer gets can only be told where nobody else has left messages.

const LIMIT = 10;

const createOwnBroker = (): Broker => {
  const cluster = createCluster();
  const logLevel = kafkajs.logLevel.NOTHING;
  return {
    durable: false,
    connect: (clientId) => new Kafka({ clientId, brokers: ['memory:9092'], cluster, logLevel }),
  };
};

/** A workflow whose buffer is soon full, and that does not sweep. */
const bufferingService = (intervalMs: number) =>
  defineService({
    name: 'workflow',
    settings: z.object({}),
    usesKafka: true,
    asks: ['orders'],
    callTimeoutMs: 1_000,
    start: async (context) => {
      const messaging = createMessaging('workflow', context);
      const { publisher } = messaging;
      const advance = createAdvanceOrders({ ...context, to: 'PROCESSING', cause: 'workflow', publisher });
      const buffered = startBuffering({ context, messaging, advance, intervalMs, limit: LIMIT });
      context.closers.add('buffer', () => buffered.stop());
      return { routes: [] };
    },
  });

const startWorkplace = async () => {
  const broker = createOwnBroker();
  const orders = createOrdersStub();
  const probe = await startEventProbe(broker);
  const start = (intervalMs: number) =>
    startTestService(bufferingService(intervalMs), { broker, peers: { orders: orders.routes } });
  const place = async (count: number): Promise<string[]> => {
    const orderIds = Array.from({ length: count }, fresh);
    for (const orderId of orderIds) orders.put(orderId, 'PENDING', new Date());
    await probe.announce('PENDING', ...orderIds);
    await eventually(() =>
      expect(orderIds.filter((orderId) => probe.heard('PENDING', orderId).length === 0)).toEqual([]),
    );
    return orderIds;
  };
  const notMoved = (orderIds: readonly string[]) =>
    orderIds.filter((orderId) => orders.statusOf(orderId) !== 'PROCESSING');
  return { orders, probe, start, place, notMoved };
};

test('a full buffer takes nothing more until the turn of the clock, and works nothing off before it', async () => {
  const { orders, probe, start, place, notMoved } = await startWorkplace();
  const workflow = await start(3 * TURN_MS);
  const early = await place(2 * LIMIT);
  await eventually(async () => expect(await bufferSize(workflow)).toBe(2 * LIMIT));
  const late = await place(2 * LIMIT);
  expect(await bufferSize(workflow)).toBe(2 * LIMIT);
  expect(orders.moves).toEqual([]);

  await eventually(() => expect(notMoved(early)).toEqual([]), WAIT);
  expect(notMoved(late)).toHaveLength(2 * LIMIT);
  await eventually(() => expect(notMoved(late)).toEqual([]), WAIT);
  await eventually(async () => expect(await bufferSize(workflow)).toBe(0));
  await workflow.close();
  await probe.close();
});

test('when its partitions are assigned anew, a full buffer is dropped and its orders come again, to one or the other', async () => {
  const { orders, probe, start, place, notMoved } = await startWorkplace();
  const first = await start(4 * TURN_MS);
  const orderIds = await place(3 * LIMIT);
  await eventually(async () => expect(await bufferSize(first)).toBe(3 * LIMIT));
  const second = await start(4 * TURN_MS);
  await eventually(async () => {
    const sizes = [await bufferSize(first), await bufferSize(second)];
    expect(Math.max(...sizes)).toBeLessThan(3 * LIMIT);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(3 * LIMIT);
  }, WAIT);
  await eventually(() => expect(notMoved(orderIds)).toEqual([]), WAIT);
  expect(orderIds.map((orderId) => orders.causesOf(orderId))).toEqual(orderIds.map(() => ['workflow']));
  await Promise.all([first.close(), second.close()]);
  await probe.close();
});

test('a work-off that hangs is told at the readiness probe', async () => {
  const { orders, probe, start, place } = await startWorkplace();
  const workflow = await start(HOUR_MS);
  expect((await workflow.context.health.readiness()).checks['workflow buffer']).toBe('ok');
  await place(1);
  expect(orders.moves).toEqual([]);
  await workflow.close();
  expect((await workflow.context.health.readiness()).checks).not.toHaveProperty('workflow buffer');
  await probe.close();
});
