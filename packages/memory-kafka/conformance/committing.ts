import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import { eventually } from './waiting.ts';

const byItself: Area = (behaviour) => {
  behaviour(
    'what is committed is the last processed offset plus one, once for a fetched batch, after it is through',
    async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c');
      const consumer = world.consumer();
      const recorded: string[] = [];
      consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
        recorded.push(`commit ${payload.topics[0]?.partitions[0]?.offset}`);
      });
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
        if (payload.batchSize > 0) recorded.push(`end of ${payload.batchSize}`);
      });
      await world.listen(topic, { consumer, onMessage: ({ value }) => void recorded.push(value) });
      await eventually(() => expect(recorded).toEqual(['a', 'b', 'c', 'end of 3', 'commit 3']));
      expect(await world.committed(topic)).toBe('3');
    },
  );

  behaviour('what is committed is not committed again', async (world) => {
    const topic = await world.filledTopic('a');
    const { consumer, recorded: commits } = recordingConsumer(world, ['COMMIT_OFFSETS']);
    const fetches = recordEvents(consumer, ['FETCH']);
    const { values } = await world.listen(topic, { consumer });
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    const before = fetches.events.length;
    await eventually(() => expect(fetches.events.length).toBeGreaterThan(before + 2));
    await consumer.disconnect();
    expect([values(), commits.events.length]).toEqual([['a'], 1]);
  });

  behaviour('each partition is committed when its own batch is through', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { partition: 0, value: 'a' }, { partition: 1, value: 'b' });
    const { consumer, recorded: commits } = recordingConsumer(world, ['COMMIT_OFFSETS']);
    const { received } = await world.listen(topic, { consumer });
    await eventually(() => expect(commits.events).toHaveLength(2));
    // Which partition comes first is chance, see 'concurrency'.
    const inOrder = received.map(({ partition }) => ({
      topics: [{ topic, partitions: [{ partition: String(partition), offset: '1' }] }],
    }));
    expect(commits.payloads('COMMIT_OFFSETS')).toMatchObject(inOrder);
  });

  behaviour('on a handler error what was processed before it is committed', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    const seen: string[] = [];
    await world.listen(topic, {
      onMessage: async ({ value }) => {
        seen.push(`${value} ${await world.committed(topic)}`);
        if (seen.length === 2) throw new Error('once');
      },
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    expect(seen).toEqual(['a -1', 'b -1', 'b 1', 'c 1']);
  });

  behaviour('who stops within a batch commits as far as it came', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    const consumer = world.consumer();
    let stopped: Promise<void> | undefined;
    const { values } = await world.listen(topic, {
      consumer,
      onMessage: ({ value }) => {
        if (value === 'b') stopped = consumer.stop();
      },
    });
    await eventually(() => expect(values()).toEqual(['a', 'b']));
    await stopped;
    expect(await world.committed(topic)).toBe('2');
  });
};

const thresholdsAndIntervals: Area = (behaviour) => {
  behaviour('a threshold commits within the batch', async (world) => {
    const topic = await world.filledTopic('1', '2', '3', '4', '5');
    const seen: string[] = [];
    await world.listen(topic, {
      autoCommitThreshold: 2,
      onMessage: async () => void seen.push(await world.committed(topic)),
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('5'));
    expect(seen).toEqual(['-1', '-1', '2', '2', '4']);
  });

  behaviour('a threshold counts from where the member began to read', async (world) => {
    const topic = await world.filledTopic('1', '2', '3');
    const { consumer } = await world.listen(topic, { autoCommit: false });
    await consumer.commitOffsets([{ topic, partition: 0, offset: '1' }]);
    await consumer.disconnect();
    const seen: string[] = [];
    await world.listen(topic, {
      autoCommitThreshold: 2,
      onMessage: async () => void seen.push(await world.committed(topic)),
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    await world.send(topic, '4');
    await eventually(async () => expect(await world.committed(topic)).toBe('4'));
    expect(seen).toEqual(['1', '1', '3']);
  });

  behaviour('a threshold counts all partitions of the member together', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { partition: 0, value: 'a' }, { partition: 1, value: 'b' });
    const { consumer, recorded: commits } = recordingConsumer(world, ['COMMIT_OFFSETS']);
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      autoCommitThreshold: 2,
      eachBatch: async ({ batch, resolveOffset, commitOffsetsIfNecessary }) => {
        resolveOffset(batch.lastOffset());
        await commitOffsetsIfNecessary();
      },
    });
    await eventually(async () => expect(await world.committed(topic, 1)).toBe('1'));
    const both = {
      topic,
      partitions: [
        { partition: '0', offset: '1' },
        { partition: '1', offset: '1' },
      ],
    };
    // The broker knows of a commit before the client has its answer.
    await eventually(() => expect(commits.payloads('COMMIT_OFFSETS')).toMatchObject([{ topics: [both] }]));
  });

  behaviour('an interval is looked at after each message: 0 commits every one of them', async (world) => {
    const topic = await world.filledTopic('1', '2', '3');
    const seen: string[] = [];
    await world.listen(topic, {
      autoCommitInterval: 0,
      onMessage: async () => void seen.push(await world.committed(topic)),
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    expect(seen).toEqual(['-1', '1', '2']);
  });

  behaviour('an interval is no timer: while a handler works, nothing is committed', async (world) => {
    const topic = await world.filledTopic('1', '2', '3');
    const seen: string[] = [];
    await world.listen(topic, {
      autoCommitInterval: 20,
      onMessage: async ({ value }) => {
        const over = Date.now() + 50;
        if (value === '2') await eventually(() => expect(Date.now()).toBeGreaterThan(over));
        seen.push(`${value} ${(await world.committed(topic)) < '2'}`);
      },
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    expect(seen).toEqual(['1 true', '2 true', '3 false']);
  });

  behaviour('a long interval does not keep the end of a batch from committing', async (world) => {
    const topic = await world.filledTopic('1', '2');
    await world.listen(topic, { autoCommitInterval: 600_000, autoCommitThreshold: 1_000_000 });
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
  });

  behaviour('of threshold and interval, the one that is reached first commits', async (world) => {
    const topic = await world.filledTopic('1', '2', '3');
    const seen: string[] = [];
    await world.listen(topic, {
      autoCommitInterval: 600_000,
      autoCommitThreshold: 1,
      onMessage: async () => void seen.push(await world.committed(topic)),
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    expect(seen).toEqual(['-1', '1', '2']);
  });
};

const notAtAll: Area = (behaviour) => {
  behaviour(
    'without autoCommit the position moves on in memory, and the next session starts over',
    async (world) => {
      const topic = await world.filledTopic('a', 'b');
      const first = await world.listen(topic, { autoCommit: false });
      await eventually(() => expect(first.values()).toEqual(['a', 'b']));
      await world.send(topic, 'c');
      await eventually(() => expect(first.values()).toEqual(['a', 'b', 'c']));
      await first.consumer.disconnect();
      expect(await world.committed(topic)).toBe('-1');
      const second = await world.listen(topic, { autoCommit: false });
      await eventually(() => expect(second.values()).toEqual(['a', 'b', 'c']));
    },
  );

  behaviour('without autoCommit a rebalance takes the member back to the commits', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const config = { heartbeatInterval: 20 };
    const { consumer, values } = await world.listen(topic, { config, autoCommit: false });
    await eventually(() => expect(values()).toEqual(['a', 'b']));
    const joins = recordEvents(consumer, ['GROUP_JOIN']);
    const other = await world.createTopic();
    const guest = await world.listen(other, { config });
    await guest.consumer.disconnect();
    await eventually(() => expect(joins.events.length).toBeGreaterThan(1));
    await world.send(topic, 'c');
    await eventually(() => expect(values().slice(-3)).toEqual(['a', 'b', 'c']));
    expect(values().length).toBeGreaterThan(4);
  });

  behaviour('without autoCommit threshold and interval commit nothing in eachMessage', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const { consumer, recorded: commits } = recordingConsumer(world, ['COMMIT_OFFSETS']);
    const run = { autoCommit: false, autoCommitThreshold: 1, autoCommitInterval: 0 };
    const { values } = await world.listen(topic, { consumer, ...run });
    await eventually(() => expect(values()).toEqual(['a', 'b']));
    await consumer.disconnect();
    expect(commits.events).toEqual([]);
    expect(await world.committed(topic)).toBe('-1');
  });

  behaviour('without autoCommit a handler error commits nothing either', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    let failures = 0;
    const { values, consumer } = await world.listen(topic, {
      autoCommit: false,
      onMessage: ({ value }) => {
        if (value === 'b' && (failures += 1) === 1) throw new Error('once');
      },
    });
    await eventually(() => expect(values()).toEqual(['a', 'b']));
    await consumer.disconnect();
    expect(await world.committed(topic)).toBe('-1');
  });
};

export const committing: Area = (behaviour) => {
  byItself(behaviour);
  thresholdsAndIntervals(behaviour);
  notAtAll(behaviour);
};
