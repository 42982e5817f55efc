import { afterEach, expect, test } from '@jest/globals';
import type { MemoryCluster } from '@order-pipeline/memory-kafka';
import { createMetrics, type Broker } from '@order-pipeline/service-kit';
import { createTestLogger, eventually, readTopics } from '@order-pipeline/testing';
import { Registry } from 'prom-client';
import { createPublisher, createTopicSetup, type Publisher, type TracedEvent } from '../src/index.ts';
import { createHurriedWorld, fresh, placed, TOPIC, TRACE, WAIT } from './support.ts';

const BROKEN = 3;
const BATCH = 60;

const traced = (orderId: string): TracedEvent => ({ event: placed(orderId), trace: TRACE });
const batch = (): TracedEvent[] => Array.from({ length: BATCH }, () => traced(fresh('order')));
const idsOf = (events: readonly TracedEvent[]): string[] => events.map(({ event }) => event.orderId);

let closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers) await close();
  closers = [];
});

/** How often each order was written. */
const readWritten = async (broker: Broker) => {
  const { messages, stop } = await readTopics(broker, [TOPIC]);
  closers.push(stop);
  return { times: (orderId: string) => messages.filter(({ key }) => key === orderId).length };
};

const prepare = async (options: Parameters<typeof createHurriedWorld>[0] = {}) => {
  const { runtime, broker, cluster, faults } = createHurriedWorld(options);
  const { logger, logs } = createTestLogger();
  const publisher = createPublisher({
    source: 'orders',
    broker,
    topics: createTopicSetup(broker, 'orders-topics'),
    runtime,
    logger,
    metrics: createMetrics(new Registry(), 'orders'),
  });
  closers.push(publisher.disconnect);
  await publisher.publish([traced(fresh('order'))]);
  const linesOf = (msg: string) => logs.filter((line) => line.msg === msg);
  return { publisher, broker, cluster, faults, linesOf, written: await readWritten(broker) };
};

const breakPartition = (faults: MemoryCluster['faults'], partition = BROKEN) =>
  faults.refuse('Produce', 'LEADER_NOT_AVAILABLE', { topic: TOPIC, partition, times: Infinity });

/** Publishes until all are taken. */
const publishAll = async (publisher: Publisher, events: readonly TracedEvent[]): Promise<void> => {
  let waiting = events;
  await eventually(async () => {
    waiting = await publisher.publish(waiting);
    expect(waiting).toEqual([]);
  }, WAIT);
};

test.each(['LEADER_NOT_AVAILABLE', 'NOT_ENOUGH_REPLICAS'] as const)(
  'a partition that answers %s holds up its own events alone, until it takes them',
  async (type) => {
    const { publisher, faults, written, linesOf } = await prepare();
    const fault = faults.refuse('Produce', type, { topic: TOPIC, partition: BROKEN, times: Infinity });
    const events = batch();
    const waiting = await publisher.publish(events);
    expect(waiting.length).toBeGreaterThan(0);
    expect(waiting.length).toBeLessThan(BATCH);
    const taken = idsOf(events.filter((event) => !waiting.includes(event)));
    await eventually(() => expect(taken.filter((orderId) => written.times(orderId) === 0)).toEqual([]), WAIT);
    expect(idsOf(waiting).filter((orderId) => written.times(orderId) > 0)).toEqual([]);
    expect(linesOf('partition does not take messages, retrying')).toMatchObject([
      { level: 40, topic: TOPIC, partition: BROKEN },
    ]);
    fault.cancel();
    await publishAll(publisher, waiting);
    await eventually(() => expect(idsOf(waiting).map(written.times)).toEqual(waiting.map(() => 1)), WAIT);
    expect(linesOf('partition takes messages again')).toMatchObject([{ topic: TOPIC, partition: BROKEN }]);
  },
);

test('while it rests nothing is sent to it, and the others are written once', async () => {
  const { publisher, faults, written } = await prepare();
  const fault = breakPartition(faults);
  await publisher.publish(batch());
  const fired = fault.fired();
  const events = batch();
  const waiting = await publisher.publish(events);
  expect(fault.fired()).toBe(fired);
  const taken = idsOf(events.filter((event) => !waiting.includes(event)));
  await eventually(() => expect(taken.map(written.times)).toEqual(taken.map(() => 1)), WAIT);
});

test('events of a partition that takes nothing wait also where they come alone', async () => {
  const { publisher, faults } = await prepare();
  const fault = breakPartition(faults);
  const waiting = await publisher.publish(batch());
  await eventually(async () => {
    const fired = fault.fired();
    expect(await publisher.publish(waiting)).toEqual(waiting);
    expect(fault.fired()).toBeGreaterThan(fired);
  }, WAIT);
});

test('where no partition takes any, that is an outage, and all are tried again as soon as it is over', async () => {
  const { publisher, faults, linesOf } = await prepare();
  const breaks = [0, 1, 2, 3, 4, 5].map((partition) => breakPartition(faults, partition));
  const events = batch();
  await expect(publisher.publish(events)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  for (const fault of breaks) fault.cancel();
  expect(await publisher.publish(events)).toEqual([]);
  expect(linesOf('partition does not take messages, retrying')).toEqual([]);
});

// kafkajs asks each broker once in a send, also where a partition moves to one that has answered: of its messages it says nothing.
test.each([
  ['events', 'publish'],
  ['messages as they are', 'send'],
] as const)('%s of a partition whose leader moves in the middle of a send are written', async (_, way) => {
  const { publisher, cluster, written } = await prepare({ brokers: 3, replicationFactor: 3 });
  const topic = cluster.inspect().topics.find(({ name }) => name === TOPIC);
  const [moved, stays] = topic?.partitions ?? [];
  expect(moved?.leader).not.toBe(stays?.leader);
  cluster.moveLeader(TOPIC, 0, Number(stays?.leader));
  const events = batch();
  if (way === 'publish') await publishAll(publisher, events);
  else
    await eventually(
      () =>
        publisher.send(
          TOPIC,
          events.map(({ event }) => ({ key: event.orderId, value: '{}' })),
        ),
      WAIT,
    );
  await eventually(
    () => expect(idsOf(events).filter((orderId) => written.times(orderId) === 0)).toEqual([]),
    WAIT,
  );
});
