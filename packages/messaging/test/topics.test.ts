import { expect, test } from '@jest/globals';
import { deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import { createCluster, Kafka } from '@order-pipeline/memory-kafka';
import type { AdminPort, Broker, TopicSettings } from '@order-pipeline/service-kit';
import kafkajs from 'kafkajs';
import { pino } from 'pino';
import { findTopicProblems, type FoundTopic } from '../src/topic-inspection.ts';
import { createTopicInspection, createTopicSetup } from '../src/index.ts';

const QUIET = { logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 1, initialRetryTime: 10 } };
const REPUBLISH_AFTER_MS = 600_000;

/** A broker in memory whose topics are made with these settings, and may be refused to who makes them. */
const createBroker = (
  topics: TopicSettings,
  adminOf = (admin: AdminPort): AdminPort => admin,
  brokers = 1,
): Broker => {
  const cluster = createCluster({ brokers, replicationFactor: 1 });
  const kafka = (clientId: string) => new Kafka({ ...QUIET, clientId, brokers: ['memory:9092'], cluster });
  return {
    durable: true,
    topics,
    connect: (clientId) => {
      const made = kafka(clientId);
      return {
        producer: (config) => made.producer(config),
        consumer: (config) => made.consumer(config),
        admin: () => adminOf(made.admin()),
      };
    },
  };
};

const createLog = () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line) as never) });
  return { logger, lines, warnings: () => lines.filter(({ level }) => level === 40) };
};

const withAdmin = async <T>(broker: Broker, ask: (admin: AdminPort) => Promise<T>): Promise<T> => {
  const admin = broker.connect('tests').admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
};

test('topics are made as the settings have it, and dead letters stay', async () => {
  const broker = createBroker({ partitions: 3, retentionMs: 86_400_000, minInSyncReplicas: 1 });
  const { logger, lines, warnings } = createLog();
  const inspect = createTopicInspection(broker, { logger, republishAfterMs: REPUBLISH_AFTER_MS });
  await createTopicSetup(broker, 'setup', inspect)();
  const { resources } = await withAdmin(broker, (admin) =>
    admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: deadLetterTopic('ORDER_PLACED'),
          configNames: ['retention.ms'],
        },
      ],
    }),
  );
  expect(resources[0]?.configEntries[0]).toMatchObject({ configName: 'retention.ms', configValue: '-1' });
  expect(warnings()).toEqual([]);
  expect(lines.map(({ topics }) => topics)).toEqual([
    TOPIC_NAMES.map((topic) => ({
      topic,
      partitions: 3,
      replicationFactor: 1,
      minInSyncReplicas: 1,
      retentionMs: 86_400_000,
    })),
  ]);
});

test('what topics have that were there before is reported, and what they lack is warned of', async () => {
  const broker = createBroker({ partitions: 6, retentionMs: -1 });
  const { logger, warnings } = createLog();
  await withAdmin(broker, (admin) =>
    admin.createTopics({
      topics: [
        { topic: 'ORDER_PLACED', numPartitions: 2 },
        {
          topic: 'ORDER_SHIPPED',
          numPartitions: 6,
          configEntries: [{ name: 'retention.ms', value: '60000' }],
        },
      ],
    }),
  );
  const inspect = createTopicInspection(broker, { logger, republishAfterMs: REPUBLISH_AFTER_MS });
  await createTopicSetup(broker, 'setup', inspect)();
  expect(warnings()).toEqual([
    expect.objectContaining({
      topics: ['ORDER_PLACED'],
      msg: expect.stringContaining('KAFKA_TOPIC_PARTITIONS'),
    }),
    expect.objectContaining({
      topics: ['ORDER_SHIPPED'],
      msg: expect.stringContaining('REPUBLISH_AFTER_MS'),
    }),
  ]);
});

test.each([
  ['one replica', {}, ['topics have one replica on several brokers']],
  ['three replicas, two of them in sync', { replicationFactor: 3, minInSyncReplicas: 2 }, []],
])('on three brokers that make topics with one replica: the start with %s', async (_name, shape, warned) => {
  const broker = createBroker({ partitions: 6, retentionMs: -1, ...shape }, undefined, 3);
  const { logger, warnings } = createLog();
  const inspect = createTopicInspection(broker, { logger, republishAfterMs: REPUBLISH_AFTER_MS });
  await createTopicSetup(broker, 'setup', inspect)();
  expect(warnings()).toEqual(
    warned.map((words) =>
      expect.objectContaining({ topics: TOPIC_NAMES, msg: expect.stringContaining(words) }),
    ),
  );
});

const FORBIDDEN = Object.assign(new Error('Topic errors'), {
  name: 'KafkaJSAggregateError',
  errors: [{ type: 'TOPIC_AUTHORIZATION_FAILED' }],
});
const mayNotCreate = (admin: AdminPort): AdminPort => ({
  ...admin,
  createTopics: () => Promise.reject(FORBIDDEN),
});

test('who may not make topics takes those that are there, and fails while one is missing', async () => {
  let adminOf = mayNotCreate;
  const broker = createBroker({ partitions: 6 }, (admin) => adminOf(admin));
  const setUp = createTopicSetup(broker, 'setup');
  await expect(setUp()).rejects.toThrow();
  adminOf = (admin) => admin;
  await createTopicSetup(broker, 'another service')();
  adminOf = mayNotCreate;
  await setUp();
});

test('only what is missing is created: a service that starts where all topics are there asks for none', async () => {
  const asked: string[][] = [];
  const broker = createBroker({ partitions: 6 }, (admin) => ({
    ...admin,
    createTopics: (options) => {
      asked.push(options.topics.map(({ topic }) => topic));
      return admin.createTopics(options);
    },
  }));
  await withAdmin(broker, (admin) => admin.createTopics({ topics: [{ topic: 'ORDER_PLACED' }] }));
  asked.length = 0;
  await createTopicSetup(broker, 'the first service')();
  await createTopicSetup(broker, 'the second service')();
  const all = TOPIC_NAMES.flatMap((topic) => [topic, deadLetterTopic(topic)]);
  expect(asked.map((topics) => topics.toSorted())).toEqual([
    all.filter((topic) => topic !== 'ORDER_PLACED').toSorted(),
  ]);
});

test('a broker whose topics may not be looked at is reported, and continues', async () => {
  const refused = () =>
    Promise.reject(Object.assign(new Error('not for you'), { type: 'CLUSTER_AUTHORIZATION_FAILED' }));
  const broker = createBroker({ partitions: 6 }, (admin) => ({ ...admin, describeConfigs: refused }));
  const { logger, warnings } = createLog();
  const inspect = createTopicInspection(broker, { logger, republishAfterMs: REPUBLISH_AFTER_MS });
  await createTopicSetup(broker, 'setup', inspect)();
  expect(warnings()).toEqual([expect.objectContaining({ reason: 'not for you' })]);
});

const GOOD: FoundTopic = {
  topic: 'ORDER_PLACED',
  partitions: 6,
  replicationFactor: 3,
  minInSyncReplicas: 2,
  retentionMs: 604_800_000,
};
const EXPECTATIONS = { asked: { partitions: 6 }, brokers: 3, republishAfterMs: REPUBLISH_AFTER_MS };

test('three replicas, two of them in sync, are as they should be', () => {
  expect(findTopicProblems([GOOD, { ...GOOD, retentionMs: -1 }], EXPECTATIONS)).toEqual([]);
});

test.each([
  ['one replica on several brokers', { replicationFactor: 1, minInSyncReplicas: 1 }, {}],
  ['one replica in sync alone', { minInSyncReplicas: 1 }, {}],
  ['all their replicas in sync', { minInSyncReplicas: 3 }, {}],
  ['fewer partitions', { partitions: 5 }, {}],
  ['fewer replicas than', {}, { replicationFactor: 4 }],
  ['fewer replicas in sync', {}, { minInSyncReplicas: 3 }],
  ['for less than REPUBLISH_AFTER_MS', { retentionMs: REPUBLISH_AFTER_MS - 1 }, {}],
])('topics that have %s are warned of', (words, has, asks) => {
  const asked = { ...EXPECTATIONS.asked, ...asks };
  expect(findTopicProblems([{ ...GOOD, ...has }], { ...EXPECTATIONS, asked })).toEqual([
    { problem: expect.stringContaining(words), topics: ['ORDER_PLACED'] },
  ]);
});

test('one broker cannot have more than one replica', () => {
  const lone = { ...GOOD, replicationFactor: 1, minInSyncReplicas: 1 };
  expect(findTopicProblems([lone], { ...EXPECTATIONS, brokers: 1 })).toEqual([]);
});
