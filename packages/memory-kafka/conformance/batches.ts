import { expect } from '@jest/globals';
import type { Batch, ConsumerConfig } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { nextEvent, recordingConsumer } from './event-record.ts';
import { eventually } from './waiting.ts';
import type { World } from './world.ts';

/** What a batch says of itself, as plain values. */
const described = (batch: Batch) => ({
  topic: batch.topic,
  partition: batch.partition,
  highWatermark: batch.highWatermark,
  isEmpty: batch.isEmpty(),
  firstOffset: batch.firstOffset(),
  lastOffset: batch.lastOffset(),
  offsetLag: batch.offsetLag(),
  offsetLagLow: batch.offsetLagLow(),
});

const textOf = (batch: Batch): string =>
  batch.messages.map(({ value }) => String(value).slice(0, 1)).join('');

/** Runs a consumer that keeps the batches that it is handed. */
export const collectBatches = async (world: World, topic: string, config: Partial<ConsumerConfig> = {}) => {
  const { consumer, recorded } = recordingConsumer(
    world,
    ['FETCH_START', 'FETCH', 'START_BATCH_PROCESS'],
    config,
  );
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const batches: Batch[] = [];
  await consumer.run({ eachBatch: async ({ batch }) => void batches.push(batch) });
  return { consumer, batches, recorded, texts: () => batches.map(textOf) };
};

const long = (letter: string): string => letter.repeat(1000);

const fields: Area = (behaviour) => {
  behaviour('a batch has its offsets and its lag as text', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    const { batches } = await collectBatches(world, topic);
    await eventually(() => expect(batches).toHaveLength(1));
    expect(batches.map(described)).toEqual([
      {
        topic,
        partition: 0,
        highWatermark: '3',
        isEmpty: false,
        firstOffset: '0',
        lastOffset: '2',
        offsetLag: '0',
        offsetLagLow: '2',
      },
    ]);
  });

  behaviour('the lag of a batch is to the end of the log when it was fetched', async (world) => {
    const topic = await world.createTopic();
    for (const value of ['a', 'b', 'c']) await world.send(topic, long(value), value);
    const { batches } = await collectBatches(world, topic, { maxBytesPerPartition: 200 });
    await eventually(() => expect(batches).toHaveLength(3));
    const seen = batches.map((batch) => {
      const { firstOffset, lastOffset, highWatermark, offsetLag, offsetLagLow } = described(batch);
      return [firstOffset, lastOffset, highWatermark, offsetLag, offsetLagLow];
    });
    expect(seen).toEqual([
      ['0', '1', '6', '4', '5'],
      ['2', '3', '6', '2', '3'],
      ['4', '5', '6', '0', '1'],
    ]);
  });

  const HANDED = {
    eachBatch: [
      'batch object',
      'commitOffsetsIfNecessary function',
      'heartbeat function',
      'isRunning function',
      'isStale function',
      'pause function',
      'resolveOffset function',
      'uncommittedOffsets function',
    ],
    eachMessage: [
      'heartbeat function',
      'message object',
      'partition number',
      'pause function',
      'topic string',
    ],
  };
  for (const [handler, handed] of Object.entries(HANDED)) {
    behaviour(`a handler in ${handler} gets this and nothing else`, async (world) => {
      const topic = await world.filledTopic('a');
      const consumer = await world.subscribed(topic);
      const seen: unknown[] = [];
      await consumer.run({
        [handler]: async (payload: object) => {
          const kinds = Object.entries(payload).map(([name, value]) => `${name} ${typeof value}`);
          seen.push(kinds.toSorted());
        },
      });
      await eventually(() => expect(seen).toEqual([handed]));
    });
  }

  behaviour('where both handlers are given, eachMessage is the one', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const consumer = await world.subscribed(topic);
    const seen: string[] = [];
    await consumer.run({
      eachMessage: async ({ message }) => void seen.push(String(message.value)),
      eachBatch: async () => void seen.push('batch'),
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    expect(seen).toEqual(['a', 'b']);
  });

  behaviour('without a handler run() joins the group all the same', async (world) => {
    const topic = await world.createTopic();
    const { consumer, recorded: joins } = recordingConsumer(world, ['GROUP_JOIN']);
    await consumer.subscribe({ topics: [topic] });
    await consumer.run();
    expect(joins.payloads('GROUP_JOIN')).toMatchObject([{ memberAssignment: { [topic]: [0] } }]);
  });
};

const sizes: Area = (behaviour) => {
  behaviour('what several sends wrote arrives as one batch', async (world) => {
    const topic = await world.createTopic();
    for (const value of ['a', 'b', 'c']) await world.send(topic, value);
    const { texts } = await collectBatches(world, topic);
    await eventually(() => expect(texts()).toEqual(['abc']));
  });

  behaviour('small fetches bring small batches, but what was sent together stays together', async (world) => {
    const topic = await world.createTopic();
    for (const value of ['a', 'b']) await world.send(topic, long(value), value);
    const { texts } = await collectBatches(world, topic, { maxBytesPerPartition: 200 });
    await eventually(() => expect(texts()).toEqual(['aa', 'bb']));
  });

  behaviour('maxBytesPerPartition lets through as many sends as fit', async (world) => {
    const topic = await world.createTopic();
    for (const value of ['a', 'b', 'c']) await world.send(topic, long(value));
    // A send with one message of 1000 bytes takes 1070 and some bytes.
    const { texts } = await collectBatches(world, topic, { maxBytesPerPartition: 2500 });
    await eventually(() => expect(texts()).toEqual(['ab', 'c']));
  });

  behaviour('a send that fits exactly comes along, and one byte less leaves it out', async (world) => {
    const topic = await world.createTopic();
    // 61 bytes for the batch, 9 for the record's own lengths, and the value: 1070 bytes a send.
    for (const value of ['a', 'b']) await world.send(topic, long(value));
    const exact = await collectBatches(world, topic, {
      maxBytesPerPartition: 2140,
      groupId: world.unique('exact'),
    });
    const short = await collectBatches(world, topic, {
      maxBytesPerPartition: 2139,
      groupId: world.unique('short'),
    });
    await eventually(() => expect([exact.texts(), short.texts()]).toEqual([['ab'], ['a', 'b']]));
  });

  behaviour('a message beyond maxBytes arrives nevertheless', async (world) => {
    const topic = await world.createTopic();
    for (const value of ['a', 'b']) await world.send(topic, value.repeat(50_000));
    const { texts } = await collectBatches(world, topic, { maxBytes: 1000 });
    await eventually(() => expect(texts()).toEqual(['a', 'b']));
  });

  behaviour('maxBytes counts over all partitions of a fetch', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    for (const partition of [0, 1, 2]) await world.send(topic, { partition, value: long(String(partition)) });
    const { recorded, batches } = await collectBatches(world, topic, { maxBytes: 2500 });
    await eventually(() => expect(batches).toHaveLength(3));
    // Two fit into the first fetch that finds anything, the third needs another one.
    const first = recorded.keys().indexOf('START_BATCH_PROCESS');
    expect(recorded.keys().slice(first, first + 5)).toEqual([
      'START_BATCH_PROCESS',
      'START_BATCH_PROCESS',
      'FETCH_START',
      'FETCH',
      'START_BATCH_PROCESS',
    ]);
  });

  behaviour('beyond maxBytesPerPartition only one partition of a fetch brings anything', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    for (const partition of [0, 1]) await world.send(topic, { partition, value: long(String(partition)) });
    const { recorded, batches } = await collectBatches(world, topic, { maxBytesPerPartition: 200 });
    await eventually(() => expect(batches).toHaveLength(2));
    const first = recorded.keys().indexOf('START_BATCH_PROCESS');
    // Kafka sends one message that is too long, so that a reader gets on, but not two.
    expect(recorded.keys().slice(first, first + 4)).toEqual([
      'START_BATCH_PROCESS',
      'FETCH_START',
      'FETCH',
      'START_BATCH_PROCESS',
    ]);
  });

  behaviour('minBytes holds an answer back until there is enough', async (world) => {
    const topic = await world.createTopic();
    const { consumer, texts } = await collectBatches(world, topic, { minBytes: 500, maxWaitTimeInMs: 1000 });
    await nextEvent(consumer, 'FETCH_START');
    await world.send(topic, 'a');
    await world.send(topic, long('b'));
    await eventually(() => expect(texts()).toEqual(['ab']));
  });

  behaviour('after maxWaitTimeInMs there is less than minBytes', async (world) => {
    const topic = await world.createTopic();
    const { texts } = await collectBatches(world, topic, { minBytes: 100_000, maxWaitTimeInMs: 300 });
    await world.send(topic, 'a');
    await eventually(() => expect(texts()).toEqual(['a']));
  });

  behaviour('a fetch that brings nothing calls no handler and starts no batch', async (world) => {
    const topic = await world.createTopic();
    const { recorded, batches } = await collectBatches(world, topic);
    await eventually(() => expect(recorded.payloads('FETCH').length).toBeGreaterThan(2));
    await world.send(topic, 'a');
    await eventually(() => expect(batches).toHaveLength(1));
    expect(recorded.payloads('START_BATCH_PROCESS')).toHaveLength(1);
  });

  behaviour('from the middle of a send only what comes after is handed over', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c', 'd');
    const first = await world.listen(topic, { autoCommit: false });
    await eventually(() => expect(first.values()).toHaveLength(4));
    await first.consumer.commitOffsets([{ topic, partition: 0, offset: '2' }]);
    await first.consumer.disconnect();
    const { batches, texts } = await collectBatches(world, topic);
    await eventually(() => expect(texts()).toEqual(['cd']));
    expect(batches.map(described)).toMatchObject([{ firstOffset: '2', lastOffset: '3', offsetLagLow: '1' }]);
  });

  behaviour('the batches of a partition follow on each other without a gap', async (world) => {
    const topic = await world.createTopic();
    for (const value of ['a', 'b', 'c', 'd', 'e']) await world.send(topic, long(value), value, value);
    const { batches } = await collectBatches(world, topic, { maxBytesPerPartition: 2500 });
    await eventually(() => expect(batches.at(-1)?.lastOffset()).toBe('14'));
    const offsets = batches.flatMap(({ messages }) => messages.map(({ offset }) => Number(offset)));
    expect(offsets).toEqual(Array.from({ length: 15 }, (_, offset) => offset));
    for (const [index, batch] of batches.slice(1).entries()) {
      expect(Number(batch.firstOffset())).toBe(Number(batches[index]?.lastOffset()) + 1);
    }
  });
};

export const batches: Area = (behaviour) => {
  fields(behaviour);
  sizes(behaviour);
};
