import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import { createCluster, Kafka, type Listener } from '@order-pipeline/memory-kafka';
import { ALL_TOPICS } from '@order-pipeline/messaging';
import { runOrders } from './run-orders.ts';

const cluster = createCluster();
const admin = new Kafka({ brokers: ['memory:9092'], cluster }).admin();
let listener: Listener;
let settings: Record<string, string>;

beforeAll(async () => {
  listener = await cluster.listen();
  settings = { KAFKA_BROKERS: listener.brokers.join(',') };
  await admin.connect();
});
afterAll(async () => {
  await admin.disconnect();
  await listener.close();
});

test('topics that are not there are missed in one sentence, with 2', async () => {
  const { code, out, err } = await runOrders(['topics'], settings);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(
    /^The topics could not be looked at: they are not there; the first start of the services/,
  );
});

test('it lists what the topics have, and what they lack with 1', async () => {
  await admin.createTopics({ topics: ALL_TOPICS.map((topic) => ({ topic, numPartitions: 6 })) });
  const { code, out, err } = await runOrders(['topics'], settings);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^topic +partitions +replicas +min in sync +kept\n/);
  expect(out).toMatch(/^ORDER_PLACED +6 +1 +1 +604800000 ms$/m);
  expect(out).toMatch(/^Brokers: 1$/m);
  const wanted = await runOrders(['topics'], { ...settings, KAFKA_TOPIC_PARTITIONS: '7' });
  expect(wanted.code).toBe(1);
  expect(wanted.out).toMatch(/^Problem: topics have fewer partitions than .*\(ORDER_PLACED, /m);
});

const partitionsOf = async () => {
  const { topics } = await admin.fetchTopicMetadata({ topics: [...ALL_TOPICS] });
  return Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]));
};

test('partitions are added to every topic that has fewer, and to none when it is run again', async () => {
  await admin.createPartitions({ topicPartitions: [{ topic: 'ORDER_SHIPPED', count: 9 }] });
  const first = await runOrders(['topics', '--partitions', '8', '--json'], settings);
  expect(first.code).toBe(0);
  const raised = ALL_TOPICS.filter((topic) => topic !== 'ORDER_SHIPPED');
  expect((JSON.parse(first.out) as { raised: string[] }).raised.toSorted()).toEqual(raised.toSorted());
  const expected = Object.fromEntries(ALL_TOPICS.map((topic) => [topic, topic === 'ORDER_SHIPPED' ? 9 : 8]));
  expect(await partitionsOf()).toEqual(expected);
  const again = await runOrders(['topics', '--partitions', '8'], settings);
  expect(again.code).toBe(0);
  expect(again.out).not.toContain('Partitions were added');
  expect(await partitionsOf()).toEqual(expected);
});

test('every topic of events has its topic of dead letters among them', () => {
  expect(ALL_TOPICS).toEqual([...TOPIC_NAMES, ...TOPIC_NAMES.map(deadLetterTopic)]);
});

test.each([
  [[], {}, 'KAFKA_BROKERS must be set: whose topics are meant?'],
  [['--partitions', '0'], {}, 'It must be a whole number from 1 to 1000.'],
  [['--partitions', '8'], { KAFKA_BROKERS: '127.0.0.1:1' }, 'The topics could not be altered: '],
])('%j with %j is refused in one sentence, with 2', async (args, environment, sentence) => {
  const { code, out, err } = await runOrders(['topics', ...args], environment);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(sentence);
  expect(err).not.toMatch(/\n./);
});
