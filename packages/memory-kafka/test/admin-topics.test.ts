import { expect, test } from '@jest/globals';
import type { ITopicConfig } from 'kafkajs';
import {
  KafkaJSAggregateError,
  KafkaJSNotImplemented,
  KafkaJSNumberOfRetriesExceeded,
  logLevel,
} from '../src/index.ts';
import { createCluster, Kafka } from '../src/index.ts';
import { inWorld, rejection } from './support.ts';

test(
  'createTopics creates, and answers false if all it could not create exist already',
  inWorld(async ({ kafka, cluster }) => {
    const admin = kafka.admin();
    expect(await admin.createTopics({ topics: [{ topic: 'a', numPartitions: 3 }, { topic: 'b' }] })).toBe(
      true,
    );
    expect(cluster.inspect().topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    expect(await admin.createTopics({ topics: [{ topic: 'a' }, { topic: 'c' }] })).toBe(false);
    expect(await admin.listTopics()).toEqual(['a', 'b', 'c']);
    expect(await admin.createTopics({ validateOnly: true, topics: [{ topic: 'd' }] })).toBe(true);
    expect(await admin.listTopics()).toHaveLength(3);
  }),
);

test.each<[string, ITopicConfig, string]>([
  ['a name that is not legal', { topic: 'not legal' }, 'INVALID_TOPIC_EXCEPTION'],
  ['no partitions', { topic: 't', numPartitions: 0 }, 'INVALID_PARTITIONS'],
  ['more replicas than brokers', { topic: 't', replicationFactor: 3 }, 'INVALID_REPLICATION_FACTOR'],
])('createTopics refuses %s', async (_what, config, type) =>
  inWorld(async ({ kafka }) => {
    const error = await rejection(kafka.admin().createTopics({ topics: [config] }));
    expect(error).toBeInstanceOf(KafkaJSAggregateError);
    expect(error).toMatchObject({
      message: 'Topic creation errors',
      errors: [{ name: 'KafkaJSCreateTopicError', type, topic: config.topic }],
    });
  })(),
);

test(
  'createTopics checks its arguments as kafkajs does',
  inWorld(async ({ kafka }) => {
    const admin = kafka.admin();
    const create = async (topics: object[]) => {
      const args: { topics: ITopicConfig[] } = Object.assign({ topics: [] }, { topics });
      return (await rejection(admin.createTopics(args))).message;
    };
    expect(await create([{ topic: 1 }])).toBe(
      'Invalid topics array, the topic names have to be a valid string',
    );
    expect(await create([{ topic: 'a' }, { topic: 'a' }])).toBe(
      'Invalid topics array, it cannot have multiple entries for the same topic',
    );
    expect(await create([{ topic: 'a', configEntries: {} }])).toBe(
      'Invalid configEntries for topic "a", must be an array',
    );
    expect(await create([{ topic: 'a', configEntries: [{ name: 'x' }] }])).toBe(
      'Invalid configEntries for topic "a". Entry 0 must have a valid "value" property',
    );
  }),
);

test(
  'metadata tells the partitions, and an unknown topic is refused',
  inWorld(async ({ kafka, createTopic }) => {
    await createTopic('known', 2);
    const admin = kafka.admin();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['known'] });
    expect(topics).toMatchObject([
      {
        name: 'known',
        partitions: [0, 1].map((partitionId) => ({
          partitionId,
          leader: 1,
          replicas: [1],
          isr: [1],
          partitionErrorCode: 0,
        })),
      },
    ]);
    expect((await admin.fetchTopicMetadata()).topics).toHaveLength(1);
    const error = await rejection(admin.fetchTopicMetadata({ topics: ['unknown'] }));
    expect(error).toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    expect(await admin.listTopics()).toEqual(['known']);
  }),
);

test(
  'createPartitions only grows, and resolves to nothing',
  inWorld(async ({ kafka, createTopic, cluster }) => {
    await createTopic('grown', 2);
    const admin = kafka.admin();
    const grow = (topic: string, count: number) =>
      admin.createPartitions({ topicPartitions: [{ topic, count }] });
    expect(await grow('grown', 4)).toBeUndefined();
    expect(cluster.inspect().topics[0]?.partitions).toHaveLength(4);
    expect(await rejection(grow('grown', 4))).toMatchObject({ message: 'Number of partitions is invalid' });
    expect(await rejection(grow('unknown', 4))).toMatchObject({
      message: 'This server does not host this topic-partition',
    });
    expect(await rejection(admin.createPartitions({ topicPartitions: [] }))).toMatchObject({
      message: 'Empty topic partitions array',
    });
  }),
);

test(
  'deleteTopics takes the topic and what groups have committed for it; an unknown topic is refused after retries',
  inWorld(async ({ kafka, send, cluster }) => {
    await send('gone', 'a');
    const admin = kafka.admin();
    await admin.setOffsets({ groupId: 'g', topic: 'gone', partitions: [{ partition: 0, offset: '1' }] });
    await admin.deleteTopics({ topics: ['gone'] });
    expect(cluster.inspect()).toMatchObject({ topics: [], groups: [{ offsets: [] }] });
    const error = await rejection(admin.deleteTopics({ topics: ['gone'] }));
    expect(error).toBeInstanceOf(KafkaJSNumberOfRetriesExceeded);
    expect(error.message).toBe('This server does not host this topic-partition');
  }),
);

test(
  'describeCluster tells of one broker, at the first address',
  inWorld(async () => {
    const cluster = createCluster();
    const kafka = new Kafka({ brokers: ['kafka:19092', 'other:1'], cluster, logLevel: logLevel.NOTHING });
    expect(await kafka.admin().describeCluster()).toEqual({
      brokers: [{ nodeId: 1, host: 'kafka', port: 19092 }],
      controller: 1,
      clusterId: 'memory-kafka',
    });
  }),
);

test(
  'what does not exist in memory says so by name',
  inWorld(async ({ kafka }) => {
    const admin = kafka.admin();
    const calls = [
      'describeConfigs',
      'alterConfigs',
      'describeAcls',
      'createAcls',
      'deleteAcls',
      'alterPartitionReassignments',
      'listPartitionReassignments',
    ] as const;
    for (const call of calls) {
      const refused: Promise<unknown> = Reflect.apply(admin[call], admin, [{}]);
      const error = await rejection(refused);
      expect(error).toBeInstanceOf(KafkaJSNotImplemented);
      expect(error).toMatchObject({
        message: `admin.${call}() is not implemented by memory-kafka`,
        retriable: false,
      });
    }
  }),
);

test(
  'an admin client tells when it connects and disconnects',
  inWorld(async ({ kafka }) => {
    const admin = kafka.admin();
    const heard: string[] = [];
    admin.on(admin.events.CONNECT, ({ type }) => heard.push(type));
    admin.on(admin.events.DISCONNECT, ({ type }) => heard.push(type));
    await admin.connect();
    await admin.disconnect();
    expect(heard).toEqual(['admin.connect', 'admin.disconnect']);
  }),
);
