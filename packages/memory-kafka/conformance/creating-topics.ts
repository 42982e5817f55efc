import { expect } from '@jest/globals';
import type { Admin, ITopicConfig } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const partitionCount = async ({ admin }: World, topic: string): Promise<number> => {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length ?? 0;
};

/** Creates, and finds what it created also where the broker needs a moment to know. */
const creates = async (
  world: World,
  config: Omit<ITopicConfig, 'topic'>,
  partitions: number,
): Promise<void> => {
  const topic = world.unique('created');
  expect(await world.admin.createTopics({ topics: [{ topic, ...config }], waitForLeaders: false })).toBe(
    true,
  );
  await eventually(async () => expect(await partitionCount(world, topic)).toBe(partitions));
};

const refusedAs = async (world: World, config: Partial<ITopicConfig>, type: string): Promise<void> => {
  const topic = world.unique('refused');
  const error = await rejection(world.admin.createTopics({ topics: [{ topic, ...config }] }));
  expect(error).toBeInstanceOf(world.kafkajs.KafkaJSAggregateError);
  expect(error).toMatchObject({
    name: 'KafkaJSAggregateError',
    message: 'Topic creation errors',
    errors: [{ name: 'KafkaJSCreateTopicError', type, topic: config.topic ?? topic, retriable: false }],
  });
};

const outcomes: Area = (behaviour) => {
  behaviour('a topic has as many partitions as asked for, or as many as the broker likes', async (world) => {
    await creates(world, { numPartitions: 3 }, 3);
    await creates(world, {}, 1);
    await creates(world, { numPartitions: -1, replicationFactor: -1 }, 1);
    await creates(world, { numPartitions: 2.9 }, 2);
  });

  behaviour('creating nothing is fine', async ({ admin }) => {
    expect(await admin.createTopics({ topics: [] })).toBe(true);
  });

  behaviour('false says that it exists already, also where others were created', async (world) => {
    const topic = await world.createTopic();
    const another = world.unique('another');
    expect(await world.admin.createTopics({ topics: [{ topic }] })).toBe(false);
    expect(await world.admin.createTopics({ topics: [{ topic }, { topic: another }] })).toBe(false);
    await eventually(async () => expect(await world.admin.listTopics()).toContain(another));
  });

  behaviour('that it exists comes before all else that is wrong', async (world) => {
    const topic = await world.createTopic();
    const wrong = { topic, numPartitions: 0, configEntries: [{ name: 'nonsense', value: '1' }] };
    expect(await world.admin.createTopics({ topics: [wrong] })).toBe(false);
  });

  behaviour('of those who create the same topic at the same time, one succeeds', async (world) => {
    const topic = world.unique('contended');
    const admins = [1, 2, 3].map(() => world.another().admin());
    const create = (admin: Admin) => admin.createTopics({ topics: [{ topic }], waitForLeaders: false });
    const results = await Promise.all(admins.map(create));
    await Promise.all(admins.map((admin) => admin.disconnect()));
    expect(results.filter((created) => created)).toHaveLength(1);
  });

  behaviour('validateOnly creates nothing', async (world) => {
    const topic = world.unique('imagined');
    const topics = [{ topic, numPartitions: 2 }];
    const validate = { topics, validateOnly: true, waitForLeaders: false };
    expect(await world.admin.createTopics(validate)).toBe(true);
    expect(await world.admin.createTopics({ ...validate, waitForLeaders: false })).toBe(true);
    expect(await world.admin.listTopics()).not.toContain(topic);
  });

  behaviour('validateOnly that waits for leaders waits for a topic that is not there', async (world) => {
    const topics = [{ topic: world.unique('imagined') }];
    expect(await rejection(world.admin.createTopics({ topics, validateOnly: true }))).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
  });

  behaviour('validateOnly reports what is wrong', async (world) => {
    const topic = await world.createTopic();
    const { admin } = world;
    expect(await admin.createTopics({ topics: [{ topic }], validateOnly: true })).toBe(false);
    const topics = [{ topic: world.unique('wrong'), numPartitions: 0 }];
    expect(await rejection(admin.createTopics({ topics, validateOnly: true }))).toMatchObject({
      errors: [{ type: 'INVALID_PARTITIONS' }],
    });
  });
};

const refusals: Area = (behaviour) => {
  behaviour('a name has up to 249 letters, digits, dots, underscores and dashes', async (world) => {
    for (const topic of ['not legal', '.', '..', '', 'ü', 'a/b', 'x'.repeat(250)]) {
      await refusedAs(world, { topic }, 'INVALID_TOPIC_EXCEPTION');
    }
    const longest = world.unique('Long_').padEnd(249, 'x');
    expect(await world.admin.createTopics({ topics: [{ topic: longest }], waitForLeaders: false })).toBe(
      true,
    );
  });

  behaviour('names that differ in a dot and an underscore cannot stand side by side', async (world) => {
    const topic = world.unique('with.a');
    await world.admin.createTopics({ topics: [{ topic }], waitForLeaders: false });
    await refusedAs(world, { topic: topic.replaceAll('.', '_') }, 'INVALID_TOPIC_EXCEPTION');
  });

  behaviour('numbers that cannot be are refused, those of partitions first', async (world) => {
    await refusedAs(world, { numPartitions: 0 }, 'INVALID_PARTITIONS');
    await refusedAs(world, { numPartitions: -2 }, 'INVALID_PARTITIONS');
    await refusedAs(world, { replicationFactor: 0 }, 'INVALID_REPLICATION_FACTOR');
    await refusedAs(world, { replicationFactor: 2 }, 'INVALID_REPLICATION_FACTOR');
    await refusedAs(world, { numPartitions: 0, replicationFactor: 3 }, 'INVALID_PARTITIONS');
  });

  behaviour('replicas can be assigned, without gaps, to brokers that there are', async (world) => {
    const [first, second] = [0, 1].map((partition) => ({ partition, replicas: [1] }));
    if (!first || !second) throw new Error('two were made');
    await creates(world, { replicaAssignment: [second, first] }, 2);
    await refusedAs(world, { numPartitions: 1, replicaAssignment: [first] }, 'INVALID_REQUEST');
    await refusedAs(world, { replicationFactor: 1, replicaAssignment: [first] }, 'INVALID_REQUEST');
    for (const replicaAssignment of [
      [first, { partition: 2, replicas: [1] }],
      [first, first],
      [{ partition: 0, replicas: [9] }],
      [{ partition: 0, replicas: [1, 1] }],
      [{ partition: 0, replicas: [] }],
    ]) {
      await refusedAs(world, { replicaAssignment }, 'INVALID_REPLICA_ASSIGNMENT');
    }
  });

  behaviour('each refusal is reported, by name, and what can be created is', async (world) => {
    const [fine, existing] = [world.unique('b'), await world.createTopic({ label: 'c' })];
    const topics = [{ topic: fine }, { topic: existing }, { topic: 'a b' }];
    expect(await rejection(world.admin.createTopics({ topics }))).toMatchObject({
      errors: [
        { type: 'INVALID_TOPIC_EXCEPTION', topic: 'a b', code: 17 },
        { type: 'TOPIC_ALREADY_EXISTS', topic: existing, code: 36 },
      ],
    });
    await eventually(async () => expect(await world.admin.listTopics()).toContain(fine));
  });

  behaviour('arguments that make no sense are refused before anybody is asked', async ({ admin }) => {
    const refusal = async (topics: unknown) => {
      const error = await rejection(admin.createTopics({ topics: unchecked(topics) }));
      expect(error).toMatchObject({ name: 'KafkaJSNonRetriableError', retriable: false });
      return error.message;
    };
    const entries = (configEntries: unknown) => refusal([{ topic: 'a', configEntries }]);
    expect(await refusal(undefined)).toBe('Invalid topics array undefined');
    expect(await refusal({})).toBe('Invalid topics array [object Object]');
    expect(await refusal([{ topic: 1 }])).toBe(
      'Invalid topics array, the topic names have to be a valid string',
    );
    expect(await refusal([{ topic: 'a' }, { topic: 'a' }])).toBe(
      'Invalid topics array, it cannot have multiple entries for the same topic',
    );
    expect(await entries({})).toBe('Invalid configEntries for topic "a", must be an array');
    expect(await entries([null])).toBe('Invalid configEntries for topic "a". Entry 0 must be an object');
    expect(await entries([{ name: 'x', value: '1' }, { value: '1' }])).toBe(
      'Invalid configEntries for topic "a". Entry 1 must have a valid "name" property',
    );
    expect(await entries([{ name: 'x', value: 1 }])).toBe(
      'Invalid configEntries for topic "a". Entry 0 must have a valid "value" property',
    );
  });
};

export const creatingTopics: Area = (behaviour) => {
  outcomes(behaviour);
  refusals(behaviour);
};
