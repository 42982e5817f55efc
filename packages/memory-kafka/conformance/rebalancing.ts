import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import { assignedTo, ATTENTIVE, joinBusy, joinGroup, joinsOf, rebalancing, sharedOut } from './members.ts';
import { createDoor, eventually, rejection } from './waiting.ts';

export const rebalances: Area = (behaviour) => {
  behaviour(
    'an orderly rebalance in the middle of the work handles every message exactly once',
    async (world) => {
      const topic = await world.createTopic({ partitions: 6 });
      const messages = Array.from({ length: 120 }, (_, i) => ({ partition: i % 6, value: String(i) }));
      await world.send(topic, ...messages);
      const handled: string[] = [];
      const onMessage = async ({ value }: { value: string }) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        handled.push(value);
      };
      await joinGroup(world, topic, { onMessage, config: { heartbeatInterval: 1 } });
      await joinGroup(world, topic, { onMessage, config: { heartbeatInterval: 1 } });
      const third = await joinGroup(world, topic, { onMessage, config: { heartbeatInterval: 1 } });
      await third.consumer.disconnect();
      await eventually(() => expect(new Set(handled).size).toBe(120));
      expect(handled).toHaveLength(120);
    },
  );

  behaviour(
    'a rebalance waits for the message in hand, commits what is done, and starts no other message',
    async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c');
      const { consumer, recorded } = recordingConsumer(
        world,
        ['COMMIT_OFFSETS', 'REBALANCING', 'GROUP_JOIN'],
        ATTENTIVE,
      );
      const { door, started } = await joinBusy(world, topic, { consumer });
      const other = joinGroup(world, topic);
      await rebalancing(world);
      expect(started).toEqual(['a']);
      door.open();
      await other;
      const order = ['GROUP_JOIN', 'COMMIT_OFFSETS', 'REBALANCING', 'GROUP_JOIN'];
      await eventually(() => expect(recorded.keys().slice(0, 4)).toEqual(order));
      expect(recorded.payloads('COMMIT_OFFSETS')[0]).toMatchObject({
        topics: [{ partitions: [{ offset: '1' }] }],
      });
    },
  );

  behaviour('REBALANCING names the group and the member', async (world) => {
    const topic = await world.createTopic();
    const { consumer, recorded } = recordingConsumer(world, ['REBALANCING'], ATTENTIVE);
    const { joins } = await joinGroup(world, topic, { consumer });
    await joinGroup(world, topic);
    await eventually(() => expect(joins).toHaveLength(2));
    expect(recorded.payloads('REBALANCING')).toEqual([
      { groupId: world.groupId, memberId: joins[0]?.memberId },
    ]);
  });

  behaviour(
    'when a member comes, the ones who were there are notified of a rebalance, the newcomer only of its join',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const first = await joinGroup(world, topic);
      const { consumer, recorded } = recordingConsumer(world, ['REBALANCING', 'GROUP_JOIN'], ATTENTIVE);
      const second = await joinGroup(world, topic, { consumer });
      await sharedOut([first, second], topic, [1, 1]);
      expect(recorded.keys()).toEqual(['GROUP_JOIN']);
    },
  );

  behaviour(
    'heartbeat() in a handler rejects with the rebalance, after what is resolved was committed',
    async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c');
      const consumer = world.consumer(ATTENTIVE);
      const seen: unknown[] = [];
      const inHand = createDoor();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      const joins = joinsOf(consumer);
      await consumer.run({
        eachBatch: async ({ heartbeat, resolveOffset }) => {
          if (seen.length > 0) return;
          inHand.open();
          resolveOffset('1');
          const error = await eventually(() => rejection(heartbeat()));
          seen.push(error, await world.committed(topic));
          throw error;
        },
      });
      await inHand.opened;
      await joinGroup(world, topic);
      expect(seen).toMatchObject([
        {
          name: 'KafkaJSProtocolError',
          type: 'REBALANCE_IN_PROGRESS',
          code: 27,
          retriable: false,
          message: 'The group is rebalancing, so a rejoin is needed',
        },
        '2',
      ]);
      await eventually(() => expect(joins).toHaveLength(2));
    },
  );

  behaviour(
    'a batch that ignores the rebalance is committed nevertheless, as long as the others wait',
    async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c');
      const door = createDoor();
      const batches: (string | null)[] = [];
      const consumer = await world.subscribed(topic, ATTENTIVE);
      const recorded = recordEvents(consumer, ['COMMIT_OFFSETS', 'REBALANCING']);
      await consumer.run({
        eachBatch: async ({ batch, heartbeat }) => {
          batches.push(batch.firstOffset());
          await door.opened;
          await heartbeat().catch(() => undefined);
        },
      });
      const other = joinGroup(world, topic);
      await rebalancing(world);
      door.open();
      await other;
      expect(batches).toEqual(['0']);
      expect(recorded.keys()).toEqual(['COMMIT_OFFSETS', 'REBALANCING']);
      expect(await world.committed(topic)).toBe('3');
    },
  );

  behaviour(
    'without autoCommit a rebalance commits nothing: what was handled is handled again',
    async (world) => {
      const topic = await world.filledTopic('a', 'b');
      const { door, started, consumer } = await joinBusy(world, topic, { autoCommit: false });
      const other = joinGroup(world, topic, { autoCommit: false });
      await rebalancing(world);
      door.open();
      const { values } = await other;
      await eventually(() => expect([...started, ...values()]).toEqual(['a', 'a', 'b']));
      expect(await world.committed(topic)).toBe('-1');
      expect(consumer.paused()).toEqual([]);
    },
  );

  behaviour('commitOffsets is good while the group waits for this member', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    const { door, consumer } = await joinBusy(world, topic, { autoCommit: false });
    const other = joinGroup(world, topic, { autoCommit: false });
    await rebalancing(world);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '2' }]);
    door.open();
    await other;
    expect(await world.committed(topic)).toBe('2');
  });

  behaviour('pauses outlive a rebalance', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const a = await joinGroup(world, topic);
    a.consumer.pause([{ topic, partitions: [0, 1] }]);
    const b = await joinGroup(world, topic);
    await sharedOut([a, b], topic, [1, 1]);
    expect(a.consumer.paused()).toEqual([{ topic, partitions: assignedTo(a, topic) }]);
    expect(b.consumer.paused()).toEqual([]);
    await b.consumer.disconnect();
    await eventually(() => expect(assignedTo(a, topic)).toHaveLength(2));
    expect(a.consumer.paused()).toEqual([{ topic, partitions: [0, 1] }]);
    await world.send(topic, { value: 'held', partition: 0 });
    a.consumer.resume([{ topic }]);
    await eventually(() => expect(a.values()).toEqual(['held']));
  });

  behaviour('a seek of a partition that another member has waits until it comes', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const [a, b] = [await joinGroup(world, topic), await joinGroup(world, topic)];
    await sharedOut([a, b], topic, [1, 1]);
    await world.send(
      topic,
      ...[0, 1].flatMap((partition) => ['x', 'y'].map((value) => ({ value, partition }))),
    );
    const [foreign = -1] = assignedTo(b, topic);
    await eventually(async () => expect(await world.committed(topic, foreign)).toBe('2'));
    a.consumer.seek({ topic, partition: foreign, offset: '1' });
    await world.send(topic, { value: 'z', partition: foreign });
    await eventually(() => expect(b.values()).toEqual(['x', 'y', 'z']));
    await b.consumer.disconnect();
    const ofForeign = () =>
      a.received.filter(({ partition }) => partition === foreign).map(({ value }) => value);
    await eventually(() => expect(ofForeign()).toEqual(['y', 'z']));
  });

  behaviour(
    'members that come together share everything in the end, and nothing is handled twice',
    async (world) => {
      const topic = await world.createTopic({ partitions: 4 });
      const members = await Promise.all([1, 2, 3].map(() => joinGroup(world, topic)));
      await sharedOut(members, topic, [1, 1, 2]);
      await world.send(topic, ...[0, 1, 2, 3].map((partition) => ({ value: String(partition), partition })));
      await eventually(() =>
        expect(members.flatMap((each) => each.values()).toSorted()).toEqual(['0', '1', '2', '3']),
      );
      const leaders = members.map(({ joins }) => joins.at(-1)).filter((join) => join?.isLeader);
      expect(leaders).toHaveLength(1);
      expect(new Set(members.map(({ joins }) => joins.at(-1)?.leaderId)).size).toBe(1);
    },
  );

  behaviour('the work of one partition continues where its last reader stopped', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c', 'd');
    const a = await joinBusy(world, topic);
    const next = joinGroup(world, topic);
    await rebalancing(world);
    a.door.open();
    const b = await next;
    await eventually(() => expect([...a.values(), ...b.values()]).toEqual(['a', 'b', 'c', 'd']));
  });

  behaviour(
    'what a member has fetched and not begun when the rebalance comes is left to the next reader',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      await world.send(topic, { value: '0', partition: 0 }, { value: '1', partition: 1 });
      const a = await joinBusy(world, topic);
      const next = joinGroup(world, topic);
      await rebalancing(world);
      a.door.open();
      const b = await next;
      await eventually(() => expect([...a.values(), ...b.values()].toSorted()).toEqual(['0', '1']));
      await eventually(async () =>
        expect([await world.committed(topic, 0), await world.committed(topic, 1)]).toEqual(['1', '1']),
      );
    },
  );
};
