import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordingConsumer } from './event-record.ts';
import {
  assignedTo,
  describedGroup,
  deserted,
  joinBusy,
  joinGroup,
  LONG_SESSION,
  SHORT_SESSION,
} from './members.ts';
import { createDoor, eventually, rejection } from './waiting.ts';

export const sessions: Area = (behaviour) => {
  behaviour(
    'a handler longer than the session without a heartbeat is evicted, and its message handled twice',
    async (world) => {
      const topic = await world.filledTopic('slow', 'next');
      const slow = await joinBusy(world, topic, { config: SHORT_SESSION });
      const other = await joinGroup(world, topic, { config: LONG_SESSION });
      await eventually(() => expect(other.values()).toEqual(['slow', 'next']));
      slow.door.open();
      await eventually(() => expect(slow.joins).toHaveLength(2));
      expect(slow.started).toEqual(['slow']);
    },
  );

  behaviour('who was evicted joins again as somebody new, and without REBALANCING', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { value: 'slow', partition: 0 });
    const { consumer, recorded } = recordingConsumer(world, ['REBALANCING', 'GROUP_JOIN'], SHORT_SESSION);
    const slow = await joinBusy(world, topic, { consumer });
    await deserted(world);
    slow.door.open();
    await eventually(() => expect(slow.joins).toHaveLength(2));
    const [before, after] = slow.joins.map(({ memberId }) => memberId);
    expect(after).not.toBe(before);
    expect(recorded.keys()).toEqual(['GROUP_JOIN', 'GROUP_JOIN']);
    await eventually(() => expect(slow.started).toEqual(['slow', 'slow']));
  });

  behaviour('the late commit of an evicted member is refused, and the offset stays', async (world) => {
    const topic = await world.filledTopic('slow', 'next');
    const slow = await joinBusy(world, topic, { config: SHORT_SESSION });
    const other = await joinGroup(world, topic, { config: LONG_SESSION });
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    const error = await rejection(slow.consumer.commitOffsets([{ topic, partition: 0, offset: '1' }]));
    expect(error).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      retriable: false,
      message: 'The coordinator is not aware of this member',
      cause: { name: 'KafkaJSProtocolError', type: 'UNKNOWN_MEMBER_ID', code: 25, retriable: false },
    });
    slow.door.open();
    await eventually(() => expect(slow.joins).toHaveLength(2));
    expect(await world.committed(topic)).toBe('2');
    expect(other.values()).toEqual(['slow', 'next']);
  });

  behaviour('an evicted member that nobody has replaced is refused as well', async (world) => {
    const topic = await world.filledTopic('slow');
    const slow = await joinBusy(world, topic, { config: SHORT_SESSION });
    await deserted(world);
    const error = await rejection(slow.consumer.commitOffsets([{ topic, partition: 0, offset: '1' }]));
    expect(error).toMatchObject({ cause: { type: 'UNKNOWN_MEMBER_ID' } });
    expect(await world.committed(topic)).toBe('-1');
    slow.door.open();
  });

  for (const [what, options, again] of [
    // A batch is committed at its end, and this one's end never came.
    ['done before the eviction and not committed is done again', {}, ['a', 'b', 'c']],
    ['committed before the eviction is not done again', { autoCommitThreshold: 1 }, ['b', 'c']],
  ] as const) {
    behaviour(`what was ${what}`, async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c');
      const door = createDoor();
      const first: string[] = [];
      await joinGroup(world, topic, {
        config: SHORT_SESSION,
        ...options,
        onMessage: async ({ value }) => {
          first.push(value);
          if (value === 'b') await door.opened;
        },
      });
      await eventually(() => expect(first).toEqual(['a', 'b']));
      const other = await joinGroup(world, topic, { config: LONG_SESSION });
      await eventually(() => expect(other.values()).toEqual(again));
      door.open();
    });
  }

  behaviour(
    'the members that stay do not notice an eviction until their next heartbeat, and then share what is left',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const stays = await joinGroup(world, topic, { config: LONG_SESSION });
      await world.send(topic, { value: '0', partition: 0 }, { value: '1', partition: 1 });
      await eventually(async () => expect(await world.committed(topic, 1)).toBe('1'));
      const door = createDoor();
      const goes = await joinGroup(world, topic, { config: SHORT_SESSION, onMessage: () => door.opened });
      await eventually(() => expect(assignedTo(stays, topic)).toHaveLength(1));
      const [partition = -1] = assignedTo(goes, topic);
      await world.send(topic, { value: 'hangs', partition });
      await eventually(() => expect(assignedTo(stays, topic)).toHaveLength(2));
      await eventually(() => expect(stays.values()).toContain('hangs'));
      door.open();
    },
  );

  behaviour('disconnect() of an evicted member waits for its handler and goes quietly', async (world) => {
    const topic = await world.filledTopic('slow', 'next');
    const slow = await joinBusy(world, topic, { config: SHORT_SESSION });
    await deserted(world);
    const left = slow.consumer.disconnect();
    slow.door.open();
    await left;
    expect(slow.started).toEqual(['slow']);
    expect(await world.committed(topic)).toBe('-1');
  });

  behaviour('who crashes while joining stays a member until its session ends', async (world) => {
    const topic = await world.createTopic();
    const { roundRobin } = world.kafkajs.PartitionAssigners;
    const consumer = world.consumer({
      ...SHORT_SESSION,
      partitionAssigners: [
        (config) => ({ ...roundRobin(config), assign: () => Promise.reject(new Error('no idea')) }),
      ],
    });
    await consumer.subscribe({ topics: [topic] });
    await consumer.run({ eachMessage: async () => undefined });
    expect((await describedGroup(world))?.members.length).toBe(1);
    await deserted(world);
  });

  for (const [length, sessionTimeout] of [
    ['longer', 1_800_001],
    ['shorter', 499],
  ] as const) {
    behaviour(`a session ${length} than the broker allows is refused`, async (world) => {
      const topic = await world.createTopic();
      const { consumer, recorded } = recordingConsumer(world, ['CRASH', 'GROUP_JOIN'], {
        sessionTimeout,
        heartbeatInterval: 50,
      });
      await world.listen(topic, { consumer });
      await eventually(() =>
        expect(recorded.payloads('CRASH')).toMatchObject([
          { restart: false, error: { type: 'INVALID_SESSION_TIMEOUT', code: 26, retriable: false } },
        ]),
      );
      expect(recorded.keys()).toEqual(['CRASH']);
    });
  }
};
