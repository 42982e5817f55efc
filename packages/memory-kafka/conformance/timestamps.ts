import { expect } from '@jest/globals';
import type { Message } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { highsOf, refusalBeside, roundTrip } from './reading.ts';
import { unchecked } from './unchecked.ts';
import { rejection } from './waiting.ts';

const HOUR_MS = 3_600_000;

export const timestamps: Area = (behaviour) => {
  behaviour(
    'offset and timestamp are decimal texts, and a missing timestamp is the time of sending',
    async (world) => {
      const before = Date.now();
      const messages = await roundTrip(world, { value: 'a', timestamp: '1234567890123' }, { value: 'b' });
      const after = Date.now();
      expect(messages.map(({ offset }) => offset)).toEqual(['0', '1']);
      expect(messages[0]?.timestamp).toBe('1234567890123');
      expect(messages[1]?.timestamp).toMatch(/^\d+$/);
      expect(Number(messages[1]?.timestamp)).toBeGreaterThanOrEqual(before);
      expect(Number(messages[1]?.timestamp)).toBeLessThanOrEqual(after);
    },
  );

  behaviour('a timestamp may be a number; the number 0 is none, the text 0 is one', async (world) => {
    const [number] = await roundTrip(world, { value: 'x', timestamp: unchecked(1234567890123) });
    const [zero] = await roundTrip(world, { value: 'x', timestamp: unchecked(0) });
    const [text] = await roundTrip(world, { value: 'x', timestamp: '0' });
    expect(number?.timestamp).toBe('1234567890123');
    expect(Number(zero?.timestamp)).toBeGreaterThan(1_600_000_000_000);
    expect(text?.timestamp).toBe('0');
  });

  behaviour('timestamps need not rise, and may lie before 1970', async (world) => {
    const sent = ['5000', '3000', '-7', '4000'].map((timestamp) => ({ value: 'x', timestamp }));
    const messages = await roundTrip(world, ...sent);
    expect(messages.map(({ timestamp }) => timestamp)).toEqual(['5000', '3000', '-7', '4000']);
  });

  behaviour('the first timestamp of a batch is that of the timestamps given, by alphabet', async (world) => {
    const sent: Message[] = [
      { value: 'x' },
      { value: 'x', timestamp: '900' },
      { value: 'x', timestamp: '1000' },
    ];
    const messages = await roundTrip(world, ...sent);
    const { timestamp } = messages[0] ?? {};
    expect(messages.map((message) => Reflect.get(message, 'batchContext'))).toMatchObject(
      [0, 1, 2].map(() => ({ firstTimestamp: '1000', maxTimestamp: timestamp })),
    );
    expect(messages[1]?.timestamp).toBe('900');
  });

  behaviour('a timestamp more than an hour ahead is refused, which Kafka does since 4.0', async (world) => {
    const inAnHour = Date.now() + HOUR_MS;
    expect(await refusalBeside(world, { value: 'x', timestamp: String(inAnHour + 60_000) })).toMatchObject({
      name: 'KafkaJSProtocolError',
      message: 'The timestamp of the message is out of acceptable range',
      type: 'INVALID_TIMESTAMP',
      code: 32,
      retriable: false,
    });
    const [message] = await roundTrip(world, { value: 'x', timestamp: String(inAnHour - 60_000) });
    expect(message?.timestamp).toBe(String(inAnHour - 60_000));
  });

  behaviour('what is no number, between two that are, is taken for the first of them', async (world) => {
    const sent = ['1000', '1a', '2000'].map((timestamp) => ({ value: 'x', timestamp }));
    const messages = await roundTrip(world, ...sent);
    expect(messages.map(({ timestamp }) => timestamp)).toEqual(['1000', '1000', '2000']);
  });

  behaviour('a timestamp that is no whole number is refused by the client', async (world) => {
    const topic = await world.createTopic();
    const nameFor = async (timestamp: unknown) => {
      const messages = [{ value: 'x', timestamp: unchecked(timestamp) }];
      return (await rejection(world.producer.send({ topic, messages }))).name;
    };
    for (const timestamp of ['soon', '1.5', '1e3']) expect(await nameFor(timestamp)).toBe('SyntaxError');
    expect(await nameFor(1.5)).toBe('RangeError');
    expect((await refusalBeside(world, { value: 'x', timestamp: '1.5' })).name).toBe('RangeError');
    expect(await highsOf(world, topic)).toEqual([0]);
  });
};
