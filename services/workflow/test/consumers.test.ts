import { expect, test } from '@jest/globals';
import { createCluster, Kafka } from '@order-pipeline/memory-kafka';
import { createAdvanceOrders, createMessaging, type AdvanceOrders } from '@order-pipeline/messaging';
import { createRuntime, defineService, type Broker } from '@order-pipeline/service-kit';
import {
  createOrdersStub,
  createTestRuntime,
  eventually,
  startEventProbe,
  startTestService,
} from '@order-pipeline/testing';
import kafkajs from 'kafkajs';
import { startBuffering } from '../src/consumers.ts';
import { bufferSize, fresh, HOUR_MS, TURN_MS, WAIT } from './harness.ts';

// On a broker in memory alone: how full the buffer gets is only known where no other test has left messages.

const LIMIT = 10;

const createOwnBroker = (cluster = createCluster()): Broker => {
  const logLevel = kafkajs.logLevel.NOTHING;
  return {
    durable: false,
    connect: (clientId) => new Kafka({ clientId, brokers: ['memory:9092'], cluster, logLevel }),
  };
};

/** A workflow whose buffer is soon full, and that does not sweep. */
const bufferingService = (intervalMs: number, beforeAdvance: () => Promise<void>) =>
  defineService({
    name: 'workflow',
    usesKafka: true,
    dependsOn: ['orders'],
    callTimeoutMs: 1_000,
    start: async (context) => {
      const messaging = createMessaging('workflow', context);
      const { publisher } = messaging;
      const advanceAll = createAdvanceOrders({ ...context, to: 'PROCESSING', cause: 'workflow', publisher });
      const advance: AdvanceOrders = async (orders, batch) => {
        await beforeAdvance();
        return advanceAll(orders, batch);
      };
      const buffered = startBuffering({ context, messaging, advance, intervalMs, limit: LIMIT });
      context.closers.add('buffer', () => buffered.stop());
      return { routes: [] };
    },
  });

const startHarness = async () => {
  const cluster = createCluster();
  const broker = createOwnBroker(cluster);
  const orders = createOrdersStub();
  const probe = await startEventProbe(broker);
  const clients: { orders?: typeof orders.routes } = { orders: orders.routes };
  const start = (intervalMs: number, runtime = createTestRuntime(), beforeAdvance = async () => undefined) =>
    startTestService(bufferingService(intervalMs, beforeAdvance), { broker, clients, runtime });
  const announce = async (count: number): Promise<string[]> => {
    const orderIds = Array.from({ length: count }, fresh);
    for (const orderId of orderIds) orders.put(orderId, 'PENDING', new Date());
    await probe.announce('PENDING', ...orderIds);
    return orderIds;
  };
  const place = async (count: number): Promise<string[]> => {
    const orderIds = await announce(count);
    await eventually(() =>
      expect(orderIds.filter((orderId) => probe.published('PENDING', orderId).length === 0)).toEqual([]),
    );
    return orderIds;
  };
  const notMoved = (orderIds: readonly string[]) =>
    orderIds.filter((orderId) => orders.statusOf(orderId) !== 'PROCESSING');
  return { cluster, orders, probe, clients, start, announce, place, notMoved };
};

test('a full buffer takes nothing more until the turn of the clock, and works nothing off before it', async () => {
  const { orders, probe, start, place, notMoved } = await startHarness();
  const workflow = await start(2 * TURN_MS);
  const early = await place(LIMIT + 5);
  const size = await eventually(async () => {
    const buffered = await bufferSize(workflow);
    expect(buffered).toBeGreaterThanOrEqual(LIMIT);
    return buffered;
  });
  const late = await place(LIMIT);
  expect(await bufferSize(workflow)).toBe(size);
  expect(orders.moves).toEqual([]);

  await eventually(() => expect(orders.moves).not.toHaveLength(0), WAIT);
  expect(orders.moves[0]?.orderIds).toHaveLength(size);
  // What waited in Kafka continues at the turns that follow.
  await eventually(() => expect(notMoved([...early, ...late])).toEqual([]), WAIT);
  await eventually(async () => expect(await bufferSize(workflow)).toBe(0));
  await workflow.close();
  await probe.close();
});

/** A runtime in which the turns of the clock come when the test says so. */
const createTurns = (intervalMs: number) => {
  const real = createRuntime();
  const due: (() => void)[] = [];
  const runtime = createTestRuntime({
    after: (ms, fn) => {
      if (ms !== intervalMs) return real.after(ms, fn);
      due.push(fn);
      return () => undefined;
    },
  });
  return { runtime, next: () => due.shift()?.() };
};

/** The most that is taken in of a partition at a time, and the partitions. */
const BATCH = 500;
const PARTITIONS = 6;

test('one turn processes all that was placed before it, however much more than the buffer holds', async () => {
  const { runtime, next } = createTurns(HOUR_MS);
  const { probe, start, announce, place, notMoved } = await startHarness();
  const sizes: number[] = [];
  const workflow = await start(HOUR_MS, runtime, async () => {
    sizes.push(await bufferSize(workflow));
  });
  const early = await place(LIMIT);
  await eventually(async () => expect(await bufferSize(workflow)).toBeGreaterThanOrEqual(LIMIT), WAIT);
  const late: string[] = [];
  while (late.length < 2 * PARTITIONS * BATCH) late.push(...(await announce(BATCH)));
  next();
  await eventually(() => expect(notMoved([...early, ...late])).toHaveLength(0), WAIT);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(LIMIT + PARTITIONS * BATCH);
  await eventually(async () => expect(await bufferSize(workflow)).toBe(0), WAIT);
  await workflow.close();
  await probe.close();
}, 60_000);

test('what is placed during a turn waits for the next one', async () => {
  const { runtime, next } = createTurns(HOUR_MS);
  const { orders, probe, start, announce, place, notMoved } = await startHarness();
  let later: readonly string[] = [];
  const workflow = await start(HOUR_MS, runtime, async () => {
    if (later.length === 0) later = await announce(3);
  });
  const early = await place(2);
  await eventually(async () => expect(await bufferSize(workflow)).toBe(2), WAIT);
  next();
  await eventually(() => expect(notMoved(early)).toEqual([]), WAIT);
  await eventually(async () => expect(await bufferSize(workflow)).toBe(3), WAIT);
  expect(notMoved(later)).toEqual(later);
  const moves = orders.moves.length;
  next();
  await eventually(() => expect(notMoved(later)).toEqual([]), WAIT);
  expect(orders.moves.length).toBe(moves + 1);
  await workflow.close();
  await probe.close();
});

test('when partitions are assigned anew, a full buffer is dropped, and its orders come again to one or the other', async () => {
  const { orders, probe, start, place, notMoved } = await startHarness();
  const first = await start(5 * TURN_MS);
  const orderIds = await place(2 * LIMIT);
  await eventually(async () => expect(await bufferSize(first)).toBeGreaterThanOrEqual(LIMIT));
  const second = await start(5 * TURN_MS);
  await eventually(async () => {
    expect(await bufferSize(first)).toBeGreaterThan(0);
    expect(await bufferSize(second)).toBeGreaterThan(0);
    expect((await bufferSize(first)) + (await bufferSize(second))).toBeLessThanOrEqual(2 * LIMIT);
  }, WAIT);
  await eventually(() => expect(notMoved(orderIds)).toEqual([]), WAIT);
  expect(orderIds.map((orderId) => orders.causesOf(orderId))).toEqual(orderIds.map(() => ['workflow']));
  await Promise.all([first.close(), second.close()]);
  await probe.close();
});

test('a buffer that cannot be processed for half a minute makes the readiness probe fail, until it is', async () => {
  let later = 0;
  const runtime = createTestRuntime({ monotonic: () => performance.now() + later });
  const { orders, probe, clients, start, place, notMoved } = await startHarness();
  const workflow = await start(TURN_MS, runtime);
  const readiness = async () => (await workflow.context.health.readiness()).checks['workflow buffer'];
  delete clients.orders;
  const orderIds = await place(1);
  await eventually(() => {
    expect(workflow.logs.map(({ msg }) => msg)).toContain('message processing failed');
  }, WAIT);
  expect(await readiness()).toBe('ok');
  later = 31_000;
  expect(await readiness()).toBe('cannot be processed');
  clients.orders = orders.routes;
  await eventually(() => expect(notMoved(orderIds)).toEqual([]), WAIT);
  await eventually(async () => expect(await readiness()).toBe('ok'));
  await workflow.close();
  expect(await readiness()).toBeUndefined();
  await probe.close();
});

test('offsets whose commit failed are committed at the next turn, although nothing new has come', async () => {
  const { cluster, probe, start, place, notMoved } = await startHarness();
  const orderIds = await place(1);
  cluster.faults.refuse('commit', 'UNKNOWN_MEMBER_ID');
  const workflow = await start(TURN_MS);
  const failures = () => workflow.logs.filter(({ msg }) => msg === 'offsets could not be committed');
  await eventually(() => expect(failures()).toHaveLength(1), WAIT);
  expect(notMoved(orderIds)).toEqual([]);
  await eventually(() => {
    const group = cluster.inspect().groups.find(({ groupId }) => groupId === 'workflow');
    expect(group?.offsets).toMatchObject([{ offset: 1, lag: 0 }]);
  }, WAIT);
  await workflow.close();
  await probe.close();
});

test('orders that come again while the commit of their first move is under way are moved and committed again', async () => {
  const { cluster, orders, probe, start, place, notMoved } = await startHarness();
  const workflow = await start(TURN_MS);
  const joins = () => workflow.logs.filter(({ msg }) => msg === 'consumer joined its group').length;
  await eventually(() => expect(joins()).toBe(1), WAIT);
  // Others commit as well.
  cluster.faults.delay('commit', 2 * TURN_MS, { times: 100 });
  const orderIds = await place(3);
  await eventually(() => expect(notMoved(orderIds)).toEqual([]), WAIT);
  await eventually(() => {
    expect(workflow.logs.map(({ msg }) => msg)).toContain('order events published');
  });
  cluster.faults.redeliver('workflow', { topic: 'ORDER_PLACED', offset: 0 });
  await eventually(() => expect(joins()).toBe(2), WAIT);
  cluster.faults.clear();
  await eventually(() => {
    const refusals = workflow.logs.filter(({ msg }) => msg === 'offsets could not be committed');
    expect(refusals).toHaveLength(1);
  }, WAIT);
  await eventually(() => {
    const group = cluster.inspect().groups.find(({ groupId }) => groupId === 'workflow');
    expect(group?.offsets.map(({ lag }) => lag)).not.toHaveLength(0);
    expect(group?.offsets.filter(({ lag }) => lag !== 0)).toEqual([]);
  }, WAIT);
  expect(orders.moves.length).toBeGreaterThan(1);
  await workflow.close();
  await probe.close();
});
