import { expect, test } from '@jest/globals';
import { KafkaJSDeleteGroupsError, KafkaJSDeleteTopicRecordsError } from '../src/index.ts';
import { committed, eventually, inWorld, listen, rejection } from './support.ts';

test(
  'fetchTopicOffsets tells low and high',
  inWorld(async ({ kafka, send }) => {
    await send('t', 'a', 'b', 'c');
    const admin = kafka.admin();
    expect(await admin.fetchTopicOffsets('t')).toEqual([{ partition: 0, offset: '3', high: '3', low: '0' }]);
    await admin.deleteTopicRecords({ topic: 't', partitions: [{ partition: 0, offset: '2' }] });
    expect(await admin.fetchTopicOffsets('t')).toEqual([{ partition: 0, offset: '3', high: '3', low: '2' }]);
    expect((await rejection(admin.fetchTopicOffsets('unknown'))).message).toBe(
      'This server does not host this topic-partition',
    );
    expect((await rejection(admin.fetchTopicOffsets(''))).message).toBe('Invalid topic ');
  }),
);

test(
  'fetchTopicOffsetsByTimestamp finds the first message of that time or later, else the end',
  inWorld(async ({ kafka, send }) => {
    await send('timed', { value: 'a', timestamp: '1000' }, { value: 'b', timestamp: '2000' });
    await send('timed', { value: 'c', timestamp: '3000' });
    const admin = kafka.admin();
    const offsetAt = async (timestamp?: number) =>
      (await admin.fetchTopicOffsetsByTimestamp('timed', timestamp)).map(({ offset }) => offset);
    expect(await Promise.all([0, 1500, 3000, 3001, undefined].map(offsetAt))).toEqual([
      ['0'],
      ['1'],
      ['2'],
      ['3'],
      ['3'],
    ]);
  }),
);

test(
  'fetchOffsets tells -1 for what is not committed, and all topics of the group if none is named',
  inWorld(async ({ kafka, createTopic }) => {
    await createTopic('two', 2);
    const admin = kafka.admin();
    await admin.setOffsets({ groupId: 'g', topic: 'two', partitions: [{ partition: 1, offset: '7' }] });
    const second = { partition: 1, offset: '7', metadata: null };
    expect(await admin.fetchOffsets({ groupId: 'g', topics: ['two'] })).toEqual([
      { topic: 'two', partitions: [{ partition: 0, offset: '-1', metadata: null }, second] },
    ]);
    expect(await admin.fetchOffsets({ groupId: 'g' })).toEqual([{ topic: 'two', partitions: [second] }]);
    expect(await admin.fetchOffsets({ groupId: 'nobody' })).toEqual([]);
    expect((await rejection(admin.fetchOffsets({ groupId: '' }))).message).toBe('Invalid groupId ');
  }),
);

test(
  'resetOffsets stores earliest or latest as such, and resolveOffsets makes real ones of them and commits those',
  inWorld(async (world) => {
    await world.send('reset', 'a', 'b');
    const admin = world.kafka.admin();
    const target = { groupId: 'group', topic: 'reset' };
    const offsets = async (resolveOffsets: boolean) => {
      const [topic] = await admin.fetchOffsets({ groupId: 'group', topics: ['reset'], resolveOffsets });
      return topic?.partitions.map(({ offset }) => offset);
    };
    await admin.resetOffsets({ ...target, earliest: false });
    expect([await offsets(false), await offsets(true), committed(world, 'reset')]).toEqual([
      ['-1'],
      ['2'],
      2,
    ]);
    await admin.resetOffsets({ ...target, earliest: true });
    expect([await offsets(false), await offsets(true), committed(world, 'reset')]).toEqual([
      ['-2'],
      ['0'],
      0,
    ]);
  }),
);

test(
  'offsets of a running group cannot be set, and it cannot be deleted',
  inWorld(async (world) => {
    const { consumer } = await listen(world, 'busy');
    const admin = world.kafka.admin();
    const target = { groupId: 'group', topic: 'busy' };
    const refused = 'The consumer group must have no running instances, current state: Stable';
    expect(await rejection(admin.resetOffsets({ ...target, earliest: true }))).toMatchObject({
      message: refused,
    });
    const partitions = [{ partition: 0, offset: '0' }];
    expect(await rejection(admin.setOffsets({ ...target, partitions }))).toMatchObject({ message: refused });
    const error = await rejection(admin.deleteGroups(['group']));
    expect(error).toBeInstanceOf(KafkaJSDeleteGroupsError);
    expect(error).toMatchObject({
      groups: [{ groupId: 'group', error: { type: 'NON_EMPTY_GROUP', code: 68 } }],
    });
    await consumer.disconnect();
    expect(await admin.deleteGroups(['group'])).toEqual([{ groupId: 'group', errorCode: 0 }]);
    expect(await rejection(admin.deleteGroups(['group']))).toMatchObject({
      groups: [{ error: { type: 'GROUP_ID_NOT_FOUND' } }],
    });
  }),
);

test(
  'groups are listed and described',
  inWorld(async (world) => {
    const { consumer } = await listen(world, 'described');
    const admin = world.kafka.admin();
    expect(await admin.listGroups()).toEqual({ groups: [{ groupId: 'group', protocolType: 'consumer' }] });
    const { groups } = await admin.describeGroups(['group', 'nobody']);
    expect(groups).toMatchObject([
      {
        groupId: 'group',
        state: 'Stable',
        protocol: 'RoundRobinAssigner',
        members: [{ clientId: 'kafkajs' }],
      },
      { groupId: 'nobody', state: 'Dead', protocol: '', protocolType: '', members: [] },
    ]);
    await consumer.disconnect();
    expect((await admin.describeGroups(['group'])).groups).toMatchObject([{ state: 'Empty', members: [] }]);
  }),
);

test(
  'deleteTopicRecords: -1 means all, beyond the end is refused, below the beginning does nothing',
  inWorld(async (world) => {
    await world.send('records', 'a', 'b', 'c');
    const admin = world.kafka.admin();
    const remove = (partition: number, offset: string) =>
      admin.deleteTopicRecords({ topic: 'records', partitions: [{ partition, offset }] });
    const low = async () => (await admin.fetchTopicOffsets('records'))[0]?.low;
    expect(await rejection(remove(0, '9'))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      cause: {
        name: 'KafkaJSDeleteTopicRecordsError',
        partitions: [{ error: { type: 'OFFSET_OUT_OF_RANGE' } }],
      },
    });
    await remove(0, '2');
    await remove(0, '1');
    expect(await low()).toBe('2');
    await remove(0, '-1');
    expect(await low()).toBe('3');
    expect(await rejection(remove(5, '0'))).toBeInstanceOf(KafkaJSDeleteTopicRecordsError);
  }),
);

test(
  'a group that was reset to earliest reads everything again',
  inWorld(async (world) => {
    await world.send('again', 'a', 'b');
    const first = await listen(world, 'again');
    await eventually(() => expect(committed(world, 'again')).toBe(2));
    await first.consumer.disconnect();
    await world.kafka.admin().resetOffsets({ groupId: 'group', topic: 'again', earliest: true });
    const second = await listen(world, 'again');
    await eventually(() => expect(second.values()).toEqual(['a', 'b']));
  }),
);
