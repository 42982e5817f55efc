import { expect } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import type { Area, DeclareBehaviour } from './behaviour.ts';
import { adminOf, createSecret, kafkaOf, setRules, type Rule } from './secured.ts';
import { listenWith } from './listening.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const NO_COORDINATOR = {
  name: 'KafkaJSGroupCoordinatorNotFound',
  message: 'Failed to find group coordinator',
  retriable: false,
};
const DENIED_GROUP = {
  name: 'KafkaJSProtocolError',
  type: 'GROUP_AUTHORIZATION_FAILED',
  code: 30,
  message: 'Not authorized to access group: Group authorization failed',
};
const DENIED_TOPIC = { name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED' };

/** A topic with one message, and rights of alice's to it and to the behaviour's group. */
const prepare = async (world: World, topicRight: Rule['operation'], groupRight?: Rule['operation']) => {
  const admin = await adminOf(world, 'admin');
  const topic = await createSecret(admin, world);
  const producer = world.keep(kafkaOf(world, 'admin').producer());
  await producer.connect();
  await producer.send({ topic, messages: [{ value: 'a' }] });
  const { groupId: name } = world;
  await setRules(
    admin,
    world,
    { on: 'topic', name: topic, operation: topicRight },
    ...(groupRight === undefined ? [] : [{ on: 'group', name, operation: groupRight } as const]),
  );
  // So that the coordinator is there, and no answer says that it is on its way.
  await eventually(() => admin.fetchOffsets({ groupId: name, topics: [topic] }));
  return { admin, topic };
};

/** The administrator reads the message of each topic, and commits that. */
const commit = async (world: World, ...topics: readonly string[]): Promise<void> => {
  const consumer = world.keep(
    kafkaOf(world, 'admin').consumer({ groupId: world.groupId, maxWaitTimeInMs: 100 }),
  );
  const { received } = await listenWith(consumer, topics, {});
  await eventually(() => expect(received).toHaveLength(topics.length));
  await consumer.disconnect();
};

const consumerOf = (world: World): Consumer =>
  world.keep(kafkaOf(world, 'alice').consumer({ groupId: world.groupId, maxWaitTimeInMs: 100 }));

/** Runs until a message comes or the consumer crashes. */
const outcomeOf = (consumer: Consumer): Promise<string | { error: Error; restart: boolean }> =>
  new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload));
    consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) }).catch(reject);
  });

const read = async (world: World, topic: string) => {
  const consumer = consumerOf(world);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  return outcomeOf(consumer);
};

const consuming = (behaviour: DeclareBehaviour): void => {
  behaviour('who may read the topic and the group reads', async (world) => {
    const { topic } = await prepare(world, 'READ', 'READ');
    expect(await read(world, topic)).toBe('a');
  });

  behaviour(
    'who may not know of the group does not find its coordinator, and crashes for good',
    async (world) => {
      const { topic } = await prepare(world, 'READ');
      expect(await read(world, topic)).toMatchObject({ error: NO_COORDINATOR, restart: false });
    },
  );

  behaviour('who may describe the group alone cannot join it', async (world) => {
    const { topic } = await prepare(world, 'READ', 'DESCRIBE');
    expect(await read(world, topic)).toMatchObject({ error: DENIED_GROUP, restart: false });
  });

  behaviour('who may describe the topic alone joins, and cannot read', async (world) => {
    const { topic } = await prepare(world, 'DESCRIBE', 'READ');
    const error = { name: 'KafkaJSNonRetriableError', cause: DENIED_TOPIC };
    expect(await read(world, topic)).toMatchObject({ error, restart: false });
  });

  behaviour('a topic that a consumer may not know of cannot be subscribed to', async (world) => {
    const topic = await createSecret(await adminOf(world, 'admin'), world);
    const consumer = consumerOf(world);
    await consumer.connect();
    expect(await rejection(consumer.subscribe({ topics: [topic] }))).toMatchObject(DENIED_TOPIC);
  });

  behaviour('a pattern finds those topics alone that a consumer may know of', async (world) => {
    const { admin, topic } = await prepare(world, 'READ', 'READ');
    await createSecret(admin, world, 'hidden');
    const consumer = consumerOf(world);
    await consumer.connect();
    const [, id = ''] = /-([0-9a-f]{8})-/.exec(topic) ?? [];
    await consumer.subscribe({ topics: [new RegExp(id)], fromBeginning: true });
    const joined = new Promise((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => resolve(payload.memberAssignment));
    });
    expect(await outcomeOf(consumer)).toBe('a');
    expect(await joined).toEqual({ [topic]: [0] });
  });
};

const administrating = (behaviour: DeclareBehaviour): void => {
  behaviour('a group that a client may not know of is not described, and not deleted', async (world) => {
    const { admin, topic } = await prepare(world, 'READ');
    await commit(world, topic);
    const alice = await adminOf(world, 'alice');
    const { groupId } = world;
    const partitions = [{ partition: 0, offset: '1' }];
    for (const call of [
      alice.describeGroups([groupId]),
      alice.deleteGroups([groupId]),
      alice.fetchOffsets({ groupId, topics: [topic] }),
      alice.setOffsets({ groupId, topic, partitions }),
      consumerOf(world).describeGroup(),
    ]) {
      expect(await rejection(call)).toMatchObject(NO_COORDINATOR);
    }
    const listed = async (client: typeof admin) =>
      (await client.listGroups()).groups.some((group) => group.groupId === groupId);
    expect([await listed(admin), await listed(alice)]).toEqual([true, false]);
  });

  behaviour('DESCRIBE on a group allows to look at it', async (world) => {
    const { topic } = await prepare(world, 'DESCRIBE', 'DESCRIBE');
    await commit(world, topic);
    const alice = await adminOf(world, 'alice');
    const { groupId } = world;
    expect((await alice.describeGroups([groupId])).groups).toMatchObject([{ groupId, state: 'Empty' }]);
    expect(await alice.fetchOffsets({ groupId, topics: [topic] })).toMatchObject([
      { partitions: [{ offset: '1' }] },
    ]);
    expect((await alice.listGroups()).groups.map((group) => group.groupId)).toContain(groupId);
    expect(await rejection(alice.deleteGroups([groupId]))).toMatchObject({
      name: 'KafkaJSDeleteGroupsError',
      groups: [{ groupId, errorCode: 30, error: DENIED_GROUP }],
    });
  });

  behaviour('DELETE on a group allows to delete it', async (world) => {
    const { admin, topic } = await prepare(world, 'DESCRIBE', 'DELETE');
    await commit(world, topic);
    const { groupId } = world;
    const alice = await adminOf(world, 'alice');
    expect(await alice.deleteGroups([groupId])).toMatchObject([{ groupId, errorCode: 0 }]);
    expect((await admin.listGroups()).groups.map((group) => group.groupId)).not.toContain(groupId);
  });

  behaviour('offsets are not shown of topics that a client may not know of', async (world) => {
    const { admin, topic } = await prepare(world, 'DESCRIBE', 'DESCRIBE');
    const secret = await createSecret(admin, world);
    const producer = world.keep(kafkaOf(world, 'admin').producer());
    await producer.connect();
    await producer.send({ topic: secret, messages: [{ value: 'b' }] });
    const { groupId } = world;
    await commit(world, topic, secret);
    const alice = await adminOf(world, 'alice');
    expect((await alice.fetchOffsets({ groupId })).map((each) => each.topic)).toEqual([topic]);
    const asked = alice.fetchOffsets({ groupId, topics: [secret] });
    expect(await rejection(asked)).toMatchObject(DENIED_TOPIC);
  });
};

/** What ACLs allow and refuse about groups, and to consumers. */
export const rightsToGroups: Area = (behaviour) => {
  consuming(behaviour);
  administrating(behaviour);
};
