import { errorCodeOf, protocolError } from '../errors.ts';
import type { Surroundings } from '../retry.ts';
import { checkMembership, createGroup, createGroupProtocol, type GroupProtocolHandler } from './group.ts';
import type {
  CommittedOffset,
  Group,
  JoinAnswer,
  JoinRequest,
  Membership,
  OffsetToCommit,
  SyncRequest,
} from './group-types.ts';

/** The groups of a cluster: who is in them, and how far they have read. */
export interface Coordinator {
  join(request: JoinRequest): Promise<JoinAnswer>;
  sync(request: SyncRequest): Promise<Buffer>;
  heartbeat(membership: Membership): void;
  leave(groupId: string, memberId: string): void;
  /** Throws UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS; stores all or nothing. */
  commit(membership: Membership, offsets: readonly OffsetToCommit[]): void;
  /** What a transaction commits: from outside the group, whoever is in it. */
  commitForTransaction(groupId: string, offsets: readonly OffsetToCommit[]): void;
  committed(groupId: string, topic: string, partition: number): CommittedOffset | undefined;
  find(groupId: string): Group | undefined;
  all(): Group[];
  /** Kafka's code of the refusal, 0 if the group was deleted. */
  remove(groupId: string): number;
  forgetTopic(topic: string): void;
  rebalance(groupId: string): void;
  expire(groupId: string, memberId?: string): void;
  suspend(): void;
  resume(): void;
  clear(): void;
}

const store = (group: Group, { topic, partition, offset, metadata }: OffsetToCommit): void => {
  const partitions = group.offsets.get(topic) ?? new Map<number, CommittedOffset>();
  group.offsets.set(topic, partitions.set(partition, { offset, metadata }));
};

const checkCommit = (group: Group, membership: Membership): void => {
  const isOutsider = membership.generationId < 0 && group.members.size === 0;
  if (isOutsider) return;
  checkMembership(group, membership);
  if (group.state === 'CompletingRebalance') throw protocolError('REBALANCE_IN_PROGRESS');
};

type Interventions = Pick<Coordinator, 'rebalance' | 'expire' | 'suspend' | 'resume' | 'clear'>;

/** What does not come from members: faults, the broker's going and coming, the end. */
const createInterventions = (groups: Map<string, Group>, protocol: GroupProtocolHandler): Interventions => ({
  rebalance: (groupId) => {
    const group = groups.get(groupId);
    if (group !== undefined) protocol.rebalance(group);
  },
  expire: (groupId, memberId) => {
    const group = groups.get(groupId);
    const evicted = memberId === undefined ? [...(group?.members.keys() ?? [])] : [memberId];
    for (const each of evicted) if (group?.members.has(each)) protocol.leave(group, each);
  },
  suspend: () => {
    for (const group of groups.values()) protocol.suspend(group);
  },
  resume: () => {
    for (const group of groups.values()) protocol.resume(group);
  },
  clear: () => {
    for (const group of groups.values()) {
      for (const memberId of group.members.keys()) protocol.leave(group, memberId);
      protocol.suspend(group);
    }
    groups.clear();
  },
});

/** No groups yet. */
export const createCoordinator = (surroundings: Surroundings): Coordinator => {
  const groups = new Map<string, Group>();
  const protocol = createGroupProtocol(surroundings);

  const open = (groupId: string): Group => {
    const group = groups.get(groupId) ?? createGroup(groupId);
    groups.set(groupId, group);
    return group;
  };

  const known = (groupId: string): Group => {
    const group = groups.get(groupId);
    if (group === undefined) throw protocolError('UNKNOWN_MEMBER_ID');
    return group;
  };

  return {
    join: (request) => protocol.join(open(request.groupId), request),
    sync: async (request) => protocol.sync(known(request.groupId), request),
    heartbeat: (membership) => protocol.heartbeat(known(membership.groupId), membership),
    leave: (groupId, memberId) => protocol.leave(known(groupId), memberId),
    commit: (membership, offsets) => {
      const group = membership.generationId < 0 ? open(membership.groupId) : known(membership.groupId);
      checkCommit(group, membership);
      for (const offset of offsets) store(group, offset);
    },
    commitForTransaction: (groupId, offsets) => {
      const group = open(groupId);
      for (const offset of offsets) store(group, offset);
    },
    committed: (groupId, topic, partition) => groups.get(groupId)?.offsets.get(topic)?.get(partition),
    find: (groupId) => groups.get(groupId),
    all: () => [...groups.values()],
    remove: (groupId) => {
      const group = groups.get(groupId);
      if (group === undefined) return errorCodeOf('GROUP_ID_NOT_FOUND');
      if (group.members.size > 0) return errorCodeOf('NON_EMPTY_GROUP');
      groups.delete(groupId);
      return 0;
    },
    forgetTopic: (topic) => {
      for (const group of groups.values()) group.offsets.delete(topic);
    },
    ...createInterventions(groups, protocol),
  };
};
