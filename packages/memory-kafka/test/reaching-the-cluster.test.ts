import { expect, jest, test } from '@jest/globals';
import { clusterOf, createCluster, KafkaJSNonRetriableError, logLevel } from '../src/index.ts';
import { Kafka } from './support.ts';

/** Somebody's program, which makes its client by itself. */
const program = (address: string) => new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });

test('the cluster of a client that somebody else constructs is found by its brokers', async () => {
  const kafka = program('theirs:1');
  await kafka.admin().createTopics({ topics: [{ topic: 't' }] });
  const cluster = clusterOf(['theirs:1']);
  expect(cluster.inspect().topics.map(({ name }) => name)).toEqual(['t']);
  expect(kafka.cluster).toBe(cluster);
  cluster.reset();
  expect(await kafka.admin().listTopics()).toEqual([]);
});

test('it can be made ready before they come; a later call changes nothing', async () => {
  const prepared = clusterOf(['theirs:2'], { autoCreatePartitions: 3 });
  expect(clusterOf(['theirs:2'], { autoCreatePartitions: 5 })).toBe(prepared);
  const producer = program('theirs:2').producer();
  await producer.connect();
  await producer.send({ topic: 't', messages: [{ value: 'v' }] });
  expect(prepared.inspect().topics[0]?.partitions).toHaveLength(3);
  await producer.disconnect();
});

test('a client knows the cluster that it was given, and none where only a function knows it', () => {
  const cluster = createCluster();
  const brokers = async () => ['theirs:3'];
  expect(new Kafka({ brokers, cluster }).cluster).toBe(cluster);
  expect(() => new Kafka({ brokers }).cluster).toThrow(KafkaJSNonRetriableError);
});

test('a module that is loaded twice has one world', async () => {
  const first = clusterOf(['twice:1']);
  jest.resetModules();
  const again = await import('../src/index.ts');
  expect(again.clusterOf).not.toBe(clusterOf);
  expect(again.clusterOf(['twice:1'])).toBe(first);
  const kafka = new again.Kafka({ brokers: ['twice:1'], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.createTopics({ topics: [{ topic: 'seen-by-both' }] });
  await admin.disconnect();
  expect(first.inspect().topics).toHaveLength(1);
});
