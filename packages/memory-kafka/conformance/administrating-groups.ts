import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const dead = (groupId: string) => ({
  errorCode: 0,
  groupId,
  state: 'Dead',
  protocolType: '',
  protocol: '',
  members: [],
});

const refusedGroup = (groupId: string, type: string, errorCode: number) => ({
  groupId,
  errorCode,
  error: { name: 'KafkaJSProtocolError', type, code: errorCode, retriable: false },
});

/** A group that somebody has been in. */
const leaveBehind = async (world: World, topic: string, groupId: string): Promise<void> => {
  const { consumer } = await world.listen(topic, { config: { groupId } });
  await consumer.disconnect();
};

const stateOf = async ({ admin, groupId }: World) => {
  const { groups } = await admin.describeGroups([groupId]);
  return groups[0]?.state;
};

export const administratingGroups: Area = (behaviour) => {
  behaviour('a group is described with its members and what they read', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const consumer = world
      .another({ clientId: 'reader' })
      .consumer({ groupId: world.groupId, maxWaitTimeInMs: 100 });
    const ids: string[] = [];
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => ids.push(payload.memberId));
    await world.listen(topic, { consumer });
    const { groups } = await world.admin.describeGroups([world.groupId]);
    await consumer.disconnect();
    expect(groups).toEqual([
      {
        errorCode: 0,
        groupId: world.groupId,
        state: 'Stable',
        protocolType: 'consumer',
        protocol: 'RoundRobinAssigner',
        members: [
          {
            memberId: ids[0],
            clientId: 'reader',
            clientHost: expect.stringMatching(/^\/\d+\.\d+\.\d+\.\d+$/),
            memberMetadata: expect.any(Buffer),
            memberAssignment: expect.any(Buffer),
          },
        ],
      },
    ]);
    expect(ids[0]).toMatch(/^reader-[\da-f]{8}-[\da-f-]{27}$/);
    const { MemberAssignment, MemberMetadata } = world.kafkajs.AssignerProtocol;
    const [member] = groups[0]?.members ?? [];
    if (member === undefined) throw new Error('it was just described');
    expect(MemberMetadata.decode(member.memberMetadata)).toMatchObject({ version: 0, topics: [topic] });
    const assignment = MemberAssignment.decode(member.memberAssignment)?.assignment[topic];
    expect(assignment?.toSorted()).toEqual([0, 1]);
  });

  behaviour('a member describes its group as an admin does', async (world) => {
    const topic = await world.createTopic();
    const { consumer } = await world.listen(topic);
    const { groups } = await world.admin.describeGroups([world.groupId]);
    expect(groups).toEqual([await consumer.describeGroup()]);
  });

  behaviour('a group that everybody has left is empty, one that nobody knows is dead', async (world) => {
    const topic = await world.createTopic();
    const unknown = world.unique('unknown');
    await leaveBehind(world, topic, world.groupId);
    const { groups } = await world.admin.describeGroups([world.groupId, unknown]);
    expect(groups.find(({ groupId }) => groupId === unknown)).toEqual(dead(unknown));
    expect(groups.find(({ groupId }) => groupId === world.groupId)).toEqual({
      ...dead(world.groupId),
      state: 'Empty',
      protocolType: 'consumer',
    });
  });

  behaviour('groups asked for twice are described twice, and for none nobody is asked', async (world) => {
    const unknown = world.unique('unknown');
    expect(await world.admin.describeGroups([unknown, unknown])).toEqual({
      groups: [dead(unknown), dead(unknown)],
    });
    expect(await world.admin.describeGroups([])).toEqual({ groups: [] });
    expect(await world.admin.describeGroups([''])).toEqual({ groups: [dead('')] });
  });

  behaviour('the list of groups has those that run and those that are empty', async (world) => {
    const topic = await world.createTopic();
    const empty = world.unique('empty');
    await leaveBehind(world, topic, empty);
    await world.listen(topic);
    const { groups } = await world.admin.listGroups();
    for (const groupId of [world.groupId, empty]) {
      expect(groups).toContainEqual({ groupId, protocolType: 'consumer' });
    }
  });

  behaviour('a deleted group is gone with its offsets', async (world) => {
    const { admin, groupId } = world;
    const topic = await world.filledTopic('a');
    const { consumer } = await world.listen(topic);
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    await consumer.disconnect();
    expect(await admin.deleteGroups([groupId])).toEqual([{ groupId, errorCode: 0 }]);
    expect(await stateOf(world)).toBe('Dead');
    expect(await admin.fetchOffsets({ groupId })).toEqual([]);
    expect((await admin.listGroups()).groups.map((each) => each.groupId)).not.toContain(groupId);
    const again = await world.listen(topic);
    await eventually(() => expect(again.values()).toEqual(['a']));
  });

  behaviour('a group with members cannot be deleted, and continues', async (world) => {
    const { admin, groupId, kafkajs } = world;
    const topic = await world.createTopic();
    const { values } = await world.listen(topic);
    const error = await rejection(admin.deleteGroups([groupId]));
    expect(error).toBeInstanceOf(kafkajs.KafkaJSDeleteGroupsError);
    expect(error).toMatchObject({
      name: 'KafkaJSDeleteGroupsError',
      message: 'Error in DeleteGroups',
      groups: [refusedGroup(groupId, 'NON_EMPTY_GROUP', 68)],
    });
    await world.send(topic, 'still here');
    await eventually(() => expect(values()).toEqual(['still here']));
  });

  behaviour(
    'of several groups those that can be deleted are, and all refusals are reported',
    async (world) => {
      const { admin, groupId } = world;
      const topic = await world.createTopic();
      const [empty, unknown] = [world.unique('empty'), world.unique('unknown')];
      await leaveBehind(world, topic, empty);
      await world.listen(topic);
      const error = await rejection(admin.deleteGroups([unknown, empty, groupId]));
      const refusals: unknown = Reflect.get(error, 'groups');
      expect(refusals).toHaveLength(2);
      expect(refusals).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ groupId, errorCode: 68 }),
          expect.objectContaining({ groupId: unknown, errorCode: 69 }),
        ]),
      );
      expect(error).toMatchObject({ retriable: true });
      expect(await admin.describeGroups([empty])).toEqual({ groups: [dead(empty)] });
    },
  );

  behaviour(
    'an unknown group cannot be deleted, nor what is no group; nobody at all can',
    async ({ admin, unique }) => {
      const unknown = unique('unknown');
      expect(await rejection(admin.deleteGroups([unknown]))).toMatchObject({
        groups: [refusedGroup(unknown, 'GROUP_ID_NOT_FOUND', 69)],
      });
      expect(await rejection(admin.deleteGroups(['']))).toMatchObject({
        groups: [refusedGroup('', 'GROUP_ID_NOT_FOUND', 69)],
      });
      const refusal = async (groupIds: unknown) =>
        (await rejection(admin.deleteGroups(unchecked(groupIds)))).message;
      expect(await refusal(undefined)).toBe('Invalid groupIds array undefined');
      // kafkajs says that there is one, not which.
      expect(await refusal(['g', 1])).toBe('Invalid groupId name: true');
      expect(await admin.deleteGroups([])).toEqual([]);
    },
  );

  behaviour('while its leader assigns, a group is completing its rebalance', async (world) => {
    const topic = await world.createTopic();
    const seen: (string | undefined)[] = [];
    const roundRobin = world.kafkajs.PartitionAssigners.roundRobin;
    const watching: typeof roundRobin = (config) => {
      const assigner = roundRobin(config);
      return {
        ...assigner,
        assign: async (group) => {
          seen.push(await stateOf(world));
          return assigner.assign(group);
        },
      };
    };
    const consumer = world.consumer({ partitionAssigners: [watching] });
    await world.listen(topic, { consumer });
    expect(seen).toEqual(['CompletingRebalance']);
    expect(await stateOf(world)).toBe('Stable');
  });
};
