import { expect } from '@jest/globals';
import type { Consumer, ConsumerRunConfig, EachBatchHandler } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { recordingConsumer } from './event-record.ts';
import { eventually } from './waiting.ts';
import type { World } from './world.ts';

/** A topic with these messages, and a consumer that handles them in batches. */
const batches = async (
  world: World,
  values: readonly string[],
  eachBatch: (payload: Parameters<EachBatchHandler>[0], topic: string, consumer: Consumer) => Promise<void>,
  run: Omit<ConsumerRunConfig, 'eachBatch'> = {},
) => {
  const topic = await world.filledTopic(...values);
  const { consumer, recorded: commits } = recordingConsumer(world, ['COMMIT_OFFSETS']);
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const seen: string[] = [];
  await consumer.run({
    ...run,
    eachBatch: async (payload) => {
      seen.push(payload.batch.messages.map(({ value }) => String(value)).join(''));
      await eachBatch(payload, topic, consumer);
    },
  });
  return { topic, consumer, seen, commits };
};

const automatic: Area = (behaviour) => {
  behaviour('the whole batch is resolved when its handler returns', async (world) => {
    const { topic, seen } = await batches(world, ['a', 'b', 'c'], async () => undefined);
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    await world.send(topic, 'd');
    await eventually(() => expect(seen).toEqual(['abc', 'd']));
  });

  behaviour('the whole batch is resolved even if the handler resolved only a part of it', async (world) => {
    const { topic, seen } = await batches(world, ['a', 'b', 'c'], async ({ resolveOffset }) =>
      resolveOffset('0'),
    );
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    expect(seen).toEqual(['abc']);
  });

  behaviour('a handler that fails resolves nothing by itself', async (world) => {
    let calls = 0;
    const { topic, seen } = await batches(world, ['a', 'b'], async () => {
      if ((calls += 1) === 1) throw new Error('once');
      expect(await world.committed(topic)).toBe('-1');
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    expect(seen).toEqual(['ab', 'ab']);
  });
};

const byHand: Area = (behaviour) => {
  const run = { eachBatchAutoResolve: false };

  behaviour(
    'without eachBatchAutoResolve the rest comes again from the first unresolved message',
    async (world) => {
      const resolveFirst: EachBatchHandler = async ({ batch, resolveOffset }) => {
        const [first] = batch.messages;
        if (first !== undefined) resolveOffset(first.offset);
      };
      const { topic, seen } = await batches(world, ['a', 'b', 'c'], resolveFirst, run);
      await eventually(async () => expect(await world.committed(topic)).toBe('3'));
      expect(seen).toEqual(['abc', 'bc', 'c']);
    },
  );

  behaviour(
    'without eachBatchAutoResolve what is never resolved comes for ever, uncommitted',
    async (world) => {
      const { topic, seen, commits } = await batches(world, ['a', 'b'], async () => undefined, run);
      await eventually(() => expect(seen.length).toBeGreaterThan(3));
      expect(new Set(seen)).toEqual(new Set(['ab']));
      expect(await world.committed(topic)).toBe('-1');
      expect(commits.events).toEqual([]);
    },
  );

  behaviour('resolveOffset goes by its last call, not by the highest', async (world) => {
    const backwards: EachBatchHandler = async ({ batch, resolveOffset }) => {
      if (batch.firstOffset() === '0') resolveOffset('2');
      resolveOffset('0');
      if (batch.firstOffset() !== '0') resolveOffset(batch.lastOffset());
    };
    const { topic, seen } = await batches(world, ['a', 'b', 'c'], backwards, run);
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    expect(seen).toEqual(['abc', 'bc']);
  });

  behaviour('resolving beyond the end of the log commits that, and then starts over', async (world) => {
    const skip: EachBatchHandler = async ({ resolveOffset }) => resolveOffset('4');
    const { topic, seen, commits } = await batches(world, ['a'], skip, run);
    await eventually(() => expect(commits.events.length).toBeGreaterThan(0));
    expect(commits.payloads('COMMIT_OFFSETS')[0]).toMatchObject({
      topics: [{ topic, partitions: [{ partition: '0', offset: '5' }] }],
    });
    // To Kafka 5 is beyond the end, so the group starts over.
    await eventually(() => expect(seen.slice(0, 2)).toEqual(['a', 'a']));
  });

  behaviour(
    'isRunning is false as soon as stop() was called, and what was resolved by then is committed',
    async (world) => {
      const seenRunning: boolean[] = [];
      let stopped: Promise<void> | undefined;
      const { topic, seen } = await batches(
        world,
        ['a', 'b', 'c'],
        async ({ resolveOffset, isRunning }, _topic, consumer) => {
          seenRunning.push(isRunning());
          resolveOffset('1');
          stopped ??= consumer.stop();
          seenRunning.push(isRunning());
        },
        run,
      );
      await eventually(() => expect(seenRunning).toEqual([true, false]));
      await stopped;
      expect(await world.committed(topic)).toBe('2');
      expect(seen).toEqual(['abc']);
    },
  );

  behaviour(
    'isStale is true as soon as the partition was sought, and what comes next is from there',
    async (world) => {
      const stale: boolean[] = [];
      const { seen } = await batches(world, ['a', 'b', 'c'], async ({ batch, isStale }, topic, consumer) => {
        if (stale.length > 0) return;
        stale.push(isStale());
        consumer.seek({ topic, partition: batch.partition, offset: '1' });
        stale.push(isStale());
      });
      await eventually(() => expect(seen).toEqual(['abc', 'bc']));
      expect(stale).toEqual([false, true]);
    },
  );

  behaviour('seeking another partition makes no batch stale', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { partition: 0, value: 'a' });
    const consumer = await world.subscribed(topic);
    const stale: boolean[] = [];
    await consumer.run({
      eachBatch: async ({ isStale }) => {
        consumer.seek({ topic, partition: 1, offset: '0' });
        stale.push(isStale());
      },
    });
    await eventually(() => expect(stale).toEqual([false]));
  });
};

const uncommitted: Area = (behaviour) => {
  behaviour(
    'uncommittedOffsets returns what is resolved and not committed, its partitions as text',
    async (world) => {
      const seen: unknown[] = [];
      const { topic } = await batches(world, ['a', 'b', 'c'], async (payload) => {
        seen.push(payload.uncommittedOffsets());
        payload.resolveOffset('1');
        seen.push(payload.uncommittedOffsets());
        await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
        seen.push(payload.uncommittedOffsets());
      });
      await eventually(async () => expect(await world.committed(topic)).toBe('3'));
      expect(seen).toEqual([
        { topics: [] },
        { topics: [{ topic, partitions: [{ partition: '0', offset: '2' }] }] },
        { topics: [] },
      ]);
    },
  );

  behaviour(
    'uncommittedOffsets covers all partitions of the member, not only that of the batch',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      await world.send(topic, { partition: 0, value: 'a' }, { partition: 1, value: 'b' });
      const consumer = await world.subscribed(topic);
      const seen: unknown[] = [];
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch, resolveOffset, uncommittedOffsets }) => {
          resolveOffset(batch.lastOffset());
          seen.push(uncommittedOffsets());
        },
      });
      await eventually(() => expect(seen).toHaveLength(2));
      const partitions = [
        { partition: '0', offset: '1' },
        { partition: '1', offset: '1' },
      ];
      expect(seen[1]).toEqual({ topics: [{ topic, partitions }] });
    },
  );

  behaviour(
    'commitOffsetsIfNecessary without offsets commits nothing before threshold or interval',
    async (world) => {
      const { topic, commits } = await batches(
        world,
        ['a', 'b'],
        async ({ resolveOffset, commitOffsetsIfNecessary }) => {
          resolveOffset('1');
          await commitOffsetsIfNecessary();
          expect(commits.events).toEqual([]);
        },
      );
      await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    },
  );

  behaviour('commitOffsetsIfNecessary keeps to the threshold even without autoCommit', async (world) => {
    const seen: string[] = [];
    const { topic } = await batches(
      world,
      ['a', 'b', 'c'],
      async ({ batch, resolveOffset, commitOffsetsIfNecessary }) => {
        for (const { offset } of batch.messages) {
          resolveOffset(offset);
          await commitOffsetsIfNecessary();
          seen.push(await world.committed(batch.topic));
        }
      },
      { autoCommit: false, autoCommitThreshold: 2 },
    );
    await eventually(() => expect(seen).toEqual(['-1', '2', '2']));
    expect(await world.committed(topic)).toBe('2');
  });

  behaviour(
    'commitOffsetsIfNecessary with offsets commits them at once, with their metadata',
    async (world) => {
      const { topic, commits } = await batches(
        world,
        ['a', 'b'],
        async ({ batch, commitOffsetsIfNecessary }) => {
          const partitions = [{ partition: batch.partition, offset: '1', metadata: 'half' }];
          await commitOffsetsIfNecessary({ topics: [{ topic: batch.topic, partitions }] });
        },
        { autoCommit: false },
      );
      await eventually(() => expect(commits.events).toHaveLength(1));
      const [found] = await world.admin.fetchOffsets({ groupId: world.groupId, topics: [topic] });
      expect(found?.partitions).toEqual([{ partition: 0, offset: '1', metadata: 'half' }]);
    },
  );
};

export const resolving: Area = (behaviour) => {
  automatic(behaviour);
  byHand(behaviour);
  uncommitted(behaviour);
};
