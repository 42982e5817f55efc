import { expect } from '@jest/globals';
import type { ConsumerConfig, TopicPartitionOffsetAndMetadata } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import { createDoor, eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

/** Three messages were read, nothing was committed. */
const readWithoutCommit = async (world: World, config: Partial<ConsumerConfig> = {}) => {
  const topic = await world.filledTopic('a', 'b', 'c');
  const listening = await world.listen(topic, { config, autoCommit: false });
  await eventually(() => expect(listening.values()).toEqual(['a', 'b', 'c']));
  return { topic, ...listening };
};

/** What is stored for partition 0, with its metadata. */
const stored = async ({ admin, groupId }: World, topic: string): Promise<unknown> => {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return found?.partitions[0];
};

const storing: Area = (behaviour) => {
  behaviour('commitOffsets stores exactly that offset, with its metadata', async (world) => {
    const { topic, consumer } = await readWithoutCommit(world);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '2', metadata: 'note' }]);
    expect(await stored(world, topic)).toEqual({ partition: 0, offset: '2', metadata: 'note' });
  });

  behaviour('metadata goes with its commit: the next one without has none', async (world) => {
    const { topic, consumer } = await readWithoutCommit(world);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '1', metadata: 'naïve ✓' }]);
    expect(await stored(world, topic)).toEqual({ partition: 0, offset: '1', metadata: 'naïve ✓' });
    await consumer.commitOffsets([{ topic, partition: 0, offset: '2' }]);
    expect(await stored(world, topic)).toEqual({ partition: 0, offset: '2', metadata: null });
  });

  behaviour('a commit may go back, and does not move the member that made it', async (world) => {
    const { topic, consumer, values } = await readWithoutCommit(world);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '3' }]);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '0' }]);
    expect(await world.committed(topic)).toBe('0');
    await world.send(topic, 'd');
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c', 'd']));
  });

  behaviour('a commit may lie beyond the end of the log', async (world) => {
    const { topic, consumer } = await readWithoutCommit(world);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '1000' }]);
    expect(await world.committed(topic)).toBe('1000');
  });

  behaviour('several topics and partitions go in one commit', async (world) => {
    const { topic, consumer } = await readWithoutCommit(world);
    const other = await world.createTopic({ partitions: 2 });
    const commits = recordEvents(consumer, ['COMMIT_OFFSETS']);
    await consumer.commitOffsets([
      { topic, partition: 0, offset: '1' },
      { topic: other, partition: 1, offset: '5' },
      { topic: other, partition: 0, offset: '4' },
    ]);
    const offsets = [world.committed(topic), world.committed(other, 0), world.committed(other, 1)];
    expect(await Promise.all(offsets)).toEqual(['1', '4', '5']);
    expect(commits.events).toHaveLength(1);
  });

  behaviour('the event of commitOffsets has its offsets as objects', async (world) => {
    const { topic, consumer } = await readWithoutCommit(world);
    const commits = recordEvents(consumer, ['COMMIT_OFFSETS']);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '2', metadata: 'half' }]);
    const [byHand] = commits.payloads('COMMIT_OFFSETS');
    expect(byHand).toEqual({
      groupId: world.groupId,
      memberId: expect.any(String),
      groupGenerationId: 1,
      topics: [{ topic, partitions: [{ partition: 0, offset: { value: 2n }, metadata: 'half' }] }],
    });
  });

  behaviour('of two offsets for one partition in one commit the last one counts', async (world) => {
    const { topic, consumer } = await readWithoutCommit(world);
    await consumer.commitOffsets([
      { topic, partition: 0, offset: '3' },
      { topic, partition: 0, offset: '1' },
    ]);
    expect(await world.committed(topic)).toBe('1');
  });

  behaviour('commitOffsets without anything commits nothing, not even what is resolved', async (world) => {
    const { topic, consumer } = await readWithoutCommit(world);
    const commits = recordEvents(consumer, ['COMMIT_OFFSETS']);
    await consumer.commitOffsets([]);
    expect(await world.committed(topic)).toBe('-1');
    expect(commits.events).toEqual([]);
  });

  behaviour('with autoCommit the end of the batch has the last word', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const consumer = world.consumer();
    const seen: string[] = [];
    await world.listen(topic, {
      consumer,
      onMessage: async ({ value }) => {
        if (value === 'a') await consumer.commitOffsets([{ topic, partition: 0, offset: '50' }]);
        seen.push(await world.committed(topic));
      },
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    expect(seen).toEqual(['50', '50']);
  });

  behaviour('what was committed by hand still counts as uncommitted', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const consumer = await world.subscribed(topic);
    const seen: unknown[] = [];
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ resolveOffset, uncommittedOffsets }) => {
        resolveOffset('1');
        await consumer.commitOffsets([{ topic, partition: 0, offset: '2' }]);
        seen.push(uncommittedOffsets());
      },
    });
    await eventually(() => expect(seen).toHaveLength(1));
    // kafkajs compares a text with the Long that it keeps for a commit by hand, and finds that they differ.
    expect(seen).toEqual([{ topics: [{ topic, partitions: [{ partition: '0', offset: '2' }] }] }]);
  });

  behaviour(
    'with autoCommit the metadata of a commit by hand are lost at the end of the batch',
    async (world) => {
      const topic = await world.filledTopic('a');
      const { consumer, recorded: commits } = recordingConsumer(world, ['COMMIT_OFFSETS']);
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      const seen: unknown[] = [];
      await consumer.run({
        eachBatch: async () => {
          await consumer.commitOffsets([{ topic, partition: 0, offset: '1', metadata: 'note' }]);
          seen.push(await stored(world, topic));
        },
      });
      await eventually(() => expect(commits.events).toHaveLength(2));
      expect(seen).toEqual([{ partition: 0, offset: '1', metadata: 'note' }]);
      expect(await stored(world, topic)).toEqual({ partition: 0, offset: '1', metadata: null });
    },
  );

  behaviour('who commits by hand what was processed continues there the next time', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    const consumer = world.consumer();
    const { values } = await world.listen(topic, {
      consumer,
      autoCommit: false,
      onMessage: async ({ value, partition, message }) => {
        if (value === 'c') return;
        const offset = String(BigInt(message.offset) + 1n);
        await consumer.commitOffsets([{ topic, partition, offset }]);
      },
    });
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c']));
    await consumer.disconnect();
    const next = await world.listen(topic);
    await eventually(() => expect(next.values()).toEqual(['c']));
  });
};

const refusing: Area = (behaviour) => {
  const texts: readonly (readonly [what: string, entry: object, message: string])[] = [
    ['an empty topic', { topic: '' }, 'Invalid topic '],
    ['no topic', { topic: undefined }, 'Invalid topic undefined'],
    ['a partition that is no number', { partition: 'x' }, 'Invalid partition, expected a number received x'],
    ['no partition', { partition: undefined }, 'Invalid partition, expected a number received undefined'],
    ['an offset that is no number', { offset: 'x' }, 'Invalid offset, expected a long received x'],
    ['a fraction of an offset', { offset: '1.5' }, 'Invalid offset, expected a long received 1.5'],
    ['an empty offset', { offset: '' }, 'Invalid offset, expected a long received '],
    ['no offset', { offset: undefined }, 'Invalid offset, expected a long received undefined'],
    ['a negative offset', { offset: '-1' }, 'Offset must not be a negative number'],
    ['the stand-in for the beginning', { offset: '-2' }, 'Offset must not be a negative number'],
    [
      'metadata that is no text',
      { metadata: 1 },
      'Invalid offset metadata, expected string or null, received 1',
    ],
  ];
  for (const [what, entry, message] of texts) {
    behaviour(`commitOffsets refuses ${what}`, async (world) => {
      const full: TopicPartitionOffsetAndMetadata = Object.assign(
        { topic: 't', partition: 0, offset: '1' },
        entry,
      );
      const error = await rejection(world.consumer().commitOffsets([full]));
      expect(error).toBeInstanceOf(world.kafkajs.KafkaJSNonRetriableError);
      expect(error).toMatchObject({ name: 'KafkaJSNonRetriableError', message });
    });
  }

  behaviour('commitOffsets needs a consumer that runs: not before run(), not after stop()', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    const message = 'Consumer group was not initialized, consumer#run must be called first';
    const commit = () => consumer.commitOffsets([{ topic, partition: 0, offset: '1' }]);
    expect(await rejection(commit())).toMatchObject({ name: 'KafkaJSNonRetriableError', message });
    await world.listen(topic, { consumer });
    await commit();
    await consumer.stop();
    expect(await rejection(commit())).toMatchObject({ name: 'KafkaJSNonRetriableError', message });
  });

  behaviour('one wrong entry, and none of the others is stored', async (world) => {
    const { topic, consumer } = await readWithoutCommit(world);
    await rejection(
      consumer.commitOffsets([
        { topic, partition: 0, offset: '2' },
        { topic, partition: 0, offset: '-7' },
      ]),
    );
    expect(await world.committed(topic)).toBe('-1');
  });

  behaviour(
    'a partition that does not exist is refused after the retries; the others are stored',
    async (world) => {
      const { topic, consumer } = await readWithoutCommit(world, {
        retry: { retries: 1, initialRetryTime: 10 },
      });
      const error = await rejection(
        consumer.commitOffsets([
          { topic, partition: 9, offset: '1' },
          { topic: world.unique('nowhere'), partition: 0, offset: '1' },
          { topic, partition: 0, offset: '7' },
        ]),
      );
      expect(error).toBeInstanceOf(world.kafkajs.KafkaJSNumberOfRetriesExceeded);
      expect(error).toMatchObject({ retryCount: 1, cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION', code: 3 } });
      expect(await world.committed(topic)).toBe('7');
    },
  );

  behaviour('metadata of more than 4096 characters is refused, and its offset with it', async (world) => {
    const { topic, consumer } = await readWithoutCommit(world);
    const commit = (offset: string, length: number) =>
      consumer.commitOffsets([{ topic, partition: 0, offset, metadata: 'x'.repeat(length) }]);
    await commit('1', 4096);
    expect(await rejection(commit('2', 4097))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: 'The metadata field of the offset request was too large',
      cause: { type: 'OFFSET_METADATA_TOO_LARGE', code: 12 },
    });
    expect(await world.committed(topic)).toBe('1');
  });

  behaviour('the late commit of a member that was evicted is refused, and moves nothing', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const door = createDoor();
    const started = createDoor();
    const config = { sessionTimeout: 600, heartbeatInterval: 100, rebalanceTimeout: 600 };
    const zombie = await world.listen(topic, {
      config,
      onMessage: () => {
        started.open();
        return door.opened;
      },
    });
    await started.opened;
    const other = await world.listen(topic);
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    const error = await rejection(zombie.consumer.commitOffsets([{ topic, partition: 0, offset: '1' }]));
    expect(error).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: 'The coordinator is not aware of this member',
      cause: { type: 'UNKNOWN_MEMBER_ID', code: 25 },
    });
    expect(await world.committed(topic)).toBe('2');
    expect(other.values()).toEqual(['a', 'b']);
    door.open();
  });
};

export const commitOffsets: Area = (behaviour) => {
  storing(behaviour);
  refusing(behaviour);
};
