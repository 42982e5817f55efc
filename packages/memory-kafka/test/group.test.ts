import { expect, test } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import { PartitionAssigners } from '../src/index.ts';
import { committed, eventually, inWorld, listen, settle, type World } from './support.ts';

interface Join {
  readonly isLeader: boolean;
  readonly memberId: string;
  readonly leaderId: string;
  readonly groupProtocol: string;
  readonly memberAssignment: Record<string, number[]>;
}

const joinsOf = (consumer: Consumer): Join[] => {
  const joins: Join[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => joins.push(payload));
  return joins;
};

const state = (world: World) => world.cluster.inspect().groups[0];

const rising = (a: number, b: number): number => a - b;

const assignedTo = (joins: readonly Join[], topic: string): number[] =>
  joins.at(-1)?.memberAssignment[topic] ?? [];

test(
  'the first member leads and gets all partitions; run() resolves when it has joined',
  inWorld(async (world) => {
    await world.createTopic('solo', 3);
    const consumer = world.consumer();
    const joins = joinsOf(consumer);
    await consumer.subscribe({ topics: ['solo'] });
    await consumer.run({ eachMessage: async () => undefined });
    expect(joins).toHaveLength(1);
    expect(joins[0]).toMatchObject({
      isLeader: true,
      groupProtocol: 'RoundRobinAssigner',
      memberAssignment: { solo: [0, 1, 2] },
    });
    expect(joins[0]?.leaderId).toBe(joins[0]?.memberId);
    expect(joins[0]?.memberId).toMatch(/^kafkajs-[\da-f-]{36}$/);
    expect(state(world)).toMatchObject({ state: 'Stable', generation: 1 });
  }),
);

test(
  'a listener added right after the call of run() hears of the join',
  inWorld(async (world) => {
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['heard'] });
    const running = consumer.run({ eachMessage: async () => undefined });
    const joins = joinsOf(consumer);
    await running;
    expect(joins).toHaveLength(1);
  }),
);

test(
  'who joins shares the partitions, and who leaves hands them back',
  inWorld(async (world) => {
    await world.createTopic('shared', 4);
    const [a, b] = [world.consumer(), world.consumer()];
    const [joinsA, joinsB] = [joinsOf(a), joinsOf(b)];
    let rebalancing = 0;
    a.on(a.events.REBALANCING, () => void (rebalancing += 1));
    await listen(world, 'shared', { consumer: a });
    await listen(world, 'shared', { consumer: b });
    await eventually(() => expect(joinsA).toHaveLength(2));
    expect([...assignedTo(joinsA, 'shared'), ...assignedTo(joinsB, 'shared')].toSorted(rising)).toEqual([
      0, 1, 2, 3,
    ]);
    expect(assignedTo(joinsA, 'shared')).toHaveLength(2);
    expect([rebalancing, state(world)?.generation]).toEqual([1, 2]);
    await b.disconnect();
    await eventually(() => expect(assignedTo(joinsA, 'shared')).toEqual([0, 1, 2, 3]));
    expect(state(world)).toMatchObject({ generation: 3, members: [{ memberId: joinsA[0]?.memberId }] });
  }),
);

test(
  'partitions go round over the member ids in their order',
  inWorld(async (world) => {
    await world.createTopic('round', 5);
    const joins = await Promise.all(
      ['a', 'b'].map(async () => {
        const consumer = world.consumer();
        const heard = joinsOf(consumer);
        await listen(world, 'round', { consumer });
        return heard;
      }),
    );
    await eventually(() => expect(state(world)?.members).toHaveLength(2));
    await eventually(() =>
      expect(joins.map((each) => assignedTo(each, 'round').length).toSorted(rising)).toEqual([2, 3]),
    );
    const byId = joins.toSorted((x, y) => ((x.at(-1)?.memberId ?? '') < (y.at(-1)?.memberId ?? '') ? -1 : 1));
    expect(byId.map((each) => assignedTo(each, 'round'))).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
  }),
);

test(
  'members that start together get into one generation',
  inWorld(async (world) => {
    await world.createTopic('together', 4);
    const consumers = Array.from({ length: 4 }, () => world.consumer());
    const joins = consumers.map(joinsOf);
    await Promise.all(consumers.map((consumer) => listen(world, 'together', { consumer })));
    expect(joins.map((each) => each.length)).toEqual([1, 1, 1, 1]);
    expect(state(world)).toMatchObject({ state: 'Stable', generation: 1 });
  }),
);

test(
  'an orderly rebalance in the middle of the work handles every message exactly once',
  inWorld(async (world) => {
    await world.createTopic('orderly', 6);
    const messages = Array.from({ length: 300 }, (_, i) => ({ key: `key-${i}`, value: String(i) }));
    await world.send('orderly', ...messages);
    const handled: string[] = [];
    const onMessage = async ({ value }: { value: string }) => {
      await settle();
      handled.push(value);
    };
    await listen(world, 'orderly', { onMessage });
    await eventually(() => expect(handled.length).toBeGreaterThan(3));
    await listen(world, 'orderly', { onMessage });
    await eventually(() => expect(handled.length).toBeGreaterThan(20));
    const third = await listen(world, 'orderly', { onMessage });
    await eventually(() => expect(handled.length).toBeGreaterThan(40));
    await third.consumer.disconnect();
    await eventually(() => expect(handled).toHaveLength(300));
    expect(new Set(handled).size).toBe(300);
    await eventually(() => expect(state(world)?.offsets.every(({ lag }) => lag === 0)).toBe(true));
  }),
);

test(
  'a member too many stays in the group and takes over when another goes',
  inWorld(async (world) => {
    await world.createTopic('surplus', 1);
    const [a, b] = [world.consumer(), world.consumer()];
    const joins = [joinsOf(a), joinsOf(b)];
    const received: string[] = [];
    const onMessage = ({ value }: { value: string }) => void received.push(value);
    await listen(world, 'surplus', { consumer: a, onMessage });
    await listen(world, 'surplus', { consumer: b, onMessage });
    await eventually(() =>
      expect(joins.map((each) => assignedTo(each, 'surplus').length).toSorted(rising)).toEqual([0, 1]),
    );
    const [busy, idle] = assignedTo(joins[0] ?? [], 'surplus').length === 1 ? [a, b] : [b, a];
    await busy.disconnect();
    await world.send('surplus', 'taken over');
    await eventually(() => expect(received).toEqual(['taken over']));
    expect(idle.paused()).toEqual([]);
  }),
);

test(
  'the leader assigns its own topics only: others get what they did not ask for, and leave it unread',
  inWorld(async (world) => {
    await world.createTopic('leaders', 2);
    await world.createTopic('others', 1);
    const [leader, other] = [world.consumer(), world.consumer()];
    const unsubscribed: string[][] = [];
    other.on(other.events.RECEIVED_UNSUBSCRIBED_TOPICS, ({ payload }) =>
      unsubscribed.push(payload.topicsNotSubscribed),
    );
    await listen(world, 'leaders', { consumer: leader });
    const { values } = await listen(world, 'others', { consumer: other });
    await world.send('others', 'unread');
    await eventually(() => expect(unsubscribed).toEqual([['leaders']]));
    await settle();
    expect(values()).toEqual([]);
  }),
);

test(
  'a custom assigner decides, and reads the topics from the cluster it is given',
  inWorld(async (world) => {
    await world.createTopic('assigned', 3);
    const consumer = world.consumer({
      partitionAssigners: [
        (config) => {
          const base = PartitionAssigners.roundRobin(config);
          return {
            ...base,
            name: 'Mine',
            protocol: (subscription) => ({ ...base.protocol(subscription), name: 'Mine' }),
            assign: (group) => {
              expect(config.cluster.findTopicPartitionMetadata('assigned')).toHaveLength(3);
              return base.assign(group);
            },
          };
        },
      ],
    });
    const joins = joinsOf(consumer);
    await listen(world, 'assigned', { consumer });
    expect(joins[0]).toMatchObject({ groupProtocol: 'Mine', memberAssignment: { assigned: [0, 1, 2] } });
  }),
);

test(
  'partitions added to a live topic are read after metadataMaxAge',
  inWorld(async (world) => {
    await world.createTopic('live', 1);
    const consumer = world.consumer({ metadataMaxAge: -1 });
    const joins = joinsOf(consumer);
    const { values } = await listen(world, 'live', { consumer });
    await world.kafka.admin().createPartitions({ topicPartitions: [{ topic: 'live', count: 2 }] });
    await world.send('live', { value: 'old partition', partition: 0 });
    await eventually(() => expect(assignedTo(joins, 'live')).toEqual([0, 1]));
    const late = world.kafka.producer();
    await late.connect();
    await late.send({ topic: 'live', messages: [{ value: 'new partition', partition: 1 }] });
    await eventually(() => expect(values()).toEqual(['old partition', 'new partition']));
    await late.disconnect();
  }),
);

test(
  'describeGroup tells the state and the members',
  inWorld(async (world) => {
    const consumer = world.consumer();
    expect(await consumer.describeGroup()).toMatchObject({ state: 'Dead', members: [], protocol: '' });
    await listen(world, 'described', { consumer });
    expect(await consumer.describeGroup()).toMatchObject({
      errorCode: 0,
      groupId: 'group',
      state: 'Stable',
      protocol: 'RoundRobinAssigner',
      protocolType: 'consumer',
      members: [{ clientId: 'kafkajs', clientHost: '/127.0.0.1' }],
    });
    await consumer.disconnect();
    expect(await consumer.describeGroup()).toMatchObject({ state: 'Empty', members: [] });
    expect(committed(world, 'described')).toBe(-1);
  }),
);
