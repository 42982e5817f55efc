import { expect } from '@jest/globals';
import type { Consumer, PartitionAssigner, RequestTimeoutEvent } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { createDoor, eventually } from './waiting.ts';
import type { World } from './world.ts';

const REQUEST_TIMEOUT_MS = 400;

/** Assigns at once until `close` is called, then when `open` is. */
const slowAssigner = (world: World) => {
  const door = createDoor();
  let mayWait = false;
  const assigner: PartitionAssigner = (config) => {
    const base = world.kafkajs.PartitionAssigners.roundRobin(config);
    return {
      ...base,
      assign: async (group) => {
        if (mayWait) await door.opened;
        return base.assign(group);
      },
    };
  };
  return {
    assigner,
    close: () => {
      mayWait = true;
    },
    open: door.open,
  };
};

const joinsOf = (consumer: Consumer): unknown[] => {
  const joins: unknown[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => joins.push(payload.memberAssignment));
  return joins;
};

const run = async (consumer: Consumer, topic: string): Promise<void> => {
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({ eachMessage: async () => undefined });
};

/** A member that waits for its partitions, since the leader of the group takes its time to assign them. */
const waitForLeader = async (world: World, enforceRequestTimeout: boolean) => {
  const topic = await world.createTopic({ partitions: 2 });
  const { assigner, close, open } = slowAssigner(world);
  const partitionAssigners = [assigner];
  const leader = world.consumer({ partitionAssigners, heartbeatInterval: 100 });
  const leaderJoins = joinsOf(leader);
  await run(leader, topic);
  await eventually(() => expect(leaderJoins).toHaveLength(1));
  close();
  const kafka = world.another({ requestTimeout: REQUEST_TIMEOUT_MS, enforceRequestTimeout });
  // Who has crashed is a member until its session is over.
  const session = { sessionTimeout: 2000, heartbeatInterval: 500 };
  const member = world.keep(kafka.consumer({ groupId: world.groupId, partitionAssigners, ...session }));
  const crashes: unknown[] = [];
  member.on(member.events.CRASH, ({ payload }) => crashes.push(payload));
  const timeouts: RequestTimeoutEvent['payload'][] = [];
  member.on(member.events.REQUEST_TIMEOUT, ({ payload }) => timeouts.push(payload));
  const joins = joinsOf(member);
  const running = run(member, topic);
  return { timeouts, crashes, joins, open, running };
};

export const requestTimeouts: Area = (behaviour) => {
  behaviour('a member whose request is not answered in time crashes, and joins anew', async (world) => {
    const { timeouts, crashes, joins, open, running } = await waitForLeader(world, true);
    await eventually(() =>
      expect(timeouts).toContainEqual({
        apiName: 'SyncGroup',
        apiKey: 14,
        apiVersion: 3,
        broker: expect.stringMatching(/^[\w.-]+:\d+$/),
        clientId: 'conformance',
        correlationId: expect.any(Number),
        createdAt: expect.any(Number),
        sentAt: expect.any(Number),
        pendingDuration: expect.any(Number),
      }),
    );
    await eventually(() =>
      expect(crashes[0]).toMatchObject({
        error: {
          name: 'KafkaJSRequestTimeoutError',
          message: 'Request SyncGroup(key: 14, version: 3) timed out',
          retriable: true,
        },
        restart: true,
      }),
    );
    expect(joins).toEqual([]);
    open();
    await running;
    await eventually(() => expect(joins).toHaveLength(1));
  });

  behaviour('without enforceRequestTimeout a client waits for as long as it takes', async (world) => {
    const { timeouts, joins, open, running } = await waitForLeader(world, false);
    await new Promise((resolve) => setTimeout(resolve, 3 * REQUEST_TIMEOUT_MS));
    expect([timeouts, joins]).toEqual([[], []]);
    open();
    await running;
    await eventually(() => expect(joins).toHaveLength(1));
    expect(timeouts).toEqual([]);
  });
};
