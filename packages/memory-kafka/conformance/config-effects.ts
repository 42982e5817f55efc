import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { readMessages } from './reading.ts';
import { createConfigured } from './configured-topics.ts';
import { eventually, rejection } from './waiting.ts';

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
    await eventually(async () => {
      const config = { groupId: world.unique('reader') };
      const { received, consumer } = await world.listen(topic, { config });
      await eventually(() => expect(received.at(-1)?.value).toBe('4'));
      await consumer.disconnect();
      expect(received.map(({ message }) => [message.offset, String(message.key)])).toEqual([
        ['1', 'a'],
        ['3', 'b'],
        ['4', 'a'],
      ]);
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
