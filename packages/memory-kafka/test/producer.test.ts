import { expect, test } from '@jest/globals';
import { CompressionTypes, KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded } from '../src/index.ts';
import { eventually, inWorld, listen, rejection } from './support.ts';

test(
  'send tells where each partition was written to',
  inWorld(async ({ producer, createTopic }) => {
    await createTopic('meta', 2);
    const messages = [
      { value: 'a', partition: 1 },
      { value: 'b', partition: 0 },
      { value: 'c', partition: 1 },
    ];
    const common = { topicName: 'meta', errorCode: 0, logAppendTime: '-1', logStartOffset: '0' };
    expect(await producer.send({ topic: 'meta', messages })).toEqual([
      { ...common, partition: 0, baseOffset: '0' },
      { ...common, partition: 1, baseOffset: '0' },
    ]);
    expect(await producer.send({ topic: 'meta', messages })).toMatchObject([
      { baseOffset: '1' },
      { baseOffset: '2' },
    ]);
  }),
);

test(
  'acks 0 tells nothing, empty sends are fine',
  inWorld(async ({ producer, cluster }) => {
    expect(await producer.send({ topic: 't', messages: [{ value: 'x' }], acks: 0 })).toEqual([]);
    expect(await producer.send({ topic: 't', messages: [] })).toEqual([]);
    expect(await producer.sendBatch({ topicMessages: [] })).toEqual([]);
    expect(await producer.sendBatch({})).toEqual([]);
    expect(cluster.inspect().topics[0]?.partitions[0]?.high).toBe(1);
  }),
);

test(
  'sendBatch merges what goes to the same topic',
  inWorld(async ({ producer }) => {
    const written = await producer.sendBatch({
      topicMessages: [
        { topic: 'a', messages: [{ value: '1' }] },
        { topic: 'b', messages: [{ value: '2' }] },
        { topic: 'a', messages: [{ value: '3' }] },
      ],
    });
    expect(written.map(({ topicName, baseOffset }) => [topicName, baseOffset])).toEqual([
      ['a', '0'],
      ['b', '0'],
    ]);
  }),
);

test(
  'what makes no sense is refused before anything is written',
  inWorld(async ({ producer, cluster }) => {
    const send = async (record: object) =>
      rejection(producer.send(Object.assign({ topic: 't', messages: [] }, record)));
    expect(await send({ topic: '' })).toMatchObject({ message: 'Invalid topic', retriable: false });
    expect(await send({ messages: null })).toMatchObject({
      message: 'Invalid messages array [null] for topic "t"',
    });
    const error = await send({ messages: [{ value: 'fine' }, { key: 'k' }] });
    expect(error.message).toBe('Invalid message without value for topic "t": {"key":"k"}');
    expect(error).toBeInstanceOf(KafkaJSNonRetriableError);
    expect(cluster.inspect().topics).toEqual([]);
  }),
);

test(
  'a producer sends only while it is connected, and can connect again',
  inWorld(async ({ kafka }) => {
    const producer = kafka.producer();
    const send = () => producer.send({ topic: 't', messages: [{ value: 'x' }] });
    expect(await rejection(send())).toMatchObject({
      name: 'KafkaJSError',
      message: 'The producer is disconnected',
    });
    await producer.connect();
    await send();
    const leaving = producer.disconnect();
    expect(await rejection(send())).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: "The producer is disconnecting; therefore, it can't safely accept messages anymore",
    });
    await leaving;
    await producer.connect();
    expect(await send()).toMatchObject([{ baseOffset: '1' }]);
    await producer.disconnect();
  }),
);

test(
  'without automatic topic creation an unknown topic is refused after all retries',
  inWorld(async ({ kafka }) => {
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const error = await rejection(producer.send({ topic: 'unknown', messages: [{ value: 'x' }] }));
    expect(error).toBeInstanceOf(KafkaJSNumberOfRetriesExceeded);
    expect(error).toMatchObject({
      message: 'This server does not host this topic-partition',
      retryCount: 5,
      cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
    });
    await producer.disconnect();
  }),
);

test(
  'an idempotent producer insists on all acks and on retries',
  inWorld(async ({ kafka }) => {
    const producer = kafka.producer({ idempotent: true });
    expect([producer.isIdempotent(), kafka.producer().isIdempotent()]).toEqual([true, false]);
    await producer.connect();
    const error = await rejection(producer.send({ topic: 't', acks: 1, messages: [{ value: 'x' }] }));
    expect(error.message).toBe(
      "Not requiring ack for all messages invalidates the idempotent producer's EoS guarantees",
    );
    expect(() => kafka.producer({ idempotent: true, retry: { retries: 0 } })).toThrow(
      'Idempotent producer must allow retries to protect against transient errors',
    );
    await producer.disconnect();
  }),
);

test(
  'an idempotent producer keeps what it sends at the same time, in order',
  inWorld(async (world) => {
    const producer = world.kafka.producer({ idempotent: true });
    await producer.connect();
    const values = Array.from({ length: 20 }, (_, i) => String(i));
    await Promise.all(values.map((value) => producer.send({ topic: 'busy', messages: [{ value }] })));
    const listening = await listen(world, 'busy');
    await eventually(() => expect(listening.values()).toEqual(values));
    await producer.disconnect();
  }),
);

test(
  'gzip is accepted, a compression without a codec is refused',
  inWorld(async ({ producer }) => {
    const messages = [{ value: 'x' }];
    expect(await producer.send({ topic: 't', messages, compression: CompressionTypes.GZIP })).toHaveLength(1);
    const error = await rejection(
      producer.send({ topic: 't', messages, compression: CompressionTypes.Snappy }),
    );
    expect(error).toMatchObject({
      name: 'KafkaJSNotImplemented',
      message: 'Snappy compression not implemented',
    });
  }),
);

test(
  'a topic name that is not legal is refused',
  inWorld(async ({ producer }) => {
    const error = await rejection(producer.send({ topic: 'no spaces', messages: [{ value: 'x' }] }));
    expect(error.message).toBe('The request attempted to perform an operation on an invalid topic');
  }),
);
