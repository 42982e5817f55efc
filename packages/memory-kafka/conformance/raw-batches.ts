import { expect } from '@jest/globals';
import type { Batch, KafkaMessage } from 'kafkajs';
import { collectBatches } from './batches.ts';
import type { Area } from './behaviour.ts';
import { eventually } from './waiting.ts';

/** What code of others finds in a batch beyond kafkajs's typings. */
const untyped = (batch: Batch) => {
  const { rawMessages, messagesWithinOffset, fetchedOffset }: Record<string, unknown> = { ...batch };
  const offsets = (messages: unknown) =>
    (messages as KafkaMessage[]).map(({ offset, ...message }) => [
      offset,
      Reflect.get(message, 'isControlRecord'),
    ]);
  return { fetchedOffset, raw: offsets(rawMessages), within: offsets(messagesWithinOffset) };
};

export const rawBatches: Area = (behaviour) => {
  behaviour('a copy of a batch has its fields, but not its methods', async (world) => {
    const topic = await world.filledTopic('a');
    const { batches } = await collectBatches(world, topic);
    await eventually(() => expect(batches).toHaveLength(1));
    expect(Object.keys({ ...batches[0] }).toSorted()).toEqual([
      'fetchedOffset',
      'highWatermark',
      'messages',
      'messagesWithinOffset',
      'partition',
      'rawMessages',
      'topic',
    ]);
    const names = ['isEmptyIncludingFiltered', 'isEmptyControlRecord', 'isEmptyDueToLogCompactedMessages'];
    expect(names.map((name) => Reflect.apply(Reflect.get(Object(batches[0]), name), batches[0], []))).toEqual(
      [false, false, false],
    );
  });

  behaviour('the raw messages of a batch begin where their send began', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    const consumer = await world.subscribed(topic);
    const seen: unknown[] = [];
    await consumer.run({ eachBatch: async ({ batch }) => void seen.push(untyped(batch)) });
    consumer.seek({ topic, partition: 0, offset: '1' });
    await eventually(() =>
      expect(seen.at(-1)).toEqual({
        fetchedOffset: '1',
        raw: [
          ['0', false],
          ['1', false],
          ['2', false],
        ],
        within: [
          ['1', false],
          ['2', false],
        ],
      }),
    );
  });

  behaviour(
    'the raw messages of a batch have the end of a transaction, and what it took back',
    async (world) => {
      const topic = await world.createTopic();
      const producer = await world.connectProducer({
        transactionalId: world.unique('tx'),
        idempotent: true,
        maxInFlightRequests: 1,
      });
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: 'a' }] });
      await transaction.abort();
      // The mark is written after the answer.
      await eventually(async () =>
        expect(await world.admin.fetchTopicOffsets(topic)).toMatchObject([{ high: '2' }]),
      );
      await world.send(topic, 'b');
      const { batches } = await collectBatches(world, topic);
      await eventually(() => expect(batches.at(-1)?.messages).toHaveLength(1));
      expect(batches.map((batch) => untyped(batch).raw)).toEqual([
        [
          ['0', false],
          ['1', true],
          ['2', false],
        ],
      ]);
    },
  );
};
