import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

// kafkajs sets offsets by a consumer that waits five seconds for nothing, so these take their time on a real broker.

const UNKNOWN_TOPIC = { name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: true };

const NO_RUNNING_INSTANCES = {
  name: 'KafkaJSNonRetriableError',
  message: 'The consumer group must have no running instances, current state: Stable',
  retriable: false,
};

/** The group's offsets in a topic, with their metadata, from partition 0 on. */
const offsetsIn = async ({ admin, groupId }: World, topic: string, resolveOffsets = false) => {
  const found = await admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets });
  const partitions = found[0]?.partitions.toSorted((a, b) => a.partition - b.partition) ?? [];
  return partitions.map(({ offset }) => offset);
};

const setOffset = ({ admin, groupId }: World, topic: string, offset: string, partition = 0) =>
  admin.setOffsets({ groupId, topic, partitions: [{ partition, offset }] });

const fetching: Area = (behaviour) => {
  behaviour(
    'of what is not committed the offset is -1; all topics of the group, if none is named',
    async (world) => {
      const { admin, groupId } = world;
      const [topic, other] = [await world.createTopic({ partitions: 2 }), await world.createTopic()];
      await world.send(topic, ...['a', 'b', 'c'].map((value) => ({ value, partition: 1 })));
      const { consumer } = await world.listen(topic, { autoCommit: false });
      await consumer.commitOffsets([{ topic, partition: 1, offset: '2', metadata: 'second' }]);
      const second = { partition: 1, offset: '2', metadata: 'second' };
      expect(await admin.fetchOffsets({ groupId })).toEqual([{ topic, partitions: [second] }]);
      const found = await admin.fetchOffsets({ groupId, topics: [topic, other] });
      const none = { partition: 0, offset: '-1', metadata: null };
      expect(found.find((each) => each.topic === other)?.partitions).toEqual([none]);
      const partitions = found.find((each) => each.topic === topic)?.partitions ?? [];
      expect(partitions.toSorted((a, b) => a.partition - b.partition)).toEqual([none, second]);
    },
  );

  behaviour('asking for the offsets of a group that nobody knows does not make one', async (world) => {
    const topic = await world.createTopic();
    expect(await offsetsIn(world, topic)).toEqual(['-1']);
    expect(await world.admin.fetchOffsets({ groupId: world.groupId })).toEqual([]);
    expect(await world.admin.describeGroups([world.groupId])).toMatchObject({ groups: [{ state: 'Dead' }] });
  });

  behaviour('the offsets of a group can be asked for by anybody while it runs', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    await world.listen(topic);
    await eventually(async () => expect(await offsetsIn(world, topic)).toEqual(['2']));
  });

  behaviour('fetching offsets checks its arguments', async (world) => {
    const { admin, groupId } = world;
    const refusal = (args: unknown) => rejection(admin.fetchOffsets(unchecked(args)));
    expect(await refusal({ groupId: '' })).toMatchObject({ message: 'Invalid groupId ', retriable: false });
    expect(await refusal({ groupId, topics: 't' })).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: 'Expected topics array to be set',
    });
    expect(await refusal({ groupId, topics: [world.unique('unknown')] })).toMatchObject(UNKNOWN_TOPIC);
  });

  behaviour(
    'resolveOffsets commits what the ends stand for now, where nothing was committed as well',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      await world.send(topic, { value: 'a', partition: 1 });
      expect(await offsetsIn(world, topic, true)).toEqual(['0', '1']);
      await world.send(topic, { value: 'b', partition: 1 });
      expect(await offsetsIn(world, topic)).toEqual(['0', '1']);
    },
  );
};

const setting: Area = (behaviour) => {
  behaviour(
    'a set offset is where the group continues; whatever was said of metadata is lost',
    async (world) => {
      const { admin, groupId } = world;
      const topic = await world.filledTopic('a', 'b', 'c');
      const entry = { partition: 0, offset: '1', metadata: 'lost' };
      expect(await admin.setOffsets({ groupId, topic, partitions: [entry] })).toBeUndefined();
      expect(await admin.fetchOffsets({ groupId })).toEqual([
        { topic, partitions: [{ partition: 0, offset: '1', metadata: null }] },
      ]);
      expect((await admin.describeGroups([groupId])).groups).toMatchObject([
        { state: 'Empty', protocolType: 'consumer', members: [] },
      ]);
      const { values } = await world.listen(topic);
      await eventually(() => expect(values()).toEqual(['b', 'c']));
    },
  );

  behaviour(
    'the last offset for a partition counts, and those of unknown partitions are passed over',
    async (world) => {
      const { admin, groupId } = world;
      const topic = await world.createTopic();
      const partitions = [
        { partition: 0, offset: '4' },
        { partition: 7, offset: '1' },
        { partition: 0, offset: '99' },
      ];
      await admin.setOffsets({ groupId, topic, partitions });
      expect(await admin.fetchOffsets({ groupId })).toEqual([
        { topic, partitions: [{ partition: 0, offset: '99', metadata: null }] },
      ]);
    },
  );

  behaviour('reset to the earliest stores -2, which resolves to the beginning', async (world) => {
    const { admin, groupId } = world;
    const topic = await world.filledTopic('a', 'b', 'c');
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
    expect(await admin.resetOffsets({ groupId, topic, earliest: true })).toBeUndefined();
    expect(await offsetsIn(world, topic)).toEqual(['-2']);
    expect(await offsetsIn(world, topic, true)).toEqual(['1']);
    expect(await offsetsIn(world, topic)).toEqual(['1']);
  });

  behaviour('reset to the latest stores -1, as if nothing had been committed', async (world) => {
    const { admin, groupId } = world;
    const topic = await world.createTopic();
    await admin.resetOffsets({ groupId, topic, earliest: false });
    expect(await admin.fetchOffsets({ groupId })).toEqual([
      { topic, partitions: [{ partition: 0, offset: '-1', metadata: null }] },
    ]);
  });

  behaviour('a group that runs is refused, and keeps its offsets', async (world) => {
    const { admin, groupId } = world;
    const topic = await world.filledTopic('a');
    await world.listen(topic);
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    const unset = admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets: true });
    for (const refused of [
      () => setOffset(world, topic, '0'),
      () => admin.resetOffsets({ groupId, topic, earliest: false }),
      () => unset,
    ]) {
      expect(await rejection(refused())).toMatchObject(NO_RUNNING_INSTANCES);
    }
    expect(await world.committed(topic)).toBe('1');
  });

  behaviour('setting and resetting check their arguments', async (world) => {
    const topic = await world.createTopic();
    const { admin, groupId } = world;
    const args = { groupId, topic, partitions: [{ partition: 0, offset: '1' }] };
    const refusalOf = async (call: 'setOffsets' | 'resetOffsets', wrong: object) =>
      rejection(admin[call](unchecked({ ...args, ...wrong })));
    for (const call of ['setOffsets', 'resetOffsets'] as const) {
      expect(await refusalOf(call, { groupId: '' })).toMatchObject({ message: 'Invalid groupId ' });
      expect(await refusalOf(call, { topic: '' })).toMatchObject({ message: 'Invalid topic ' });
      expect(await refusalOf(call, { topic: world.unique('unknown') })).toMatchObject(UNKNOWN_TOPIC);
    }
    expect(await refusalOf('setOffsets', { partitions: [] })).toMatchObject({
      message: 'Invalid partitions',
    });
    expect(await admin.fetchOffsets({ groupId })).toEqual([]);
  });
};

export const offsetsOfGroups: Area = (behaviour) => {
  fetching(behaviour);
  setting(behaviour);
};
