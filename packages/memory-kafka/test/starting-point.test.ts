import { expect, test } from '@jest/globals';
import { committed, eventually, inWorld, listen, settle } from './support.ts';

test(
  'fromBeginning reads what was there before, otherwise only what comes after the member has joined',
  inWorld(async (world) => {
    await world.send('start', 'old');
    const beginning = await listen(world, 'start', { config: { groupId: 'beginning' } });
    const end = await listen(world, 'start', { config: { groupId: 'end' }, fromBeginning: false });
    await settle();
    await world.send('start', 'new');
    await eventually(() => expect([beginning.values(), end.values()]).toEqual([['old', 'new'], ['new']]));
  }),
);

test(
  'the end counts when the member has joined, not when it subscribed or connected',
  inWorld(async (world) => {
    const consumer = world.consumer();
    await consumer.connect();
    await consumer.subscribe({ topics: ['late'], fromBeginning: false });
    await world.send('late', 'between subscribe and run');
    const received: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await settle();
    await world.send('late', 'after');
    await eventually(() => expect(received).toEqual(['after']));
  }),
);

test(
  'a committed offset beats fromBeginning, and outlives the members',
  inWorld(async (world) => {
    await world.send('resume', 'a', 'b');
    const first = await listen(world, 'resume');
    await eventually(() => expect(committed(world, 'resume')).toBe(2));
    await first.consumer.disconnect();
    await world.send('resume', 'c');
    for (const fromBeginning of [true, false]) {
      const again = await listen(world, 'resume', { fromBeginning, autoCommit: false });
      await eventually(() => expect(again.values()).toEqual(['c']));
      await again.consumer.disconnect();
    }
  }),
);

test(
  'two groups read independently',
  inWorld(async (world) => {
    await world.send('both', 'a', 'b');
    const one = await listen(world, 'both', { config: { groupId: 'one' } });
    await eventually(() => expect(committed(world, 'both', 0, 'one')).toBe(2));
    const two = await listen(world, 'both', { config: { groupId: 'two' } });
    await eventually(() => expect(two.values()).toEqual(['a', 'b']));
    expect(one.values()).toEqual(['a', 'b']);
  }),
);

test.each([
  [true, ['a', 'b', 'c']],
  [false, ['new']],
])(
  'a committed offset beyond the log starts over where fromBeginning %p says',
  async (fromBeginning, expected) =>
    inWorld(async (world) => {
      await world.send('range', 'a', 'b', 'c');
      const partitions = [{ partition: 0, offset: '99' }];
      await world.kafka.admin().setOffsets({ groupId: 'group', topic: 'range', partitions });
      const listening = await listen(world, 'range', { fromBeginning, autoCommit: false });
      await settle();
      if (!fromBeginning) await world.send('range', 'new');
      await eventually(() => expect(listening.values()).toEqual(expected));
    })(),
);

test(
  'records that were deleted are skipped',
  inWorld(async (world) => {
    await world.send('deleted', 'a', 'b', 'c');
    const admin = world.kafka.admin();
    await admin.deleteTopicRecords({ topic: 'deleted', partitions: [{ partition: 0, offset: '2' }] });
    const { values, received } = await listen(world, 'deleted');
    await eventually(() => expect(values()).toEqual(['c']));
    expect(received[0]?.message.offset).toBe('2');
  }),
);

test(
  'a pattern is looked up once, when subscribing',
  inWorld(async (world) => {
    for (const topic of ['orders-a', 'orders-b', 'users']) await world.send(topic, topic);
    const consumer = world.consumer();
    await consumer.subscribe({ topics: [/^orders-/], fromBeginning: true });
    await world.send('orders-c', 'too late');
    const received: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await eventually(() => expect(received.toSorted()).toEqual(['orders-a', 'orders-b']));
    await settle();
    expect(received).toHaveLength(2);
  }),
);
