import { expect } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { nextEvent, recordingConsumer } from './event-record.ts';
import { eventually } from './waiting.ts';
import type { Listening, ListenOptions } from './listening.ts';
import type { World } from './world.ts';

/** Listens, and comes back when the member knows where it begins: that is only looked up with its first fetch. */
const listenFromNow = async (
  world: World,
  topics: string | readonly string[],
  options: ListenOptions = {},
): Promise<Listening> => {
  const consumer = options.consumer ?? world.consumer(options.config);
  const fetched = nextEvent(consumer, 'FETCH');
  const listening = await world.listen(topics, { ...options, consumer });
  await fetched;
  return listening;
};

/** Runs a consumer that has subscribed, and comes back with its first fetch; what arrives is added to the answer. */
const runFromNow = async (consumer: Consumer): Promise<readonly string[]> => {
  const fetched = nextEvent(consumer, 'FETCH');
  const received: string[] = [];
  await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
  await fetched;
  return received;
};

/** A member commits and leaves; `admin.setOffsets` would take five seconds. */
const setOffset = async (world: World, topic: string, offset: string, partition = 0): Promise<void> => {
  // Before its first fetch a commit would move the member itself.
  const { consumer } = await listenFromNow(world, topic, { autoCommit: false });
  await consumer.commitOffsets([{ topic, partition, offset }]);
  await consumer.disconnect();
};

const deleteBefore = async ({ admin }: World, topic: string, offset: string): Promise<void> => {
  await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
};

const withoutCommits: Area = (behaviour) => {
  behaviour('fromBeginning reads what was there before, otherwise only what comes', async (world) => {
    const topic = await world.filledTopic('old');
    const beginning = await world.listen(topic, { config: { groupId: world.unique('beginning') } });
    const config = { groupId: world.unique('end') };
    const end = await listenFromNow(world, topic, { config, fromBeginning: false });
    await world.send(topic, 'new');
    await eventually(() => expect([beginning.values(), end.values()]).toEqual([['old', 'new'], ['new']]));
  });

  behaviour('who does not say begins at the end', async (world) => {
    const topic = await world.filledTopic('old');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: [topic] });
    const received = await runFromNow(consumer);
    await world.send(topic, 'new');
    await eventually(() => expect(received).toEqual(['new']));
  });

  behaviour(
    'the end counts when the member has joined, not when it subscribed or connected',
    async (world) => {
      const topic = await world.createTopic();
      const consumer = world.consumer();
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: false });
      await world.send(topic, 'between subscribe and run');
      const received = await runFromNow(consumer);
      await world.send(topic, 'after');
      await eventually(() => expect(received).toEqual(['after']));
    },
  );

  behaviour(
    'a group that has committed nothing begins at the end again, and misses what came meanwhile',
    async (world) => {
      const topic = await world.createTopic();
      const first = await listenFromNow(world, topic, { fromBeginning: false });
      await first.consumer.disconnect();
      await world.send(topic, 'missed');
      const second = await listenFromNow(world, topic, { fromBeginning: false });
      await world.send(topic, 'seen');
      await eventually(() => expect(second.values()).toEqual(['seen']));
    },
  );

  behaviour('each topic of a consumer has its own starting point', async (world) => {
    const [old, fresh] = [await world.createTopic(), await world.createTopic()];
    await world.send(old, 'old 1');
    await world.send(fresh, 'fresh 1');
    const consumer = await world.subscribed(old);
    const { values } = await listenFromNow(world, fresh, { consumer, fromBeginning: false });
    await world.send(fresh, 'fresh 2');
    await world.send(old, 'old 2');
    await eventually(() => expect(values().toSorted()).toEqual(['fresh 2', 'old 1', 'old 2']));
  });

  behaviour('subscribed twice, the last word on where to begin counts', async (world) => {
    const topic = await world.filledTopic('old');
    const consumer = await world.subscribed(topic);
    const { values } = await listenFromNow(world, topic, { consumer, fromBeginning: false });
    await world.send(topic, 'new');
    await eventually(() => expect(values()).toEqual(['new']));
  });

  behaviour('every partition of a topic starts by itself', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    await world.send(topic, ...[0, 1, 2].map((partition) => ({ partition, value: `old ${partition}` })));
    await setOffset(world, topic, '1', 1);
    const { values } = await world.listen(topic);
    await eventually(() => expect(values().toSorted()).toEqual(['old 0', 'old 2']));
    await world.send(topic, { partition: 1, value: 'new 1' });
    await eventually(() => expect(values().toSorted()).toEqual(['new 1', 'old 0', 'old 2']));
  });

  behaviour('two groups read independently', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const [first, second] = [world.unique('one'), world.unique('two')];
    const one = await world.listen(topic, { config: { groupId: first } });
    await eventually(async () => expect(await world.committed(topic, 0, first)).toBe('2'));
    const two = await world.listen(topic, { config: { groupId: second } });
    await eventually(() => expect(two.values()).toEqual(['a', 'b']));
    expect(one.values()).toEqual(['a', 'b']);
  });
};

const withCommits: Area = (behaviour) => {
  for (const fromBeginning of [true, false]) {
    behaviour(`a commit outlives the members, and beats fromBeginning ${fromBeginning}`, async (world) => {
      const topic = await world.filledTopic('a', 'b');
      const first = await world.listen(topic);
      await eventually(async () => expect(await world.committed(topic)).toBe('2'));
      await first.consumer.disconnect();
      await world.send(topic, 'c');
      const again = await world.listen(topic, { fromBeginning });
      await eventually(() => expect(again.values()).toEqual(['c']));
    });
  }

  behaviour('a commit of 0 is a commit, and not the lack of one', async (world) => {
    const topic = await world.filledTopic('a');
    await setOffset(world, topic, '0');
    const { values } = await world.listen(topic, { fromBeginning: false });
    await eventually(() => expect(values()).toEqual(['a']));
  });

  behaviour('a commit at the end of the log is not out of range', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    await setOffset(world, topic, '2');
    const { values } = await listenFromNow(world, topic, { autoCommit: false });
    await world.send(topic, 'c');
    await eventually(() => expect(values()).toEqual(['c']));
    expect(await world.committed(topic)).toBe('2');
  });

  behaviour('resetOffsets leaves it to the subscription where to start', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    await world.admin.resetOffsets({ groupId: world.groupId, topic, earliest: true });
    // Kafka stores the stand-in as if it were an offset; for kafkajs that is the lack of one, so 'earliest' is lost.
    expect(await world.committed(topic)).toBe('-2');
    const { values } = await listenFromNow(world, topic, { fromBeginning: false });
    await world.send(topic, 'c');
    await eventually(() => expect(values()).toEqual(['c']));
  });
};

const outOfRange: Area = (behaviour) => {
  behaviour('a commit beyond the log starts over at the beginning with fromBeginning', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    await setOffset(world, topic, '99');
    const { values } = await world.listen(topic);
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c']));
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
  });

  behaviour('a commit beyond the log continues at the end without fromBeginning', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    await setOffset(world, topic, '99');
    const { values } = await world.listen(topic, { fromBeginning: false });
    // Kafka gets the new start even before anything is read: -1 stands for the end.
    await eventually(async () => expect(await world.committed(topic)).toBe('-1'));
    await eventually(async () => {
      await world.send(topic, 'new');
      expect(values().length).toBeGreaterThan(0);
    });
    expect(new Set(values())).toEqual(new Set(['new']));
  });

  behaviour('starting over is committed at once, even without autoCommit', async (world) => {
    const topic = await world.filledTopic('a');
    await setOffset(world, topic, '99');
    const { consumer, recorded: commits } = recordingConsumer(world, ['COMMIT_OFFSETS']);
    const { values } = await world.listen(topic, { consumer, autoCommit: false });
    await eventually(() => expect(values()).toEqual(['a']));
    expect(await world.committed(topic)).toBe('-2');
    // It is not announced as a commit.
    expect(commits.events).toEqual([]);
  });

  behaviour('a commit behind what was deleted starts over where the log now begins', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c', 'd');
    await setOffset(world, topic, '1');
    await deleteBefore(world, topic, '3');
    const { values, received } = await world.listen(topic);
    await eventually(() => expect(values()).toEqual(['d']));
    expect(received[0]?.message.offset).toBe('3');
  });

  behaviour('records that were deleted are skipped', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    await deleteBefore(world, topic, '2');
    const { values, received } = await world.listen(topic);
    await eventually(() => expect(values()).toEqual(['c']));
    expect(received[0]?.message.offset).toBe('2');
  });

  behaviour('one partition out of range does not move the others', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const both = (value: string) => [0, 1].map((partition) => ({ partition, value: `${partition}${value}` }));
    await world.send(topic, ...both('a'), ...both('b'));
    await setOffset(world, topic, '50', 0);
    await setOffset(world, topic, '1', 1);
    const { values } = await world.listen(topic);
    await eventually(() => expect(values().toSorted()).toEqual(['0a', '0b', '1b']));
  });
};

export const startingPoint: Area = (behaviour) => {
  withoutCommits(behaviour);
  withCommits(behaviour);
  outOfRange(behaviour);
};
