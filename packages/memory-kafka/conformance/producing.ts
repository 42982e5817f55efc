import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { highsOf, readMessages } from './reading.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const X = [{ value: 'x' }];

const refusalOf = async ({ producer }: World, record: object): Promise<Error> =>
  rejection(producer.send(unchecked(record)));

const answers: Area = (behaviour) => {
  behaviour('send returns where each partition was written to', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const messages = [
      { value: 'a', partition: 1 },
      { value: 'b', partition: 0 },
      { value: 'c', partition: 1 },
    ];
    const send = async () => {
      // Kafka does not answer in the order of partitions.
      const written = await world.producer.send({ topic, messages });
      return written.toSorted((a, b) => a.partition - b.partition);
    };
    const common = { topicName: topic, errorCode: 0, logAppendTime: '-1', logStartOffset: '0' };
    expect(await send()).toEqual([
      { ...common, partition: 0, baseOffset: '0' },
      { ...common, partition: 1, baseOffset: '0' },
    ]);
    expect((await send()).map(({ baseOffset }) => baseOffset)).toEqual(['1', '2']);
  });

  behaviour('it returns where the log begins, once its beginning was deleted', async (world) => {
    const topic = await world.filledTopic('0', '1', '2');
    await world.admin.fetchTopicOffsets(topic);
    await world.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    expect(await world.producer.send({ topic, messages: X })).toMatchObject([
      { baseOffset: '3', logStartOffset: '2' },
    ]);
  });

  behaviour('acks 0 returns nothing, acks 1 as much as all acks', async (world) => {
    const topic = await world.createTopic();
    expect(await world.producer.send({ topic, messages: X, acks: 0 })).toEqual([]);
    await eventually(async () => expect(await highsOf(world, topic)).toEqual([1]));
    expect(await world.producer.send({ topic, messages: X, acks: 1 })).toMatchObject([{ baseOffset: '1' }]);
    expect(await world.producer.send({ topic, messages: X, acks: -1 })).toMatchObject([{ baseOffset: '2' }]);
  });

  behaviour('any other number of acks is refused', async (world) => {
    const topic = await world.createTopic();
    for (const acks of [2, -2]) {
      expect(await refusalOf(world, { topic, messages: X, acks })).toMatchObject({
        name: 'KafkaJSProtocolError',
        message: 'Produce request specified an invalid value for required acks',
        type: 'INVALID_REQUIRED_ACKS',
        code: 21,
        retriable: false,
      });
    }
    expect(await highsOf(world, topic)).toEqual([0]);
  });

  behaviour('empty sends are fine', async (world) => {
    const topic = await world.createTopic();
    expect(await world.producer.send({ topic, messages: [] })).toEqual([]);
    expect(await world.producer.sendBatch({ topicMessages: [] })).toEqual([]);
    expect(await world.producer.sendBatch({})).toEqual([]);
    expect(await world.producer.sendBatch({ topicMessages: [{ topic, messages: [] }] })).toEqual([]);
    expect(await highsOf(world, topic)).toEqual([0]);
  });

  behaviour('sendBatch merges what goes to the same topic, in its order', async (world) => {
    const [a, b] = [await world.createTopic(), await world.createTopic()];
    const written = await world.producer.sendBatch({
      topicMessages: [
        { topic: a, messages: [{ value: '1' }] },
        { topic: b, messages: [{ value: '2' }] },
        { topic: a, messages: [{ value: '3' }, { value: '4' }] },
      ],
    });
    expect(written.map(({ topicName }) => topicName).toSorted()).toEqual([a, b].toSorted());
    const messages = await readMessages(world, a, 3);
    expect(messages.map(({ value }) => String(value))).toEqual(['1', '3', '4']);
    expect(Reflect.get(messages[0] ?? {}, 'batchContext')).toMatchObject({ lastOffsetDelta: 2 });
  });

  behaviour('what was handed to sendBatch is not changed by merging', async (world) => {
    const topic = await world.createTopic();
    const topicMessages = [
      { topic, messages: [{ value: '1' }] },
      { topic, messages: [{ value: '2' }] },
    ];
    await world.producer.sendBatch({ topicMessages });
    expect(topicMessages.map(({ messages }) => messages)).toEqual([[{ value: '1' }], [{ value: '2' }]]);
  });
};

const validation: Area = (behaviour) => {
  behaviour(
    'a send without topic, messages or value is refused before anything is written',
    async (world) => {
      const topic = world.unique('never');
      const nonRetriable = { name: 'KafkaJSNonRetriableError', retriable: false };
      for (const none of ['', undefined, null]) {
        expect(await refusalOf(world, { topic: none, messages: X })).toMatchObject({
          ...nonRetriable,
          message: 'Invalid topic',
        });
      }
      for (const messages of [null, undefined]) {
        expect(await refusalOf(world, { topic, messages })).toMatchObject({
          ...nonRetriable,
          message: `Invalid messages array [${String(messages)}] for topic "${topic}"`,
        });
      }
      expect(await refusalOf(world, { topic, messages: [{ value: 'fine' }, { key: 'k' }] })).toMatchObject({
        ...nonRetriable,
        message: `Invalid message without value for topic "${topic}": {"key":"k"}`,
      });
      expect(await world.admin.listTopics()).not.toContain(topic);
    },
  );

  behaviour(
    'a topic that is no text is refused, whatever its bytes look like to the broker',
    async (world) => {
      expect(await refusalOf(world, { topic: 5, messages: X })).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        message: 'The request attempted to perform an operation on an invalid topic',
      });
      for (const topic of [{}, ['x'], Buffer.from('x')]) {
        expect(await refusalOf(world, { topic, messages: X })).toMatchObject({
          name: 'KafkaJSNumberOfRetriesExceeded',
          message: 'value should be an instance of Encoder',
        });
      }
    },
  );

  behaviour('what is no list of messages is a TypeError', async (world) => {
    const topic = await world.createTopic();
    for (const messages of [[null], new Set(X), 'text']) {
      expect((await refusalOf(world, { topic, messages })).name).toBe('TypeError');
    }
    expect((await rejection(world.producer.send(unchecked(undefined)))).name).toBe('TypeError');
    expect((await rejection(world.producer.sendBatch(unchecked({ topicMessages: null })))).name).toBe(
      'TypeError',
    );
  });

  behaviour('one wrong topic of a batch keeps all the others from being written', async (world) => {
    const topic = await world.createTopic();
    const topicMessages = [
      { topic, messages: X },
      { topic: '', messages: X },
    ];
    expect((await rejection(world.producer.sendBatch({ topicMessages }))).message).toBe('Invalid topic');
    expect(await highsOf(world, topic)).toEqual([0]);
  });

  behaviour(
    'a name that no topic may have is refused, and nothing of the batch is written',
    async (world) => {
      const [topic, missing] = [await world.createTopic(), world.unique('missing')];
      for (const illegal of ['not legal', 'ключ', '..', 'x'.repeat(250)]) {
        const topicMessages = [illegal, topic, missing].map((name) => ({ topic: name, messages: X }));
        const error = await rejection(world.producer.sendBatch({ topicMessages }));
        expect(error).toMatchObject({
          name: 'KafkaJSNonRetriableError',
          message: 'The request attempted to perform an operation on an invalid topic',
          cause: { type: 'INVALID_TOPIC_EXCEPTION', code: 17 },
        });
      }
      expect(await highsOf(world, topic)).toEqual([0]);
      expect(await world.producer.send({ topic, messages: X })).toMatchObject([{ baseOffset: '0' }]);
      // Kafka has created the missing one nevertheless.
      await eventually(async () => expect(await highsOf(world, missing)).toEqual([0]));
    },
  );

  behaviour('the longest name and all its characters are fine', async (world) => {
    const topic = world.unique('aZ0._-').padEnd(249, 'x');
    expect(await world.producer.send({ topic, messages: X })).toMatchObject([
      { topicName: topic, baseOffset: '0' },
    ]);
  });
};

const topics: Area = (behaviour) => {
  behaviour(
    'a topic that does not exist is created by sending to it, even by sending nothing',
    async (world) => {
      const [topic, empty] = [world.unique('made'), world.unique('made')];
      expect(await world.producer.send({ topic, messages: X })).toMatchObject([
        { partition: 0, baseOffset: '0' },
      ]);
      expect(await world.producer.send({ topic: empty, messages: [] })).toEqual([]);
      await eventually(async () =>
        expect(await world.admin.listTopics()).toEqual(expect.arrayContaining([topic, empty])),
      );
    },
  );

  behaviour(
    'without automatic topic creation an unknown topic is refused after all retries',
    async (world) => {
      const retry = { retries: 2, initialRetryTime: 10 };
      const producer = await world.connectProducer({ allowAutoTopicCreation: false, retry });
      const topic = world.unique('unknown');
      const error = await rejection(producer.send({ topic, messages: X }));
      expect(error).toBeInstanceOf(world.kafkajs.KafkaJSNumberOfRetriesExceeded);
      expect(error).toMatchObject({
        name: 'KafkaJSNumberOfRetriesExceeded',
        message: 'This server does not host this topic-partition',
        retriable: false,
        retryCount: 2,
        cause: { name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION', code: 3, retriable: true },
      });
      expect(await world.admin.listTopics()).not.toContain(topic);
    },
  );

  behaviour(
    'an unknown topic keeps the known ones of its batch from being written, but not those sent later',
    async (world) => {
      const retry = { retries: 1, initialRetryTime: 10 };
      const producer = await world.connectProducer({ allowAutoTopicCreation: false, retry });
      const topic = await world.createTopic();
      const topicMessages = [topic, world.unique('unknown')].map((name) => ({ topic: name, messages: X }));
      expect(await rejection(producer.sendBatch({ topicMessages }))).toMatchObject({ retryCount: 1 });
      expect(await producer.send({ topic, messages: X })).toMatchObject([{ baseOffset: '0' }]);
    },
  );

  behaviour('a topic that was deleted under the producer is created again', async (world) => {
    const topic = await world.filledTopic('0', '1');
    await world.admin.deleteTopics({ topics: [topic] });
    expect(await world.producer.send({ topic, messages: X })).toMatchObject([{ baseOffset: '0' }]);
  });

  behaviour('or refused, if the producer may not create topics', async (world) => {
    const topic = await world.createTopic();
    const retry = { retries: 2, initialRetryTime: 10 };
    const producer = await world.connectProducer({ allowAutoTopicCreation: false, retry });
    await producer.send({ topic, messages: X });
    await world.admin.deleteTopics({ topics: [topic] });
    expect(await rejection(producer.send({ topic, messages: X }))).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
    });
  });

  behaviour('names that differ in a dot and an underscore only cannot stand side by side', async (world) => {
    // Kafka does not say so: the topic just does not come into being.
    const dotted = world.unique('a.b');
    await world.send(dotted, 'x');
    const retry = { retries: 1, initialRetryTime: 10 };
    const producer = await world.connectProducer({ retry });
    const error = await rejection(producer.send({ topic: dotted.replace('.', '_'), messages: X }));
    expect(error).toMatchObject({ cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' } });
  });
};

export const producing: Area = (behaviour) => {
  for (const part of [answers, validation, topics]) part(behaviour);
};
