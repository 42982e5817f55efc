import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordingConsumer } from './event-record.ts';
import { eventually } from './waiting.ts';

/** Fails `times` times at the message with this value. */
export const failAt = (
  value: string,
  times: number,
  error: () => unknown = () => new Error('handler failed'),
) => {
  let left = times;
  return (received: { readonly value: string }): void => {
    if (received.value !== value || left === 0) return;
    left -= 1;
    throw error();
  };
};

export const failingHandler: Area = (behaviour) => {
  behaviour('the same message comes again, and those behind it wait', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    const tried: string[] = [];
    const fail = failAt('b', 2);
    const { values } = await world.listen(topic, {
      onMessage: (received) => {
        tried.push(received.value);
        fail(received);
      },
    });
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c']));
    expect(tried).toEqual(['a', 'b', 'b', 'b', 'c']);
  });

  behaviour('a message that comes again is the same in all', async (world) => {
    const topic = await world.filledTopic({
      key: 'k',
      value: 'v',
      headers: { h: '1' },
      timestamp: '1700000000000',
    });
    const seen: unknown[] = [];
    await world.listen(topic, {
      onMessage: ({ message: { key, value, headers, offset, timestamp } }) => {
        seen.push({
          key: String(key),
          value: String(value),
          header: String(headers?.['h']),
          offset,
          timestamp,
        });
        if (seen.length === 1) throw new Error('once');
      },
    });
    await eventually(() => expect(seen).toHaveLength(2));
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toEqual({ key: 'k', value: 'v', header: '1', offset: '0', timestamp: '1700000000000' });
  });

  behaviour(
    'what a handler did to a message before it failed is not there when it comes again',
    async (world) => {
      const topic = await world.filledTopic('fresh');
      const seen: string[] = [];
      await world.listen(topic, {
        onMessage: ({ message }) => {
          seen.push(String(message.value));
          message.value?.fill('x');
          if (seen.length === 1) throw new Error('once');
        },
      });
      await eventually(() => expect(seen).toEqual(['fresh', 'fresh']));
    },
  );

  behaviour('a handler that throws before it returns a promise fails as one that rejects', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = await world.subscribed(topic);
    let calls = 0;
    await consumer.run({
      eachMessage: () => {
        calls += 1;
        if (calls === 1) throw new Error('at once');
        return Promise.resolve();
      },
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    expect(calls).toBe(2);
  });

  behaviour('a text that is thrown is tried again as an error is', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const { values } = await world.listen(topic, { onMessage: failAt('a', 1, () => 'no error at all') });
    await eventually(() => expect(values()).toEqual(['a', 'b']));
  });

  for (const nothing of [undefined, null]) {
    behaviour(`a handler that throws ${nothing} ends the consumer, which is not restarted`, async (world) => {
      const topic = await world.filledTopic('a');
      const { consumer, recorded } = recordingConsumer(world, ['CRASH']);
      await world.listen(topic, { consumer, onMessage: failAt('a', 1, () => nothing) });
      const error = {
        name: 'KafkaJSNonRetriableError',
        message: `Cannot read properties of ${nothing} (reading 'stack')`,
        cause: { name: 'TypeError' },
      };
      await eventually(() => expect(recorded.payloads('CRASH')).toMatchObject([{ error, restart: false }]));
    });
  }

  behaviour('an error of kafkajs that is retriable is tried again', async (world) => {
    const topic = await world.filledTopic('a');
    const error = () => new world.kafkajs.KafkaJSError('passing', { retriable: true });
    const { values } = await world.listen(topic, { onMessage: failAt('a', 2, error) });
    await eventually(() => expect(values()).toEqual(['a']));
  });

  behaviour(
    'a failing batch comes again from the first unresolved message, committed up to there',
    async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c');
      const consumer = await world.subscribed(topic);
      const seen: string[] = [];
      await consumer.run({
        eachBatch: async ({ batch, resolveOffset }) => {
          const text = batch.messages.map(({ value }) => String(value)).join('');
          seen.push(`${text} ${await world.committed(topic)}`);
          if (seen.length > 1) return;
          resolveOffset('0');
          throw new Error('failed after the first');
        },
      });
      await eventually(async () => expect(await world.committed(topic)).toBe('3'));
      expect(seen).toEqual(['abc -1', 'bc 1']);
    },
  );

  behaviour(
    'without autoCommit a failing batch continues behind what was resolved, uncommitted',
    async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c');
      const consumer = await world.subscribed(topic);
      const seen: string[] = [];
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch, resolveOffset }) => {
          seen.push(batch.messages.map(({ value }) => String(value)).join(''));
          if (seen.length > 1) return;
          resolveOffset('1');
          throw new Error('failed after the second');
        },
      });
      await eventually(() => expect(seen).toEqual(['abc', 'c']));
      expect(await world.committed(topic)).toBe('-1');
    },
  );

  behaviour(
    'what is sent meanwhile comes with the next attempt, behind the message that failed',
    async (world) => {
      const topic = await world.filledTopic('a');
      const consumer = await world.subscribed(topic);
      const seen: string[] = [];
      await consumer.run({
        eachBatch: async ({ batch }) => {
          seen.push(batch.messages.map(({ value }) => String(value)).join(''));
          if (seen.length > 1) return;
          await world.send(topic, 'b');
          throw new Error('once');
        },
      });
      await eventually(() => expect(seen).toEqual(['a', 'ab']));
    },
  );

  behaviour('a batch that failed ends without END_BATCH_PROCESS, and starts again', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const { consumer, recorded } = recordingConsumer(world, [
      'START_BATCH_PROCESS',
      'END_BATCH_PROCESS',
      'COMMIT_OFFSETS',
    ]);
    await world.listen(topic, { consumer, onMessage: failAt('b', 1) });
    await eventually(() => expect(recorded.keys().filter((key) => key === 'COMMIT_OFFSETS')).toHaveLength(2));
    expect(recorded.keys()).toEqual([
      'START_BATCH_PROCESS',
      'COMMIT_OFFSETS',
      'START_BATCH_PROCESS',
      'END_BATCH_PROCESS',
      'COMMIT_OFFSETS',
    ]);
    expect(recorded.payloads('START_BATCH_PROCESS')).toMatchObject([
      { batchSize: 2, firstOffset: '0' },
      { batchSize: 1, firstOffset: '1' },
    ]);
  });
};
