import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { assignedTo, ATTENTIVE, joinGroup, joinsOf, sharedOut, type MemberOfGroup } from './members.ts';
import { eventually } from './waiting.ts';
import type { World } from './world.ts';

const inOrder = (members: readonly MemberOfGroup[]): MemberOfGroup[] => {
  const idOf = ({ joins }: MemberOfGroup): string => joins.at(-1)?.memberId ?? '';
  return members.toSorted((x, y) => (idOf(x) < idOf(y) ? -1 : 1));
};

/** Two members, each of which has one of the two partitions of a topic. */
const joinTwo = async (world: World) => {
  const topic = await world.createTopic({ partitions: 2 });
  const a = await joinGroup(world, topic);
  const b = await joinGroup(world, topic);
  await sharedOut([a, b], topic, [1, 1]);
  return { topic, a, b };
};

export const groups: Area = (behaviour) => {
  behaviour(
    'the first member leads and gets all partitions; run() resolves when it has joined',
    async (world) => {
      const topic = await world.createTopic({ partitions: 3 });
      const { joins } = await joinGroup(world, topic);
      expect(joins).toEqual([
        {
          duration: expect.any(Number),
          groupId: world.groupId,
          isLeader: true,
          leaderId: joins[0]?.memberId,
          groupProtocol: 'RoundRobinAssigner',
          memberId: expect.stringMatching(/^conformance-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
          memberAssignment: { [topic]: [0, 1, 2] },
        },
      ]);
    },
  );

  behaviour('a listener added right after the call of run() is notified of the join', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    await consumer.subscribe({ topics: [topic] });
    const running = consumer.run({ eachMessage: async () => undefined });
    const joins = joinsOf(consumer);
    await running;
    expect(joins).toHaveLength(1);
  });

  behaviour('who joins shares the partitions, and who leaves hands them back', async (world) => {
    const topic = await world.createTopic({ partitions: 4 });
    const a = await joinGroup(world, topic);
    const b = await joinGroup(world, topic);
    await sharedOut([a, b], topic, [2, 2]);
    expect([a.joins.length, b.joins.length]).toEqual([2, 1]);
    await b.consumer.disconnect();
    await eventually(() => expect(assignedTo(a, topic)).toEqual([0, 1, 2, 3]));
    expect(a.joins).toHaveLength(3);
  });

  behaviour('a member keeps its id, and the leader its lead, when others come and go', async (world) => {
    const { a, b } = await joinTwo(world);
    await b.consumer.stop();
    await eventually(() => expect(a.joins).toHaveLength(3));
    expect(new Set(a.joins.map(({ memberId }) => memberId)).size).toBe(1);
    expect(a.joins.map(({ isLeader }) => isLeader)).toEqual([true, true, true]);
    expect(b.joins).toMatchObject([{ isLeader: false, leaderId: a.joins[0]?.memberId }]);
  });

  behaviour('when the leader leaves, another one leads', async (world) => {
    const { topic, a, b } = await joinTwo(world);
    await a.consumer.disconnect();
    await eventually(() => expect(assignedTo(b, topic)).toEqual([0, 1]));
    expect(b.joins.map(({ isLeader }) => isLeader)).toEqual([false, true]);
    expect(b.joins.at(-1)?.leaderId).toBe(b.joins[0]?.memberId);
  });

  behaviour('each join and each leave is a generation', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer(ATTENTIVE);
    const generations = new Set<number>();
    consumer.on(consumer.events.HEARTBEAT, ({ payload }) => void generations.add(payload.groupGenerationId));
    await joinGroup(world, topic, { consumer });
    await eventually(() => expect([...generations]).toEqual([1]));
    const b = await joinGroup(world, topic);
    await eventually(() => expect([...generations]).toEqual([1, 2]));
    await b.consumer.disconnect();
    await eventually(() => expect([...generations]).toEqual([1, 2, 3]));
  });

  behaviour('a group that was empty continues to count its generations', async (world) => {
    const topic = await world.createTopic();
    const first = await joinGroup(world, topic);
    await first.consumer.disconnect();
    const consumer = world.consumer(ATTENTIVE);
    const generations = new Set<number>();
    consumer.on(consumer.events.HEARTBEAT, ({ payload }) => void generations.add(payload.groupGenerationId));
    await joinGroup(world, topic, { consumer });
    // Kafka counts the emptying as a generation as well.
    await eventually(() => expect([...generations]).toEqual([3]));
  });

  // Kafka lists the partitions of a topic in no particular order, so only their numbers are certain.
  behaviour('partitions go round over the member ids in their order, the first one first', async (world) => {
    const topic = await world.createTopic({ partitions: 5 });
    const members = [await joinGroup(world, topic), await joinGroup(world, topic)];
    await sharedOut(members, topic, [2, 3]);
    expect(inOrder(members).map((each) => assignedTo(each, topic).length)).toEqual([3, 2]);
  });

  behaviour(
    'the round continues from one topic to the next, in the order of the subscription',
    async (world) => {
      const first = await world.createTopic({ partitions: 3, label: 'z' });
      const second = await world.createTopic({ partitions: 3, label: 'a' });
      const topics = [first, second];
      const members = [await joinGroup(world, topics), await joinGroup(world, topics)];
      await sharedOut(members, first, [1, 2]);
      const counts = inOrder(members).map((each) => topics.map((topic) => assignedTo(each, topic).length));
      expect(counts).toEqual([
        [2, 1],
        [1, 2],
      ]);
    },
  );

  behaviour('a member too many stays in the group and takes over when another goes', async (world) => {
    const topic = await world.createTopic();
    const members = [await joinGroup(world, topic), await joinGroup(world, topic)];
    await sharedOut(members, topic, [0, 1]);
    const [idle, busy] = members.toSorted(
      (x, y) => assignedTo(x, topic).length - assignedTo(y, topic).length,
    );
    expect(idle?.joins.at(-1)?.memberAssignment).toEqual({});
    await busy?.consumer.disconnect();
    await world.send(topic, 'taken over');
    await eventually(() => expect(idle?.values()).toEqual(['taken over']));
    expect(busy?.values()).toEqual([]);
  });

  behaviour(
    'the leader assigns its own topics only: others get what they did not ask for, and are notified',
    async (world) => {
      const leaders = await world.createTopic({ label: 'leaders', partitions: 2 });
      const others = await world.createTopic({ label: 'others' });
      await joinGroup(world, leaders);
      const consumer = world.consumer(ATTENTIVE);
      const payloads: unknown[] = [];
      consumer.on(consumer.events.RECEIVED_UNSUBSCRIBED_TOPICS, ({ payload }) => void payloads.push(payload));
      const { joins } = await joinGroup(world, others, { consumer });
      expect(payloads).toEqual([
        {
          groupId: world.groupId,
          generationId: 2,
          memberId: joins[0]?.memberId,
          assignedTopics: [leaders],
          topicsSubscribed: [others],
          topicsNotSubscribed: [leaders],
        },
      ]);
      expect(joins).toMatchObject([{ memberAssignment: {} }]);
    },
  );

  behaviour('what only a follower has subscribed to is read by nobody until it leads', async (world) => {
    const leaders = await world.createTopic({ label: 'leaders' });
    const others = await world.createTopic({ label: 'others' });
    await world.send(others, 'waited');
    const leader = await joinGroup(world, leaders);
    const other = await joinGroup(world, others);
    await eventually(() => expect(leader.joins).toHaveLength(2));
    await world.send(others, 'waited too');
    await leader.consumer.disconnect();
    await eventually(() => expect(assignedTo(other, others)).toEqual([0]));
    await eventually(() => expect(other.values()).toEqual(['waited', 'waited too']));
    expect(other.joins).toHaveLength(2);
    expect(other.joins[0]?.memberAssignment).toEqual({});
  });

  behaviour('groups do not know of each other', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const other = world.consumer({ ...ATTENTIVE, groupId: world.unique('other') });
    const a = await joinGroup(world, topic);
    const b = await joinGroup(world, topic, { consumer: other });
    await world.send(topic, { value: 'x', partition: 0 }, { value: 'y', partition: 1 });
    await eventually(() => expect(a.values().toSorted()).toEqual(['x', 'y']));
    await eventually(() => expect(b.values().toSorted()).toEqual(['x', 'y']));
    expect([a.joins.length, b.joins.length]).toEqual([1, 1]);
  });

  behaviour(
    'partitions added to a live topic are read once the metadata is older than metadataMaxAge',
    async (world) => {
      const topic = await world.createTopic();
      const member = await joinGroup(world, topic, { config: { metadataMaxAge: 50 } });
      await world.admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
      await eventually(() => expect(assignedTo(member, topic)).toEqual([0, 1]));
      const late = await world.connectProducer();
      await late.send({ topic, messages: [{ value: 'new partition', partition: 1 }] });
      await eventually(() => expect(member.values()).toEqual(['new partition']));
      expect(member.joins.length).toBe(2);
    },
  );

  behaviour(
    'a follower that sees new partitions gets nothing: only the leader can hand them out',
    async (world) => {
      const topic = await world.createTopic();
      const leader = await joinGroup(world, topic);
      const follower = await joinGroup(world, topic, { config: { metadataMaxAge: 50 } });
      await sharedOut([leader, follower], topic, [0, 1]);
      await world.admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
      await eventually(() => expect(follower.joins.length).toBeGreaterThan(1));
      expect([...assignedTo(leader, topic), ...assignedTo(follower, topic)]).toEqual([0]);
    },
  );
};
