import { expect } from '@jest/globals';
import type { Consumer, ConsumerConfig, ConsumerGroupJoinEvent } from 'kafkajs';
import { createDoor, eventually } from './waiting.ts';
import type { Listening, ListenOptions, Received } from './listening.ts';
import type { World } from './world.ts';

/** What a consumer gets when it has joined its group. */
export type Join = ConsumerGroupJoinEvent['payload'];

/** Members that notice a rebalance soon, on a broker that is asked for it at each heartbeat. */
export const ATTENTIVE: Partial<ConsumerConfig> = { heartbeatInterval: 20 };

/** A session short enough for a test to wait for its end. */
export const SHORT_SESSION: Partial<ConsumerConfig> = { sessionTimeout: 600, heartbeatInterval: 50 };
export const LONG_SESSION: Partial<ConsumerConfig> = { sessionTimeout: 10_000, heartbeatInterval: 50 };

/** Every join of a consumer, from now on. */
export const joinsOf = (consumer: Consumer): readonly Join[] => {
  const joins: Join[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => void joins.push(payload));
  return joins;
};

export interface MemberOfGroup extends Listening {
  readonly joins: readonly Join[];
}

/** A member that listens to `topics`, attentively, and remembers its joins. */
export const joinGroup = async (
  world: World,
  topics: string | readonly string[],
  { config, ...options }: ListenOptions = {},
): Promise<MemberOfGroup> => {
  const consumer = options.consumer ?? world.consumer({ ...ATTENTIVE, ...config });
  const joins = joinsOf(consumer);
  const listening = await world.listen(topics, { ...options, consumer });
  return { ...listening, joins };
};

/** A member that is busy with its first message, without a heartbeat, until its door is opened. */
export const joinBusy = async (world: World, topic: string, options: ListenOptions = {}) => {
  const door = createDoor();
  const started: string[] = [];
  const member = await joinGroup(world, topic, {
    ...options,
    onMessage: async ({ value }) => {
      started.push(value);
      if (started.length === 1) await door.opened;
    },
  });
  await eventually(() => expect(started).toHaveLength(1));
  return { ...member, door, started };
};

/** A member that handles two partitions at a time, and has a message of each in hand until its door is opened. */
export const listenWithTwoInHand = async (world: World, topic: string) => {
  const door = createDoor();
  const started: string[] = [];
  const listening = await world.listen(topic, {
    partitionsConsumedConcurrently: 2,
    onMessage: async ({ value }) => {
      started.push(value);
      await door.opened;
    },
  });
  await eventually(() => expect(started).toHaveLength(2));
  return { ...listening, started, door };
};

/** Listens with a consumer that does something to itself at each message, and keeps the values that it has been handed. */
export const listenActing = async (
  world: World,
  topic: string,
  act: (consumer: Consumer, received: Received, seen: readonly string[]) => Promise<void> | void,
  options: ListenOptions = {},
): Promise<{ readonly consumer: Consumer; readonly seen: readonly string[] }> => {
  const consumer = world.consumer(options.config);
  const seen: string[] = [];
  await world.listen(topic, {
    ...options,
    consumer,
    onMessage: (received) => {
      seen.push(received.value);
      return act(consumer, received, seen);
    },
  });
  return { consumer, seen };
};

/** The world's group, as its coordinator describes it. */
export const describedGroup = async ({ admin, groupId }: World) => {
  const { groups } = await admin.describeGroups([groupId]);
  return groups[0];
};

/** Waits until the group waits for its members to join again. */
export const rebalancing = (world: World): Promise<void> =>
  eventually(async () => expect(await describedGroup(world)).toMatchObject({ state: 'PreparingRebalance' }));

/** Waits until nobody is in the group any more. */
export const deserted = (world: World): Promise<void> =>
  eventually(async () => expect((await describedGroup(world))?.members).toEqual([]));

/** The partitions of `topic` that a member got at its last join. */
export const assignedTo = ({ joins }: Pick<MemberOfGroup, 'joins'>, topic: string): readonly number[] =>
  joins.at(-1)?.memberAssignment[topic] ?? [];

/** Waits until the members share the partitions of `topic` so that they have as many as `counts` says, sorted. */
export const sharedOut = (members: readonly MemberOfGroup[], topic: string, counts: readonly number[]) =>
  eventually(() => {
    const found = members.map((member) => assignedTo(member, topic).length);
    expect(found.toSorted((a, b) => a - b)).toEqual(counts);
    expect(new Set(members.flatMap((member) => assignedTo(member, topic))).size).toBe(
      found.reduce((sum, count) => sum + count, 0),
    );
  });

/** Runs a consumer, and does something right after the call of `run()`, before anything else can happen. */
export const runThen = async (
  world: World,
  topic: string,
  { fromBeginning = true, config, autoCommit = true }: ListenOptions,
  act: (consumer: Consumer) => void,
): Promise<{ consumer: Consumer; received: readonly string[] }> => {
  const consumer = world.consumer(config);
  const received: string[] = [];
  await consumer.subscribe({ topics: [topic], fromBeginning });
  const running = consumer.run({
    autoCommit,
    eachMessage: async ({ message }) => void received.push(String(message.value)),
  });
  act(consumer);
  await running;
  return { consumer, received };
};

/** A group that has read everything of a topic with these values, and sits at its end. */
export const readToTheEnd = async (world: World, values: readonly string[], options: ListenOptions = {}) => {
  const topic = await world.filledTopic(...values);
  const listening = await world.listen(topic, options);
  await eventually(() => expect(listening.values()).toEqual(values));
  if (options.autoCommit !== false) {
    await eventually(async () => expect(await world.committed(topic)).toBe(String(values.length)));
  }
  return { ...listening, topic };
};
