import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { readMessages } from './reading.ts';
import { createConfigured } from './configured-topics.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

/** The offsets that a new reader finds up to the one that is given. */
const offsetsLeft = async (world: World, topic: string, last: number): Promise<string[]> => {
  const { received, consumer } = await world.listen(topic, { config: { groupId: world.unique('reader') } });
  await eventually(() => expect(received.at(-1)?.message.offset).toBe(String(last)));
  await consumer.disconnect();
  return received.map(({ message }) => message.offset);
};

export const configEffects: Area = (behaviour) => {
  behaviour(
    'max.message.bytes is for what one request writes to one partition, in the format of Kafka',
    async (world) => {
      const topic = await createConfigured(world, { 'max.message.bytes': '200' });
      const send = (bytes: number, count = 1) =>
        world.producer.send({
          topic,
          messages: Array.from({ length: count }, () => ({ value: Buffer.alloc(bytes) })),
        });
      const refused = {
        name: 'KafkaJSProtocolError',
        message: 'The request included a message larger than the max message size the server will accept',
        type: 'MESSAGE_TOO_LARGE',
        code: 10,
        retriable: false,
      };
      await send(130);
      expect(await rejection(send(131))).toMatchObject(refused);
      expect(await rejection(send(60, 3))).toMatchObject(refused);
      expect(await send(1)).toMatchObject([{ baseOffset: '1' }]);
    },
  );

  behaviour('no batch may be larger than a segment', async (world) => {
    const topic = await createConfigured(world, {
      'segment.bytes': String(2 ** 20),
      'max.message.bytes': String(2 ** 21),
    });
    const send = (bytes: number) =>
      world.producer.send({ topic, messages: [{ value: Buffer.alloc(bytes) }] });
    await send(1_000_000);
    expect(await rejection(send(1_100_000))).toMatchObject({
      name: 'KafkaJSProtocolError',
      message: 'The request included message batch larger than the configured segment size on the server',
      type: 'RECORD_LIST_TOO_LARGE',
      code: 18,
      retriable: false,
    });
    expect(await rejection(send(2_100_000))).toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
    expect(await send(1)).toMatchObject([{ baseOffset: '1' }]);
  });

  behaviour(
    'a topic that is to be compacted takes messages with keys only, the empty one included',
    async (world) => {
      const topic = await createConfigured(world, { 'cleanup.policy': 'compact,delete' });
      const refused = {
        name: 'KafkaJSProtocolError',
        message: 'This record has failed the validation on broker and hence be rejected',
        type: 'INVALID_RECORD',
        code: 87,
        retriable: false,
      };
      expect(await rejection(world.send(topic, 'keyless'))).toMatchObject(refused);
      expect(await rejection(world.send(topic, { key: 'k', value: 'a' }, 'keyless'))).toMatchObject(refused);
      await world.send(topic, { key: '', value: 'a' }, { key: 'k', value: null });
      expect(await world.admin.fetchTopicOffsets(topic)).toMatchObject([{ high: '2' }]);
    },
  );

  behaviour('what is compacted keeps the last message of each key, at its offset', async (world) => {
    const settings = { 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.01' };
    const topic = await createConfigured(world, { 'cleanup.policy': 'compact', ...settings });
    const start = Date.now() - 60_000;
    const put = (key: string, value: string | null, afterMs: number) =>
      world.send(topic, { key, value, timestamp: String(start + afterMs) });
    await put('a', '1', 0);
    await put('a', '2', 1);
    await put('b', '3', 2);
    await put('b', null, 3);
    // So much later closes the segment; what comes itself is not compacted.
    await put('a', '4', 10_000);
    await eventually(async () => expect(await offsetsLeft(world, topic, 4)).toEqual(['1', '3', '4']));
  });

  behaviour('a segment that is full is closed and compacted, however young it is', async (world) => {
    const topic = await createConfigured(world, {
      'cleanup.policy': 'compact',
      'segment.bytes': String(2 ** 20),
      'min.cleanable.dirty.ratio': '0.01',
    });
    const put = (value: string) => world.send(topic, { key: 'k', value: Buffer.alloc(400_000, value) });
    // Two of them fit into a segment.
    for (const value of ['1', '2', '3']) await put(value);
    await eventually(async () => expect(await offsetsLeft(world, topic, 2)).toEqual(['1', '2']));
  });

  behaviour(
    'what is older than max.compaction.lag.ms is compacted, however young its segment and however little is new',
    async (world) => {
      const topic = await createConfigured(world, {
        'cleanup.policy': 'compact',
        'max.compaction.lag.ms': '10000',
        'min.cleanable.dirty.ratio': '1',
      });
      const start = Date.now() - 60_000;
      const put = (value: string, afterMs: number) =>
        world.send(topic, { key: 'k', value, timestamp: String(start + afterMs) });
      await put('1', 0);
      await put('2', 1);
      await put('3', 20_000);
      await eventually(async () => expect(await offsetsLeft(world, topic, 2)).toEqual(['1', '2']));
    },
  );

  behaviour('messages cannot have to stay longer than they may', async (world) => {
    const refusal = createConfigured(world, {
      'cleanup.policy': 'compact',
      'min.compaction.lag.ms': '2000',
      'max.compaction.lag.ms': '1000',
    });
    expect(await rejection(refusal)).toMatchObject({
      name: 'KafkaJSAggregateError',
      errors: [{ type: 'INVALID_CONFIG' }],
    });
  });

  behaviour('the broker can set the time of a message, and returns it', async (world) => {
    const topic = await createConfigured(world, { 'message.timestamp.type': 'LogAppendTime' });
    const before = Date.now();
    const messages = [{ value: 'a', timestamp: '1000' }, { value: 'b' }];
    const [written] = await world.producer.send({ topic, messages });
    expect(Number(written?.logAppendTime)).toBeGreaterThanOrEqual(before - 5000);
    const received = await readMessages(world, topic, 2);
    expect(received.map(({ timestamp }) => timestamp)).toEqual([
      written?.logAppendTime,
      written?.logAppendTime,
    ]);
  });

  behaviour('messages from too far away in time are refused: by default an hour ahead', async (world) => {
    const [topic, strict] = [
      await world.createTopic(),
      await createConfigured(world, {
        'message.timestamp.before.max.ms': '60000',
        'message.timestamp.after.max.ms': '60000',
      }),
    ];
    const send = (to: string, after: number) =>
      world.send(to, { value: 'x', timestamp: String(Date.now() + after) });
    const refused = {
      message: 'The timestamp of the message is out of acceptable range',
      type: 'INVALID_TIMESTAMP',
      code: 32,
      retriable: false,
    };
    await send(topic, 3_000_000);
    expect(await rejection(send(topic, 4_000_000))).toMatchObject(refused);
    await send(strict, 0);
    expect(await rejection(send(strict, 120_000))).toMatchObject(refused);
    expect(await rejection(send(strict, -120_000))).toMatchObject(refused);
  });

  behaviour('more in-sync replicas than there can be do not keep anybody from writing', async (world) => {
    // Kafka 4.2 asks for no more than the topic has.
    const topic = await createConfigured(world, { 'min.insync.replicas': '3' });
    expect(await world.producer.send({ topic, messages: [{ value: 'x' }], acks: -1 })).toMatchObject([
      { baseOffset: '0' },
    ]);
  });
};
