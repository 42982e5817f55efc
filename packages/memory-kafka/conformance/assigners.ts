import { expect } from '@jest/globals';
import type { Assigner, PartitionAssigner } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { recordEvents, nextEvent, recordingConsumer } from './event-record.ts';
import { joinGroup, joinsOf, sharedOut, ATTENTIVE } from './members.ts';
import { eventually } from './waiting.ts';
import type { World } from './world.ts';

/** Round robin under another name, with some of it replaced. */
const assignerNamed =
  (
    { kafkajs }: World,
    name: string,
    change: (base: Assigner) => Partial<Assigner> = () => ({}),
  ): PartitionAssigner =>
  (config) => {
    const base = kafkajs.PartitionAssigners.roundRobin(config);
    const named = { ...base, name };
    return { ...named, ...change(named) };
  };

/** Everything to one member, by the place of its id in their order. */
const allTo =
  ({ kafkajs }: World, place: number, assignment: Record<string, number[]>) =>
  (base: Assigner): Partial<Assigner> => ({
    assign: async ({ members }) => {
      const memberId =
        members
          .map((member) => member.memberId)
          .toSorted()
          .at(place) ?? '';
      const { version } = base;
      return [
        {
          memberId,
          memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
            version,
            assignment,
            userData: Buffer.alloc(0),
          }),
        },
      ];
    },
  });

export const assigners: Area = (behaviour) => {
  behaviour(
    'a custom assigner decides, with the topics and brokers of the cluster it is given',
    async (world) => {
      const topic = await world.createTopic({ partitions: 3 });
      const partitions: number[] = [];
      const nodeIds: unknown[] = [];
      const assigner: PartitionAssigner = (config) =>
        assignerNamed(world, 'Mine', (base) => ({
          assign: (group) => {
            const found = config.cluster.findTopicPartitionMetadata(topic);
            partitions.push(...found.map(({ partitionId }) => partitionId));
            nodeIds.push(config.cluster.getNodeIds());
            return base.assign(group);
          },
        }))(config);
      const { joins } = await joinGroup(world, topic, { config: { partitionAssigners: [assigner] } });
      expect(joins).toMatchObject([{ groupProtocol: 'Mine' }]);
      expect(joins[0]?.memberAssignment[topic]).toEqual([0, 1, 2]);
      expect(partitions.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
      // kafkajs hands out keys of an object.
      expect(nodeIds).toEqual([['1']]);
    },
  );

  behaviour('an assigner is made with its consumer, and gets the group', async (world) => {
    const made: unknown[] = [];
    world.consumer({
      partitionAssigners: [
        (config) => {
          made.push({
            groupId: config.groupId,
            logs: typeof config.logger.info,
            cluster: typeof config.cluster.metadata,
          });
          return world.kafkajs.PartitionAssigners.roundRobin(config);
        },
      ],
    });
    expect(made).toEqual([{ groupId: world.groupId, logs: 'function', cluster: 'function' }]);
  });

  behaviour('the leader gets every member, with its topics and its own bytes', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const { MemberMetadata } = world.kafkajs.AssignerProtocol;
    const recorded: unknown[] = [];
    const speaking = (text: string): PartitionAssigner =>
      assignerNamed(world, 'Speaking', (base) => ({
        protocol: ({ topics }) => ({
          name: 'Speaking',
          metadata: MemberMetadata.encode({ version: base.version, topics, userData: Buffer.from(text) }),
        }),
        assign: (group) => {
          const decoded = group.members.map(({ memberMetadata }) => MemberMetadata.decode(memberMetadata));
          recorded.push(
            decoded.map((each) => `${each?.topics.join()} ${each?.userData.toString()}`).toSorted(),
          );
          return base.assign(group);
        },
      }));
    const a = await joinGroup(world, topic, { config: { partitionAssigners: [speaking('a')] } });
    const b = await joinGroup(world, topic, { config: { partitionAssigners: [speaking('b')] } });
    await sharedOut([a, b], topic, [1, 1]);
    // The assigner of the follower is never asked.
    expect(recorded).toEqual([[`${topic} a`], [`${topic} a`, `${topic} b`]]);
  });

  behaviour('the assigner of the leader is given the topics of the leader', async (world) => {
    const topics = [await world.createTopic({ label: 'z' }), await world.createTopic({ label: 'a' })];
    const asked: unknown[] = [];
    const assigner = assignerNamed(world, 'Asked', (base) => ({
      assign: (group) => {
        asked.push([group.topics, group.members.length]);
        return base.assign(group);
      },
    }));
    await joinGroup(world, topics, { config: { partitionAssigners: [assigner] } });
    expect(asked).toEqual([[topics, 1]]);
  });

  behaviour('what an assigner leaves out is read by nobody', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const partitionAssigners = [assignerNamed(world, 'Half', allTo(world, 0, { [topic]: [1] }))];
    const { joins, values } = await joinGroup(world, topic, { config: { partitionAssigners } });
    await world.send(topic, { value: 'nobody', partition: 0 });
    await world.send(topic, { value: 'somebody', partition: 1 });
    await eventually(() => expect(values()).toEqual(['somebody']));
    expect(joins).toMatchObject([{ memberAssignment: { [topic]: [1] } }]);
  });

  behaviour('an assigner may give everything to one member; the others stay, with nothing', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const partitionAssigners = [assignerNamed(world, 'Last', allTo(world, -1, { [topic]: [0, 1] }))];
    const members = [
      await joinGroup(world, topic, { config: { partitionAssigners } }),
      await joinGroup(world, topic, { config: { partitionAssigners } }),
    ];
    await sharedOut(members, topic, [0, 2]);
    const { members: described } = (await members[0]?.consumer.describeGroup()) ?? {};
    expect(described).toHaveLength(2);
  });

  behaviour('an assignment in any order is fetched all the same', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    const partitionAssigners = [assignerNamed(world, 'Mixed', allTo(world, 0, { [topic]: [2, 0, 1] }))];
    const { values } = await joinGroup(world, topic, { config: { partitionAssigners } });
    await world.send(topic, ...[0, 1, 2].map((partition) => ({ value: String(partition), partition })));
    await eventually(() => expect(values().toSorted()).toEqual(['0', '1', '2']));
  });

  behaviour('of several assigners the group takes one that every member has', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const partitionAssigners = [assignerNamed(world, 'Mine'), world.kafkajs.PartitionAssigners.roundRobin];
    const a = await joinGroup(world, topic, { config: { partitionAssigners } });
    expect(a.joins).toMatchObject([{ groupProtocol: 'Mine' }]);
    const b = await joinGroup(world, topic);
    await sharedOut([a, b], topic, [1, 1]);
    expect(b.joins).toMatchObject([{ groupProtocol: 'RoundRobinAssigner' }]);
    await eventually(() => expect(a.joins.at(-1)?.groupProtocol).toBe('RoundRobinAssigner'));
    await b.consumer.disconnect();
    await eventually(() => expect(a.joins.at(-1)?.groupProtocol).toBe('Mine'));
  });

  behaviour(
    'a member to whom nothing is assigned stays in the group, and sends heartbeats',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const partitionAssigners = [assignerNamed(world, 'First', allTo(world, 0, { [topic]: [0, 1] }))];
      const config = { partitionAssigners, heartbeatInterval: 50, maxWaitTimeInMs: 10 };
      const members = [await joinGroup(world, topic, { config }), await joinGroup(world, topic, { config })];
      await eventually(() => {
        const shares = members.map(({ joins }) => joins.at(-1)?.memberAssignment[topic]?.length ?? 0);
        expect(shares.toSorted((a, b) => a - b)).toEqual([0, 2]);
        expect(members.every(({ joins }) => joins.length > 0)).toBe(true);
      });
      const idle = members.find(({ joins }) => joins.at(-1)?.memberAssignment[topic] === undefined);
      if (idle === undefined) throw new Error('one of them has nothing');
      const joined = idle.joins.length;
      for (let heartbeats = 0; heartbeats < 3; heartbeats += 1) await nextEvent(idle.consumer, 'HEARTBEAT');
      expect(idle.joins).toHaveLength(joined);
    },
  );

  behaviour('of several common assigners the one that most members prefer is taken', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    const [x, y] = [assignerNamed(world, 'X'), assignerNamed(world, 'Y')];
    const a = await joinGroup(world, topic, { config: { partitionAssigners: [x, y] } });
    const b = await joinGroup(world, topic, { config: { partitionAssigners: [y, x] } });
    const c = await joinGroup(world, topic, { config: { partitionAssigners: [y, x] } });
    await sharedOut([a, b, c], topic, [1, 1, 1]);
    // One may have had one partition before, too, and have yet to join again.
    await eventually(() =>
      expect([a, b, c].map(({ joins }) => joins.at(-1)?.groupProtocol)).toEqual(['Y', 'Y', 'Y']),
    );
  });

  behaviour(
    'a member that shares no assigner with the group is refused, crashes and stays away',
    async (world) => {
      const topic = await world.createTopic();
      const member = await joinGroup(world, topic);
      const consumer = world.consumer({ partitionAssigners: [assignerNamed(world, 'Mine')] });
      const crashes = recordEvents(consumer, ['CRASH']);
      await joinGroup(world, topic, { consumer });
      await eventually(() =>
        expect(crashes.payloads('CRASH')).toMatchObject([
          {
            restart: false,
            error: {
              name: 'KafkaJSProtocolError',
              type: 'INCONSISTENT_GROUP_PROTOCOL',
              code: 23,
              retriable: false,
              message:
                "The group member's supported protocols are incompatible with those of existing members",
            },
          },
        ]),
      );
      expect(joinsOf(consumer)).toEqual([]);
      expect((await member.consumer.describeGroup()).members).toHaveLength(1);
      expect(member.joins).toHaveLength(1);
    },
  );

  behaviour('an assigner that fails crashes its consumer for good, and run() resolves', async (world) => {
    const topic = await world.createTopic();
    const failing = assignerNamed(world, 'Failing', () => ({
      assign: () => Promise.reject(new Error('no idea')),
    }));
    const { consumer, recorded: crashes } = recordingConsumer(world, ['CRASH'], {
      ...ATTENTIVE,
      partitionAssigners: [failing],
    });
    const { joins } = await joinGroup(world, topic, { consumer });
    await eventually(() =>
      expect(crashes.payloads('CRASH')).toMatchObject([{ restart: false, error: { message: 'no idea' } }]),
    );
    expect(joins).toEqual([]);
  });

  behaviour('describeGroup shows what the members said and what they got', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const { MemberAssignment, MemberMetadata } = world.kafkajs.AssignerProtocol;
    const { consumer, joins } = await joinGroup(world, topic);
    const described = await consumer.describeGroup();
    expect(described).toMatchObject({
      errorCode: 0,
      groupId: world.groupId,
      state: 'Stable',
      protocol: 'RoundRobinAssigner',
      protocolType: 'consumer',
      members: [
        { memberId: joins[0]?.memberId, clientId: 'conformance', clientHost: expect.stringMatching(/^\//) },
      ],
    });
    const [member] = described.members;
    const metadata = MemberMetadata.decode(member?.memberMetadata ?? Buffer.alloc(0));
    expect(metadata).toEqual({ version: 0, topics: [topic], userData: Buffer.alloc(0) });
    const assignment = MemberAssignment.decode(member?.memberAssignment ?? Buffer.alloc(0));
    expect(assignment).toMatchObject({ version: 0, userData: Buffer.alloc(0) });
    expect(assignment?.assignment[topic]?.toSorted()).toEqual([0, 1]);
  });

  behaviour('a group is Dead before anyone has joined it, and Empty after all have left', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    const nobody = { errorCode: 0, groupId: world.groupId, protocol: '', members: [] };
    expect(await consumer.describeGroup()).toEqual({ ...nobody, state: 'Dead', protocolType: '' });
    await joinGroup(world, topic, { consumer });
    await consumer.stop();
    expect(await consumer.describeGroup()).toEqual({ ...nobody, state: 'Empty', protocolType: 'consumer' });
  });

  behaviour('while the leader thinks, the group completes its rebalance', async (world) => {
    const topic = await world.createTopic();
    let held = true;
    const holding = assignerNamed(world, 'Holding', (base) => ({
      assign: async (group) => {
        await eventually(() => expect(held).toBe(false));
        return base.assign(group);
      },
    }));
    const consumer = world.consumer({ ...ATTENTIVE, partitionAssigners: [holding] });
    const joining = joinGroup(world, topic, { consumer });
    const states = async () => (await world.admin.describeGroups([world.groupId])).groups;
    // Everyone has joined, and the leader still thinks.
    await eventually(async () => expect(await states()).toMatchObject([{ state: 'CompletingRebalance' }]));
    held = false;
    await joining;
    expect(await states()).toMatchObject([{ state: 'Stable', protocol: 'Holding' }]);
  });
};
