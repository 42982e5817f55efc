import { errorCodeOf, protocolError } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import type { Surroundings } from '../retry.ts';
import { checkMembership, createGroup, createGroupProtocol, type GroupProtocolHandler } from './group.ts';
import { NOTHING_REFUSED, type PartitionRefusals } from './refusals.ts';
import type {
  CommittedOffset,
  Group,
  GroupLimits,
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
  /**
   * Throws UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS and stores nothing then; throws
   * UNKNOWN_TOPIC_OR_PARTITION, OFFSET_METADATA_TOO_LARGE and what `refused` says for those that it could not store, and
   * stores the others.
   */
  commit(membership: Membership, offsets: readonly OffsetToCommit[], refused?: PartitionRefusals): void;
  /**
   * What a transaction is going to commit: from outside the group, independent of its members. Returns what makes these offsets the
   * group's, unless the group has been deleted. Throws UNKNOWN_TOPIC_OR_PARTITION.
   */
  prepareForTransaction(groupId: string, offsets: readonly OffsetToCommit[]): () => void;
  committed(groupId: string, topic: string, partition: number): CommittedOffset | undefined;
  find(groupId: string): Group | undefined;
  all(): Group[];
  /** Kafka's code of the refusal, 0 if the group was deleted. */
  remove(groupId: string): number;
  forgetTopic(topic: string): void;
  rebalance(groupId: string): void;
  expire(groupId: string, memberId?: string): void;
  /** Evicts every member, and lets each know at once. */
  recall(groupId: string): void;
  /** Takes the group's commit back to `offset`, if it is beyond. */
  rewind(groupId: string, topic: string, partition: number, offset: number): void;
  suspend(): void;
  resume(): void;
  /** Another broker takes over these groups: members ask there again, and have their whole session timeout. */
  takeOver(isMoved: (groupId: string) => boolean): void;
  clear(): void;
}

/** Kafka's default of `offset.metadata.max.bytes`, which counts characters. */
const MAX_METADATA_LENGTH = 4096;

const store = (group: Group, { topic, partition, offset, metadata }: OffsetToCommit): void => {
  const partitions = group.offsets.get(topic) ?? new Map<number, CommittedOffset>();
  group.offsets.set(topic, partitions.set(partition, { offset, metadata }));
};

/** Stores what is not refused; throws the first refusal afterwards. */
const storeAll = (
  group: Group,
  offsets: readonly OffsetToCommit[],
  refusalOf: (offset: OffsetToCommit) => ProtocolErrorType | undefined,
): void => {
  let first: ProtocolErrorType | undefined;
  for (const offset of offsets) {
    const refusal = refusalOf(offset);
    if (refusal === undefined) store(group, offset);
    else first ??= refusal;
  }
  if (first !== undefined) throw protocolError(first);
};

const checkCommit = (group: Group, membership: Membership): void => {
  const isOutsider = membership.generationId < 0 && group.members.size === 0;
  if (isOutsider) return;
  checkMembership(group, membership);
  if (group.state === 'CompletingRebalance') throw protocolError('REBALANCE_IN_PROGRESS');
};

type Interventions = Pick<
  Coordinator,
  'rebalance' | 'expire' | 'recall' | 'rewind' | 'suspend' | 'resume' | 'takeOver' | 'clear'
>;

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
  recall: (groupId) => {
    const group = groups.get(groupId);
    const members = [...(group?.members.values() ?? [])];
    for (const member of members) {
      if (group) protocol.leave(group, member.id);
      member.request.onRebalance();
    }
  },
  rewind: (groupId, topic, partition, offset) => {
    const partitions = groups.get(groupId)?.offsets.get(topic);
    const committed = partitions?.get(partition);
    if (committed && committed.offset > offset) partitions?.set(partition, { ...committed, offset });
  },
  suspend: () => {
    for (const group of groups.values()) protocol.suspend(group);
  },
  resume: () => {
    for (const group of groups.values()) protocol.resume(group);
  },
  takeOver: (isMoved) => {
    for (const group of groups.values()) {
      if (!isMoved(group.id)) continue;
      protocol.suspend(group);
      protocol.resume(group);
    }
  },
  clear: () => {
    for (const group of groups.values()) {
      for (const memberId of group.members.keys()) protocol.leave(group, memberId);
      protocol.suspend(group);
    }
    groups.clear();
  },
});

/** No groups yet; `exists` says whether there is such a partition. */
export const createCoordinator = (
  surroundings: Surroundings & { readonly limits: GroupLimits },
  exists: (topic: string, partition: number) => boolean,
): Coordinator => {
  const groups = new Map<string, Group>();
  const protocol = createGroupProtocol(surroundings);

  const open = (groupId: string): Group => {
    const group = groups.get(groupId) ?? createGroup(groupId);
    groups.set(groupId, group);
    return group;
  };

  const refusalOf = ({ topic, partition, metadata }: OffsetToCommit): ProtocolErrorType | undefined => {
    if (!exists(topic, partition)) return 'UNKNOWN_TOPIC_OR_PARTITION';
    return (metadata?.length ?? 0) > MAX_METADATA_LENGTH ? 'OFFSET_METADATA_TOO_LARGE' : undefined;
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
    commit: (membership, offsets, refused = NOTHING_REFUSED.topic) => {
      const group = membership.generationId < 0 ? open(membership.groupId) : known(membership.groupId);
      checkCommit(group, membership);
      group.protocolType = 'consumer';
      storeAll(group, offsets, (offset) => refused(offset.topic, offset.partition) ?? refusalOf(offset));
    },
    prepareForTransaction: (groupId, offsets) => {
      if (!offsets.every(({ topic, partition }) => exists(topic, partition))) {
        throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
      }
      const group = open(groupId);
      return () => {
        for (const offset of offsets) store(group, offset);
      };
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
