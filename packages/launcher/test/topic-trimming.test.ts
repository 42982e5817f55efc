import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deadLetterTopic, PARTITIONS_PER_TOPIC, TOPIC_NAMES, TOPIC_PARTIES } from '@order-pipeline/contracts';
import {
  createCluster,
  createManualClock,
  Kafka,
  KafkaJSConnectionError,
  logLevel,
  type Admin,
  type Consumer,
  type MemoryCluster,
} from '@order-pipeline/memory-kafka';
import { createTestLogger, eventually } from '@order-pipeline/testing';
import { createLogger } from '../src/index.ts';
import { KEPT_MESSAGES, startTrimming, trimTopics } from '../src/topic-trimming.ts';

const logger = createLogger('silent');
const MESSAGES = 5_000;
const NEWEST_FROM = MESSAGES - KEPT_MESSAGES;

let cluster: MemoryCluster;
let kafka: Kafka;
let admin: Admin;
const open: Consumer[] = [];

beforeEach(async () => {
  cluster = createCluster();
  kafka = new Kafka({ clientId: 'tests', brokers: ['memory:9092'], cluster, logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  await admin.createTopics({
    topics: [...TOPIC_NAMES, ...TOPIC_NAMES.map(deadLetterTopic)].map((topic) => ({
      topic,
      numPartitions: PARTITIONS_PER_TOPIC,
    })),
  });
});

afterEach(async () => {
  for (const consumer of open.splice(0)) await consumer.disconnect();
});

const publish = async (topic: string, count = MESSAGES, partition = 0, value = 'an event'): Promise<void> => {
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: count }, (_, index) => ({ partition, value: `${value} ${index}` }));
  for (let start = 0; start < count; start += 500)
    await producer.send({ topic, messages: messages.slice(start, start + 500) });
  await producer.disconnect();
};

const commit = (groupId: string, topic: string, offset: number, partition = 0): Promise<void> =>
  admin.setOffsets({ groupId, topic, partitions: [{ partition, offset: String(offset) }] });

const partitionsOf = (topic: string) =>
  cluster.inspect().topics.find(({ name }) => name === topic)?.partitions ?? [];

/** The first message that is still there. */
const firstIn = (topic: string, partition = 0): number | undefined => partitionsOf(topic)[partition]?.low;

/** Joins a group that commits nothing, and reads on until `leave` is called; the end of the test calls it too. */
const readIn = async (groupId: string, topic: string, handle = async (): Promise<void> => undefined) => {
  const consumer = kafka.consumer({ groupId });
  open.push(consumer);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ autoCommit: false, eachMessage: handle });
  await eventually(() => expect(cluster.inspect().groups).toMatchObject([{ groupId, state: 'Stable' }]));
  return () => consumer.disconnect();
};

test('what every group has committed is deleted, but for the newest 1,000 of each partition', async () => {
  for (const partition of [0, 3]) {
    await publish('ORDER_SHIPPED', MESSAGES, partition);
    await commit('delivery', 'ORDER_SHIPPED', MESSAGES, partition);
    await commit('inventory', 'ORDER_SHIPPED', MESSAGES, partition);
  }
  await trimTopics(admin, logger);
  expect(partitionsOf('ORDER_SHIPPED').map(({ low }) => low)).toEqual([NEWEST_FROM, 0, 0, NEWEST_FROM, 0, 0]);
});

test('what one group has still to process stays, until it has committed it', async () => {
  await publish('ORDER_SHIPPED');
  await commit('delivery', 'ORDER_SHIPPED', MESSAGES);
  await commit('inventory', 'ORDER_SHIPPED', 1_234);
  await trimTopics(admin, logger);
  expect(firstIn('ORDER_SHIPPED')).toBe(1_234);
  await commit('inventory', 'ORDER_SHIPPED', MESSAGES - 1);
  await trimTopics(admin, logger);
  expect(firstIn('ORDER_SHIPPED')).toBe(NEWEST_FROM);
});

const READERS = TOPIC_NAMES.flatMap((topic) =>
  TOPIC_PARTIES[topic].to.map((group) => [group, topic] as const),
);

test.each(READERS)('while %s has committed nothing yet, all of %s stays', async (late, topic) => {
  await publish(topic, MESSAGES, 1);
  for (const group of TOPIC_PARTIES[topic].to) if (group !== late) await commit(group, topic, MESSAGES, 1);
  await trimTopics(admin, logger);
  expect(firstIn(topic, 1)).toBe(0);
  // In another partition, which says nothing of this one.
  await commit(late, topic, 0, 0);
  await trimTopics(admin, logger);
  expect(firstIn(topic, 1)).toBe(0);
  await commit(late, topic, MESSAGES, 1);
  await trimTopics(admin, logger);
  expect(firstIn(topic, 1)).toBe(NEWEST_FROM);
});

test('of a topic that no group reads, the newest 1,000 of each partition stay', async () => {
  expect(TOPIC_PARTIES.ORDER_DELIVERED.to).toEqual([]);
  await publish('ORDER_DELIVERED');
  await trimTopics(admin, logger);
  expect(firstIn('ORDER_DELIVERED')).toBe(NEWEST_FROM);
});

test('a group of somebody else holds what it has not committed, also while nobody is in it', async () => {
  await publish('ORDER_DELIVERED');
  await commit('a stranger', 'ORDER_DELIVERED', 10);
  await trimTopics(admin, logger);
  expect(firstIn('ORDER_DELIVERED')).toBe(10);
});

test('who reads without committing finds everything until it leaves', async () => {
  await publish('ORDER_DELIVERED');
  const leave = await readIn('audit', 'ORDER_DELIVERED');
  await trimTopics(admin, logger);
  expect(firstIn('ORDER_DELIVERED')).toBe(0);
  await leave();
  await trimTopics(admin, logger);
  expect(firstIn('ORDER_DELIVERED')).toBe(NEWEST_FROM);
});

test('while consumer group is rebalancing, so that what it reads cannot be seen, everything stays', async () => {
  let goOn = (): void => undefined;
  const atWork = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  await publish('ORDER_DELIVERED');
  const leave = await readIn('audit', 'ORDER_DELIVERED', () => atWork);
  // Its one member is at work and cannot join anew.
  cluster.faults.rebalance('audit');
  expect(cluster.inspect().groups).toMatchObject([{ state: 'PreparingRebalance' }]);
  const trimmed = await trimTopics(admin, logger).then(() => firstIn('ORDER_DELIVERED'));
  goOn();
  expect(trimmed).toBe(0);
  await leave();
});

test('dead letters stay, whichever group has committed them', async () => {
  const topic = deadLetterTopic('ORDER_SHIPPED');
  await publish(topic);
  await commit('dead-letters', topic, MESSAGES);
  await trimTopics(admin, logger);
  expect(firstIn(topic)).toBe(0);
});

test('while no partition has more than 1,000 messages, no group is asked for', async () => {
  await publish('ORDER_DELIVERED', KEPT_MESSAGES);
  const listGroups = async (): Promise<never> => {
    throw new Error('the groups were asked for');
  };
  await trimTopics({ ...admin, listGroups }, logger);
  await publish('ORDER_DELIVERED', 1);
  await expect(trimTopics({ ...admin, listGroups }, logger)).rejects.toThrow('the groups were asked for');
});

test('a broker without topics has nothing to delete', async () => {
  const empty = new Kafka({ brokers: ['memory:9092'], cluster: createCluster() });
  await expect(trimTopics(empty.admin(), logger)).resolves.toBeUndefined();
});

test('of 50,000 committed messages the broker gives the memory back', async () => {
  const bytes = () => partitionsOf('ORDER_PLACED').reduce((sum, partition) => sum + partition.bytes, 0);
  const value = 'x'.repeat(500);
  for (let partition = 0; partition < 5; partition += 1) {
    await publish('ORDER_PLACED', 10_000, partition, value);
    await commit('workflow', 'ORDER_PLACED', 10_000, partition);
  }
  expect(bytes()).toBeGreaterThan(25_000_000);
  await trimTopics(admin, logger);
  // 500 KB of each partition, in whole segments.
  expect(bytes()).toBeLessThan(5 * 1_000_000);
  expect(partitionsOf('ORDER_PLACED').map(({ low }) => low)).toEqual([9_000, 9_000, 9_000, 9_000, 9_000, 0]);
});

test('it is done every five seconds, tried again after a failure, and never after the stop', async () => {
  const clock = createManualClock();
  const { logger: testLogger, logs } = createTestLogger();
  let runs = 0;
  const listTopics = async (): Promise<string[]> => {
    runs += 1;
    if (runs === 1) throw new KafkaJSConnectionError('the broker is busy');
    return admin.listTopics();
  };
  await publish('ORDER_DELIVERED');
  const trimming = startTrimming({ admin: { ...admin, listTopics }, runtime: clock, logger: testLogger });
  await clock.advance(4_999);
  expect(runs).toBe(0);
  await clock.advance(1);
  expect(logs).toMatchObject([{ level: 40, task: 'trimming of topics' }]);
  expect(firstIn('ORDER_DELIVERED')).toBe(0);
  await clock.advance(5_000);
  await eventually(() => expect(firstIn('ORDER_DELIVERED')).toBe(NEWEST_FROM));
  await trimming.stop();
  expect(clock.pending()).toBe(0);
});
