import { expect } from '@jest/globals';
import type { CompressionTypes, ProducerRecord } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { highsOf, readMessages } from './reading.ts';
import { unchecked } from './unchecked.ts';
import { rejection } from './waiting.ts';
import type { World } from './world.ts';

const X = [{ value: 'x' }];

/** The longest value that fits into a batch of Kafka's 1,048,588 bytes, alone and without a key. */
const LARGEST_VALUE_BYTES = 1_048_516;

const TOO_LARGE = {
  name: 'KafkaJSProtocolError',
  message: 'The request included a message larger than the max message size the server will accept',
  type: 'MESSAGE_TOO_LARGE',
  code: 10,
  retriable: false,
};

const refusalOf = async ({ producer }: World, record: object): Promise<Error> =>
  rejection(producer.send(unchecked(record)));

const limits: Area = (behaviour) => {
  behaviour('a batch may have 1,048,588 bytes, and not one more', async (world) => {
    const topic = await world.createTopic();
    const value = Buffer.alloc(LARGEST_VALUE_BYTES);
    expect(await world.producer.send({ topic, messages: [{ value }] })).toHaveLength(1);
    expect(
      await refusalOf(world, { topic, messages: [{ value: Buffer.alloc(LARGEST_VALUE_BYTES + 1) }] }),
    ).toMatchObject(TOO_LARGE);
    expect(await refusalOf(world, { topic, messages: [{ key: 'k', value }] })).toMatchObject(TOO_LARGE);
    expect(await highsOf(world, topic)).toEqual([1]);
  });

  behaviour(
    'all bytes of a batch count: those of headers, of lengths, and of its number of messages',
    async (world) => {
      const topic = await world.createTopic();
      // Each of these 10,000 records takes 97 bytes, 2 for its length, and 1 to 3 for its number in the batch.
      const small = Array.from({ length: 10_000 }, () => ({
        value: 'v'.repeat(80),
        headers: { name: 'value' },
      }));
      const others = 61 + 64 * 100 + (8192 - 64) * 101 + (10_000 - 8192) * 102;
      const withLast = (bytes: number) => ({ topic, messages: [...small, { value: Buffer.alloc(bytes) }] });
      // The last one: length 3, attributes 1, time 1, number 3, no key 1, length of the value 3, no headers 1.
      const left = 1_048_588 - others - 13;
      expect(await world.producer.send(withLast(left))).toHaveLength(1);
      expect(await refusalOf(world, withLast(left + 1))).toMatchObject(TOO_LARGE);
    },
  );

  behaviour('what is refused for one partition is written to the others nevertheless', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    const value = Buffer.alloc(1_100_000);
    const messages = [
      { value: 'a', partition: 0 },
      { value, partition: 1 },
      { value: 'b', partition: 2 },
    ];
    expect(await refusalOf(world, { topic, messages })).toMatchObject(TOO_LARGE);
    expect(await highsOf(world, topic)).toEqual([1, 0, 1]);
  });

  behaviour('with acks 0 nobody is notified of a refusal', async (world) => {
    const topic = await world.createTopic();
    const record: ProducerRecord = { topic, messages: [{ value: Buffer.alloc(1_100_000) }], acks: 0 };
    expect(await world.producer.send(record)).toEqual([]);
    expect(await world.producer.send({ topic, messages: X })).toMatchObject([{ baseOffset: '0' }]);
  });
};

const compression: Area = (behaviour) => {
  behaviour('what is compressed with gzip arrives as it was', async (world) => {
    const topic = await world.createTopic();
    const messages = [{ key: 'k', value: 'x'.repeat(10_000), headers: { h: 'x' } }, { value: null }];
    const written = await world.producer.send({
      topic,
      messages,
      compression: world.kafkajs.CompressionTypes.GZIP,
    });
    expect(written).toMatchObject([{ baseOffset: '0' }]);
    const received = await readMessages(world, topic, 2);
    expect(received).toMatchObject([
      {
        key: Buffer.from('k'),
        value: Buffer.from('x'.repeat(10_000)),
        headers: { h: Buffer.from('x') },
        attributes: 0,
      },
      { value: null, offset: '1' },
    ]);
  });

  behaviour('more than 1 MB is fine as long as it is less when compressed', async (world) => {
    const topic = await world.createTopic();
    const messages = [{ value: Buffer.alloc(2_000_000) }];
    const written = await world.producer.send({
      topic,
      messages,
      compression: world.kafkajs.CompressionTypes.GZIP,
    });
    expect(written).toMatchObject([{ baseOffset: '0' }]);
    const [message] = await readMessages(world, topic, 1);
    expect(message?.value).toHaveLength(2_000_000);
  });

  behaviour(
    'a compression without a codec is refused, once there is something to compress',
    async (world) => {
      const topic = await world.createTopic();
      const { CompressionTypes } = world.kafkajs;
      for (const name of ['Snappy', 'LZ4', 'ZSTD'] as const) {
        const record = { topic, messages: X, compression: CompressionTypes[name] };
        expect(await refusalOf(world, record)).toMatchObject({
          name: 'KafkaJSNotImplemented',
          message: `${name} compression not implemented`,
          retriable: false,
        });
        expect(await world.producer.send({ ...record, messages: [] })).toEqual([]);
      }
      expect(await highsOf(world, topic)).toEqual([0]);
    },
  );

  behaviour('a compression that does not exist is a TypeError', async (world) => {
    const topic = await world.createTopic();
    const unknown: CompressionTypes = unchecked(7);
    expect((await refusalOf(world, { topic, messages: X, compression: unknown })).name).toBe('TypeError');
    expect(await highsOf(world, topic)).toEqual([0]);
  });
};

export const sizes: Area = (behaviour) => {
  limits(behaviour);
  compression(behaviour);
};
