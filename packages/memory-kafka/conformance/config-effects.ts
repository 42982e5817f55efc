import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { readMessages } from './reading.ts';
import { createTold } from './told-topics.ts';
import { rejection } from './waiting.ts';

export const configEffects: Area = (behaviour) => {
  behaviour(
    'max.message.bytes is for what one request writes to one partition, in the format of Kafka',
    async (world) => {
      const topic = await createTold(world, { 'max.message.bytes': '200' });
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
      const topic = await createTold(world, { 'cleanup.policy': 'compact,delete' });
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

  behaviour('more replicas in sync than a topic has cannot be asked for', async (world) => {
    const topic = await createTold(world, { 'min.insync.replicas': '2' });
    const messages = [{ value: 'a' }];
    expect(await world.producer.send({ topic, acks: -1, messages })).toMatchObject([{ baseOffset: '0' }]);
    expect(await world.producer.send({ topic, acks: 1, messages })).toMatchObject([{ baseOffset: '1' }]);
  });

  behaviour('the broker can set the time of a message, and tells it', async (world) => {
    const topic = await createTold(world, { 'message.timestamp.type': 'LogAppendTime' });
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
      await createTold(world, {
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
    const topic = await createTold(world, { 'min.insync.replicas': '3' });
    expect(await world.producer.send({ topic, messages: [{ value: 'x' }], acks: -1 })).toMatchObject([
      { baseOffset: '0' },
    ]);
  });
};
