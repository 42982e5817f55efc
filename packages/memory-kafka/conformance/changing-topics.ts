import { expect } from '@jest/globals';
import type { ITopicPartitionConfig } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { recordingConsumer } from './event-record.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const UNKNOWN_TOPIC = {
  name: 'KafkaJSProtocolError',
  message: 'This server does not host this topic-partition',
  type: 'UNKNOWN_TOPIC_OR_PARTITION',
  code: 3,
  retriable: true,
};

const partitionCount = async ({ admin }: World, topic: string): Promise<number> => {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length ?? 0;
};

const grow = ({ admin }: World, ...topicPartitions: ITopicPartitionConfig[]) =>
  admin.createPartitions({ topicPartitions });

const growing: Area = (behaviour) => {
  behaviour('a topic grows to a number of partitions', async (world) => {
    const topic = await world.createTopic();
    expect(await grow(world, { topic, count: 3 })).toBeUndefined();
    await eventually(async () => expect(await partitionCount(world, topic)).toBe(3));
    await world.send(topic, { value: 'x', partition: 2 });
    const { values } = await world.listen(topic);
    await eventually(() => expect(values()).toEqual(['x']));
  });

  behaviour('a producer that connects anew knows the partitions that came meanwhile', async (world) => {
    const topic = await world.createTopic();
    const producer = await world.connectProducer();
    await producer.send({ topic, messages: [{ value: 'before' }] });
    await producer.disconnect();
    await grow(world, { topic, count: 3 });
    await eventually(async () => expect(await partitionCount(world, topic)).toBe(3));
    await producer.connect();
    const messages = Array.from({ length: 30 }, (_, key) => ({ key: String(key), value: 'after' }));
    const written = await producer.send({ topic, messages });
    expect(new Set(written.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2]));
  });

  behaviour('it neither shrinks nor stays as it is', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    for (const count of [2, 1, 0, -1]) {
      expect(await rejection(grow(world, { topic, count }))).toMatchObject({
        name: 'KafkaJSProtocolError',
        message: 'Number of partitions is invalid',
        type: 'INVALID_PARTITIONS',
        code: 37,
        retriable: false,
      });
    }
  });

  behaviour('a topic that cannot grow does not keep the others from it', async (world) => {
    const topic = await world.createTopic();
    const unknown = { topic: world.unique('unknown'), count: 2 };
    expect(await rejection(grow(world, unknown, { topic, count: 2 }))).toMatchObject(UNKNOWN_TOPIC);
    await eventually(async () => expect(await partitionCount(world, topic)).toBe(2));
    expect(await rejection(grow(world, { topic: 'not legal', count: 2 }))).toMatchObject(UNKNOWN_TOPIC);
  });

  behaviour('new replicas can be assigned to brokers that there are', async (world) => {
    const topic = await world.createTopic();
    const assigned = (count: number, ...assignments: number[][]) =>
      grow(world, { topic, count, assignments });
    await assigned(3, [1], [1]);
    for (const assignments of [[[9]], [[1], [1]]]) {
      expect(await rejection(assigned(4, ...assignments))).toMatchObject({
        type: 'INVALID_REPLICA_ASSIGNMENT',
        code: 39,
      });
    }
    await eventually(async () => expect(await partitionCount(world, topic)).toBe(3));
  });

  behaviour('validateOnly leaves it as it is', async (world) => {
    const topic = await world.createTopic();
    const validate = (count: number) =>
      world.admin.createPartitions({ topicPartitions: [{ topic, count }], validateOnly: true });
    expect(await validate(5)).toBeUndefined();
    expect(await rejection(validate(1))).toMatchObject({ type: 'INVALID_PARTITIONS' });
    await grow(world, { topic, count: 2 });
    await eventually(async () => expect(await partitionCount(world, topic)).toBe(2));
  });

  behaviour('growing checks its arguments', async ({ admin }) => {
    const refusal = async (topicPartitions: unknown) => {
      const error = await rejection(admin.createPartitions({ topicPartitions: unchecked(topicPartitions) }));
      expect(error).toMatchObject({ name: 'KafkaJSNonRetriableError', retriable: false });
      return error.message;
    };
    const twice = { topic: 'a', count: 2 };
    expect(await refusal(undefined)).toBe('Invalid topic partitions array undefined');
    expect(await refusal([])).toBe('Empty topic partitions array');
    expect(await refusal([{ topic: 1, count: 2 }])).toBe(
      'Invalid topic partitions array, the topic names have to be a valid string',
    );
    expect(await refusal([twice, twice])).toBe(
      'Invalid topic partitions array, it cannot have multiple entries for the same topic',
    );
  });
};

const deleting: Area = (behaviour) => {
  behaviour('a deleted topic is gone, and one created anew under its name is empty', async (world) => {
    const topic = await world.filledTopic('old');
    expect(await world.admin.deleteTopics({ topics: [topic] })).toBeUndefined();
    await eventually(async () => expect(await world.admin.listTopics()).not.toContain(topic));
    await eventually(async () => expect(await world.admin.createTopics({ topics: [{ topic }] })).toBe(true));
    await eventually(async () =>
      expect(await world.admin.fetchTopicOffsets(topic)).toEqual([
        { partition: 0, offset: '0', high: '0', low: '0' },
      ]),
    );
  });

  behaviour(
    'deleting an unknown topic is tried again and again, and what is known is deleted',
    async (world) => {
      const topic = await world.createTopic();
      const error = await rejection(world.admin.deleteTopics({ topics: [topic, world.unique('unknown')] }));
      expect(error).toBeInstanceOf(world.kafkajs.KafkaJSNumberOfRetriesExceeded);
      expect(error).toMatchObject({
        message: UNKNOWN_TOPIC.message,
        retriable: false,
        retryCount: 8,
        retryTime: 200,
        cause: UNKNOWN_TOPIC,
      });
      await eventually(async () => expect(await world.admin.listTopics()).not.toContain(topic));
    },
  );

  behaviour('a consumer outlives its topic, and reads the one that is created anew', async (world) => {
    const topic = await world.filledTopic('first');
    const retry = { initialRetryTime: 20, maxRetryTime: 50, retries: 1 };
    const config = { allowAutoTopicCreation: false, heartbeatInterval: 50, metadataMaxAge: 100, retry };
    const { consumer, recorded: crashes } = recordingConsumer(world, ['CRASH'], config);
    const { values } = await world.listen(topic, { consumer });
    await eventually(() => expect(values()).toEqual(['first']));
    await world.admin.deleteTopics({ topics: [topic] });
    await eventually(() => expect(crashes.payloads('CRASH').length).toBeGreaterThan(2));
    await eventually(async () => {
      await world.admin.createTopics({ topics: [{ topic }] });
      expect(await partitionCount(world, topic)).toBe(1);
    });
    await world.send(topic, 'again');
    await eventually(() => expect(values()).toEqual(['first', 'again']));
  });

  behaviour('deleting a topic twice in one request is refused, and none is deleted', async (world) => {
    const topic = await world.createTopic();
    expect(await rejection(world.admin.deleteTopics({ topics: [topic, topic] }))).toMatchObject({
      type: 'INVALID_REQUEST',
      code: 42,
      retriable: false,
    });
    expect(await world.admin.listTopics()).toContain(topic);
  });

  behaviour('deleting checks its arguments, and deleting nothing is fine', async ({ admin }) => {
    const remove = (topics: unknown) => admin.deleteTopics({ topics: unchecked(topics) });
    expect(await remove([])).toBeUndefined();
    expect((await rejection(remove(undefined))).message).toBe('Invalid topics array undefined');
    expect((await rejection(remove([1]))).message).toBe(
      'Invalid topics array, the names must be a valid string',
    );
  });

  behaviour('what groups have committed for a deleted topic goes with it', async (world) => {
    const [gone, kept] = [await world.createTopic(), await world.createTopic()];
    await world.send(gone, 'a');
    await world.send(kept, 'b');
    const { consumer } = await world.listen([gone, kept]);
    for (const topic of [gone, kept]) {
      await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    }
    await consumer.disconnect();
    await world.admin.deleteTopics({ topics: [gone] });
    await eventually(async () =>
      expect(await world.admin.fetchOffsets({ groupId: world.groupId })).toEqual([
        { topic: kept, partitions: [{ partition: 0, offset: '1', metadata: null }] },
      ]),
    );
  });
};

const describing: Area = (behaviour) => {
  behaviour('metadata has every partition, and a topic asked for twice once', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const { topics } = await world.admin.fetchTopicMetadata({ topics: [topic, topic] });
    expect(topics.map(({ name }) => name)).toEqual([topic]);
    // Kafka lists partitions in no particular order.
    const partitions = topics[0]?.partitions.toSorted((a, b) => a.partitionId - b.partitionId);
    expect(partitions).toEqual(
      [0, 1].map((partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader: 1,
        replicas: [1],
        isr: [1],
        offlineReplicas: [],
      })),
    );
  });

  behaviour('metadata of all topics, and their list, have the new one', async (world) => {
    const topic = await world.createTopic();
    const { topics } = await world.admin.fetchTopicMetadata();
    expect(topics.map(({ name }) => name)).toContain(topic);
    expect(await world.admin.listTopics()).toContain(topic);
  });

  behaviour('an unknown topic is refused at once, and asking for it does not create it', async (world) => {
    const unknown = world.unique('unknown');
    const topics = [await world.createTopic(), unknown];
    expect(await rejection(world.admin.fetchTopicMetadata({ topics }))).toMatchObject(UNKNOWN_TOPIC);
    expect(await world.admin.listTopics()).not.toContain(unknown);
  });

  behaviour('names that cannot be are refused, those that are no names by the client', async ({ admin }) => {
    const refusal = (topic: unknown) => rejection(admin.fetchTopicMetadata({ topics: [unchecked(topic)] }));
    expect(await refusal('not legal')).toMatchObject({ type: 'INVALID_TOPIC_EXCEPTION', code: 17 });
    expect(await refusal('')).toMatchObject({ name: 'KafkaJSNonRetriableError', message: 'Invalid topic ' });
    expect(await refusal(1)).toMatchObject({ name: 'KafkaJSNonRetriableError', message: 'Invalid topic 1' });
  });

  behaviour('a cluster describes its brokers, one of which is its controller', async ({ admin }) => {
    const { brokers, controller, clusterId } = await admin.describeCluster();
    expect(brokers).toEqual([{ nodeId: 1, host: expect.any(String), port: expect.any(Number) }]);
    expect(controller).toBe(1);
    expect(clusterId).toMatch(/./);
  });

  behaviour(
    'an admin works without having connected, and notifies when it connects and disconnects',
    async (world) => {
      const admin = world.another().admin();
      const recorded: string[] = [];
      admin.on(admin.events.CONNECT, ({ type }) => recorded.push(type));
      admin.on(admin.events.DISCONNECT, ({ type }) => recorded.push(type));
      const topic = await world.createTopic();
      expect(await admin.listTopics()).toContain(topic);
      await admin.connect();
      await admin.disconnect();
      expect(recorded).toEqual(['admin.connect', 'admin.disconnect']);
    },
  );
};

export const changingTopics: Area = (behaviour) => {
  growing(behaviour);
  deleting(behaviour);
  describing(behaviour);
};
