import { expect } from '@jest/globals';
import type { Assigner, PartitionAssigner } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import {
  assignedTo,
  ATTENTIVE,
  describedGroup,
  deserted,
  joinBusy,
  joinGroup,
  LONG_SESSION,
  sharedOut,
  SHORT_SESSION,
} from './members.ts';
import { createDoor, eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

/** Round robin, that does something else first when it is asked for the time `turn`, from 1. */
const hesitating = (world: World, turn: number, first: () => Promise<unknown>): PartitionAssigner => {
  let turns = 0;
  return (config) => {
    const base: Assigner = world.kafkajs.PartitionAssigners.roundRobin(config);
    return {
      ...base,
      assign: async (group) => {
        turns += 1;
        if (turns === turn) await first();
        return base.assign(group);
      },
    };
  };
};

const thinking = (world: World): Promise<void> =>
  eventually(async () => expect(await describedGroup(world)).toMatchObject({ state: 'CompletingRebalance' }));

const idsOf = (group: Awaited<ReturnType<typeof describedGroup>>): string[] =>
  (group?.members ?? []).map(({ memberId }) => memberId).toSorted();

export const coordinating: Area = (behaviour) => {
  behaviour(
    'a follower that waits for a slow leader keeps its place, however short its session',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const door = createDoor();
      const config = { ...LONG_SESSION, partitionAssigners: [hesitating(world, 2, () => door.opened)] };
      const leader = await joinGroup(world, topic, { config });
      const joining = joinGroup(world, topic, { config: SHORT_SESSION });
      await thinking(world);
      const before = idsOf(await describedGroup(world));
      const since = Date.now();
      await eventually(() => expect(Date.now() - since).toBeGreaterThan(1000));
      const after = await describedGroup(world);
      expect([after?.state, idsOf(after)]).toEqual(['CompletingRebalance', before]);
      door.open();
      const follower = await joining;
      await sharedOut([leader, follower], topic, [1, 1]);
      expect([leader.joins.length, follower.joins.length]).toEqual([2, 1]);
    },
  );

  behaviour(
    'a leader that thinks longer than its session is evicted, and another one leads',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const door = createDoor();
      const config = { ...SHORT_SESSION, partitionAssigners: [hesitating(world, 2, () => door.opened)] };
      await joinGroup(world, topic, { config });
      const follower = await joinGroup(world, topic, { config: LONG_SESSION });
      expect(follower.joins).toMatchObject([{ isLeader: true, memberAssignment: { [topic]: [0, 1] } }]);
      door.open();
      await eventually(() => expect(assignedTo(follower, topic)).toHaveLength(1));
    },
  );

  behaviour(
    'a leader that thinks longer than rebalanceTimeout is evicted, however long its session',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const door = createDoor();
      const limits = { sessionTimeout: 15_000, heartbeatInterval: 50, rebalanceTimeout: 700 };
      const config = { ...limits, partitionAssigners: [hesitating(world, 2, () => door.opened)] };
      const leader = await joinGroup(world, topic, { config });
      const since = Date.now();
      const follower = await joinGroup(world, topic, { config: limits });
      expect(Date.now() - since).toBeLessThan(limits.sessionTimeout);
      expect(follower.joins).toMatchObject([{ isLeader: true, memberAssignment: { [topic]: [0, 1] } }]);
      door.open();
      await sharedOut([leader, follower], topic, [1, 1]);
      expect(new Set(leader.joins.map(({ memberId }) => memberId)).size).toBe(2);
    },
  );

  behaviour('who comes while the leader thinks makes it think once more', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const door = createDoor();
    const consumer = world.consumer({
      ...ATTENTIVE,
      partitionAssigners: [hesitating(world, 1, () => door.opened)],
    });
    const recorded = recordEvents(consumer, ['GROUP_JOIN', 'REBALANCING', 'CRASH']);
    const first = joinGroup(world, topic, { consumer });
    await thinking(world);
    const second = joinGroup(world, topic);
    await eventually(async () =>
      expect(await describedGroup(world)).toMatchObject({ state: 'PreparingRebalance' }),
    );
    door.open();
    await sharedOut([await first, await second], topic, [1, 1]);
    // The join that came to nothing is notified to nobody.
    expect(recorded.keys()).toEqual(['GROUP_JOIN']);
  });

  behaviour('a commit for the generation before is refused while the leader thinks', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { value: 'a', partition: 0 });
    const door = createDoor();
    const config = { ...ATTENTIVE, partitionAssigners: [hesitating(world, 2, () => door.opened)] };
    const busy = await joinBusy(world, topic, { config });
    const other = joinGroup(world, topic);
    await eventually(async () =>
      expect(await describedGroup(world)).toMatchObject({ state: 'PreparingRebalance' }),
    );
    busy.door.open();
    await thinking(world);
    const error = await rejection(busy.consumer.commitOffsets([{ topic, partition: 0, offset: '0' }]));
    expect(error).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: 'Specified group generation id is not valid',
      cause: { name: 'KafkaJSProtocolError', type: 'ILLEGAL_GENERATION', code: 22, retriable: false },
    });
    expect(await world.committed(topic)).toBe('1');
    door.open();
    await sharedOut([busy, await other], topic, [1, 1]);
  });

  behaviour(
    'a leader whose assigner fails in a rebalance is out at the end of rebalanceTimeout, and comes back',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const limits = { ...LONG_SESSION, rebalanceTimeout: 700 };
      const failing = hesitating(world, 2, () => Promise.reject(new Error('no idea')));
      const { consumer, recorded } = recordingConsumer(world, ['CRASH'], {
        ...limits,
        partitionAssigners: [failing],
      });
      const first = await joinGroup(world, topic, { consumer });
      const second = await joinGroup(world, topic, { config: limits });
      await sharedOut([first, second], topic, [1, 1]);
      expect(second.joins[0]).toMatchObject({ isLeader: true });
      expect(new Set(first.joins.map(({ memberId }) => memberId)).size).toBe(2);
      expect(recorded.events).toEqual([]);
    },
  );

  behaviour('heartbeat() rejects for an evicted member, and nothing of it is committed', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const consumer = await world.subscribed(topic, SHORT_SESSION);
    const seen: unknown[] = [];
    await consumer.run({
      eachBatch: async ({ heartbeat, resolveOffset }) => {
        if (seen.length > 0) return;
        resolveOffset('0');
        await deserted(world);
        const error = await rejection(heartbeat());
        seen.push(error, await world.committed(topic));
        throw error;
      },
    });
    await eventually(() => expect(seen).toHaveLength(2));
    expect(seen).toMatchObject([
      {
        name: 'KafkaJSProtocolError',
        type: 'UNKNOWN_MEMBER_ID',
        code: 25,
        retriable: false,
        message: 'The coordinator is not aware of this member',
      },
      '-1',
    ]);
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
  });

  behaviour('the batch of an evicted member is not committed, and handled again', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const { consumer, recorded } = recordingConsumer(
      world,
      ['GROUP_JOIN', 'CRASH', 'COMMIT_OFFSETS'],
      SHORT_SESSION,
    );
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const batches: (string | null)[] = [];
    await consumer.run({
      eachBatch: async ({ batch }) => {
        batches.push(batch.firstOffset());
        if (batches.length === 1) await deserted(world);
      },
    });
    await eventually(() => expect(recorded.keys()).toEqual(['GROUP_JOIN', 'GROUP_JOIN', 'COMMIT_OFFSETS']));
    expect(batches).toEqual(['0', '0']);
  });

  behaviour(
    'a back-off longer than the session costs the place, and the message is tried again',
    async (world) => {
      const topic = await world.filledTopic('a');
      const retry = { initialRetryTime: 1000, factor: 0, retries: 5 };
      const { consumer, recorded } = recordingConsumer(world, ['GROUP_JOIN', 'CRASH', 'REBALANCING'], {
        ...SHORT_SESSION,
        retry,
      });
      let attempts = 0;
      await world.listen(topic, {
        consumer,
        onMessage: () => {
          attempts += 1;
          if (attempts === 1) throw new Error('once');
        },
      });
      await deserted(world);
      await eventually(async () => expect(await world.committed(topic)).toBe('1'));
      expect(recorded.keys()).toEqual(['GROUP_JOIN', 'GROUP_JOIN']);
      // Once before the back-off, once as somebody whom the group no longer knew, once as a member.
      expect(attempts).toBe(3);
    },
  );

  behaviour('a member that leaves while it is awaited lets the others go on at once', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { value: '0', partition: 0 });
    const busy = await joinBusy(world, topic, { config: LONG_SESSION });
    const [second, third] = [joinGroup(world, topic), joinGroup(world, topic)];
    await eventually(async () => expect((await describedGroup(world))?.members).toHaveLength(3));
    const leaving = busy.consumer.stop();
    busy.door.open();
    await leaving;
    await sharedOut([await second, await third], topic, [1, 1]);
  });

  behaviour('a group that is described while it rebalances shows its members as they were', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { value: '0', partition: 0 });
    const busy = await joinBusy(world, topic, { config: LONG_SESSION });
    const other = joinGroup(world, topic);
    await eventually(async () =>
      expect(await describedGroup(world)).toMatchObject({ state: 'PreparingRebalance' }),
    );
    const described = await describedGroup(world);
    expect(described).toMatchObject({ errorCode: 0, protocol: '', protocolType: 'consumer' });
    const assigned = described?.members.map(({ memberId, memberAssignment }) => [
      memberId,
      memberAssignment.length > 0,
    ]);
    // Kafka forgets an assignment when the next one comes, and what the members said as soon as it is in question.
    expect(Object.fromEntries(assigned ?? [])[busy.joins[0]?.memberId ?? '']).toBe(true);
    expect(assigned?.filter(([, isAssigned]) => isAssigned)).toHaveLength(1);
    expect(described?.members.map(({ memberMetadata }) => memberMetadata.length)).toEqual([0, 0]);
    busy.door.open();
    await other;
  });
};
