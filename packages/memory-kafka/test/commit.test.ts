import { expect, test } from '@jest/globals';
import type { EachBatchPayload, Offsets } from 'kafkajs';
import { committed, eventually, inWorld, listen, rejection, settle, withManualClock } from './support.ts';

test(
  'what is committed is the last processed offset plus one, once for a fetched batch, after it is through',
  inWorld(async (world) => {
    await world.send('once', 'a', 'b', 'c');
    const consumer = world.consumer();
    const heard: string[] = [];
    consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
      heard.push(`commit ${payload.topics[0]?.partitions[0]?.offset}`);
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
      heard.push(`end of ${payload.batchSize}`),
    );
    await listen(world, 'once', { consumer, onMessage: ({ value }) => void heard.push(value) });
    await eventually(() => expect(committed(world, 'once')).toBe(3));
    expect(heard).toEqual(['a', 'b', 'c', 'end of 3', 'commit 3']);
  }),
);

test(
  'a threshold commits within the batch',
  inWorld(async (world) => {
    await world.send('threshold', '1', '2', '3', '4', '5');
    const seen: number[] = [];
    await listen(world, 'threshold', {
      autoCommitThreshold: 2,
      onMessage: () => void seen.push(committed(world, 'threshold')),
    });
    await eventually(() => expect(committed(world, 'threshold')).toBe(5));
    expect(seen).toEqual([-1, -1, 2, 2, 4]);
  }),
);

test('an interval is looked at after each message, it is no timer', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      await world.send('interval', '1', '2', '3', '4');
      const seen: number[] = [];
      await listen(world, 'interval', {
        autoCommitInterval: 1000,
        onMessage: async () => {
          seen.push(committed(world, 'interval'));
          await clock.advance(600);
        },
      });
      await eventually(() => expect(committed(world, 'interval')).toBe(4));
      expect(seen).toEqual([-1, -1, 2, 2]);
    },
    () => options,
  )();
});

test(
  'without autoCommit nothing is committed, the position moves on in memory, and the next session starts over',
  inWorld(async (world) => {
    await world.send('manual', 'a', 'b');
    const first = await listen(world, 'manual', { autoCommit: false });
    await eventually(() => expect(first.values()).toEqual(['a', 'b']));
    await world.send('manual', 'c');
    await eventually(() => expect(first.values()).toEqual(['a', 'b', 'c']));
    await first.consumer.disconnect();
    expect(committed(world, 'manual')).toBe(-1);
    const second = await listen(world, 'manual', { autoCommit: false });
    await eventually(() => expect(second.values()).toEqual(['a', 'b', 'c']));
  }),
);

test(
  'commitOffsets stores exactly that offset, with its metadata',
  inWorld(async (world) => {
    await world.send('exact', 'a', 'b', 'c');
    const { consumer, values } = await listen(world, 'exact', { autoCommit: false });
    await eventually(() => expect(values()).toHaveLength(3));
    await consumer.commitOffsets([{ topic: 'exact', partition: 0, offset: '2', metadata: 'note' }]);
    expect(committed(world, 'exact')).toBe(2);
    const offsets = await world.kafka.admin().fetchOffsets({ groupId: 'group', topics: ['exact'] });
    expect(offsets).toEqual([
      { topic: 'exact', partitions: [{ partition: 0, offset: '2', metadata: 'note' }] },
    ]);
  }),
);

test(
  'commitOffsets refuses what makes no sense, and needs run() first',
  inWorld(async (world) => {
    const consumer = world.consumer();
    const commit = async (entry: object) => {
      const full = Object.assign({ topic: 't', partition: 0, offset: '1' }, entry);
      return (await rejection(consumer.commitOffsets([full]))).message;
    };
    expect(await commit({ topic: '' })).toBe('Invalid topic ');
    expect(await commit({ partition: NaN })).toBe('Invalid partition, expected a number received NaN');
    expect(await commit({ offset: 'x' })).toBe('Invalid offset, expected a long received x');
    expect(await commit({ offset: '-1' })).toBe('Offset must not be a negative number');
    expect(await commit({ metadata: 1 })).toBe(
      'Invalid offset metadata, expected string or null, received 1',
    );
    expect(await commit({})).toBe('Consumer group was not initialized, consumer#run must be called first');
  }),
);

test(
  'eachBatch resolves the whole batch when its handler returns',
  inWorld(async (world) => {
    await world.send('auto', 'a', 'b', 'c');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['auto'], fromBeginning: true });
    let batches = 0;
    await consumer.run({ eachBatch: async () => void (batches += 1) });
    await eventually(() => expect(committed(world, 'auto')).toBe(3));
    await settle();
    expect(batches).toBe(1);
  }),
);

test(
  'without eachBatchAutoResolve the batch comes again from the first unresolved message',
  inWorld(async (world) => {
    await world.send('unresolved', 'a', 'b', 'c');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['unresolved'], fromBeginning: true });
    const batches: string[] = [];
    await consumer.run({
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, resolveOffset }) => {
        batches.push(batch.messages.map(({ value }) => String(value)).join(''));
        const [first] = batch.messages;
        if (first !== undefined) resolveOffset(first.offset);
      },
    });
    await eventually(() => expect(batches).toEqual(['abc', 'bc', 'c']));
    await eventually(() => expect(committed(world, 'unresolved')).toBe(3));
  }),
);

test(
  'uncommittedOffsets tells what is resolved but not committed, with partitions as strings',
  inWorld(async (world) => {
    await world.send('uncommitted', 'a', 'b', 'c');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['uncommitted'], fromBeginning: true });
    const seen: Offsets[] = [];
    const each = async ({
      resolveOffset,
      uncommittedOffsets,
      commitOffsetsIfNecessary,
    }: EachBatchPayload) => {
      resolveOffset('1');
      seen.push(uncommittedOffsets());
      await commitOffsetsIfNecessary();
      expect(committed(world, 'uncommitted')).toBe(-1);
      await commitOffsetsIfNecessary(uncommittedOffsets());
      seen.push(uncommittedOffsets());
      expect(committed(world, 'uncommitted')).toBe(2);
    };
    await consumer.run({ eachBatch: each });
    await eventually(() => expect(committed(world, 'uncommitted')).toBe(3));
    expect(seen).toEqual([
      { topics: [{ topic: 'uncommitted', partitions: [{ partition: '0', offset: '2' }] }] },
      { topics: [] },
    ]);
  }),
);

test(
  'the batch of eachBatch tells its offsets and its lag',
  inWorld(async (world) => {
    await world.send('lag', 'a', 'b', 'c');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['lag'], fromBeginning: true });
    const seen: unknown[] = [];
    await consumer.run({
      eachBatch: async ({ batch, isRunning, isStale }) => {
        seen.push([batch.firstOffset(), batch.lastOffset(), batch.highWatermark, batch.isEmpty()]);
        seen.push([batch.offsetLag(), batch.offsetLagLow(), batch.topic, batch.partition]);
        seen.push([isRunning(), isStale()]);
      },
    });
    await eventually(() =>
      expect(seen).toEqual([
        ['0', '2', '3', false],
        ['0', '2', 'lag', 0],
        [true, false],
      ]),
    );
  }),
);

test(
  'small fetches bring small batches, but whole sends',
  inWorld(async (world) => {
    for (const value of ['a', 'b']) await world.send('sized', value.repeat(300), value);
    const consumer = world.consumer({ maxBytesPerPartition: 200 });
    await consumer.subscribe({ topics: ['sized'], fromBeginning: true });
    const sizes: number[] = [];
    await consumer.run({ eachBatch: async ({ batch }) => void sizes.push(batch.messages.length) });
    await eventually(() => expect(sizes).toEqual([2, 2]));
  }),
);
