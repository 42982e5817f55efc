import kafkajs from 'kafkajs';
import type { Assignment } from 'kafkajs';
import type { Core } from './core.ts';
import type { Group, GroupStateName } from './group-types.ts';

export interface PartitionState {
  readonly partition: number;
  readonly low: number;
  /** The offset that the next record gets. */
  readonly high: number;
  /** Where readers of committed messages have to stop. */
  readonly lastStable: number;
  /** Bytes reserved in memory. */
  readonly bytes: number;
  /** Node ids; the leader is -1 while there is none. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface GroupOffsetState {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string | null;
  /** Messages from the committed offset to the end. */
  readonly lag: number;
}

export interface GroupMemberState {
  readonly memberId: string;
  readonly clientId: string;
  readonly assignment: Assignment;
}

export interface GroupSnapshot {
  readonly groupId: string;
  readonly state: GroupStateName;
  readonly generation: number;
  readonly leaderId: string;
  readonly members: readonly GroupMemberState[];
  readonly offsets: readonly GroupOffsetState[];
}

/** A cluster at one moment. */
export interface ClusterState {
  readonly topics: readonly { readonly name: string; readonly partitions: readonly PartitionState[] }[];
  readonly groups: readonly GroupSnapshot[];
}

const LATEST = -1;

const lagOf = (core: Core, topic: string, partition: number, offset: number): number => {
  const log = core.topics.find(topic)?.partitions[partition];
  if (log === undefined || offset === LATEST) return 0;
  return log.high() - Math.max(offset, log.low());
};

const offsetsOf = (core: Core, group: Group): GroupOffsetState[] =>
  [...group.offsets].flatMap(([topic, partitions]) =>
    [...partitions].map(([partition, { offset, metadata }]) => ({
      topic,
      partition,
      offset,
      metadata,
      lag: lagOf(core, topic, partition, offset),
    })),
  );

/** Topics, partitions, groups, members, commits and lag. */
export const inspectCore = (core: Core): ClusterState => ({
  topics: core.topics.names().map((name) => ({
    name,
    partitions: (core.topics.find(name)?.partitions ?? []).map((log, partition) => ({
      partition,
      low: log.low(),
      high: log.high(),
      lastStable: log.lastStable(),
      bytes: log.bytes(),
      leader: log.placement.leader,
      replicas: log.placement.replicas,
      isr: log.placement.isr,
    })),
  })),
  groups: core.coordinator.all().map((group) => ({
    groupId: group.id,
    state: group.state,
    generation: group.generation,
    leaderId: group.leaderId,
    members: [...group.members.values()].map((member) => ({
      memberId: member.id,
      clientId: member.clientId,
      assignment: kafkajs.AssignerProtocol.MemberAssignment.decode(member.assignment)?.assignment ?? {},
    })),
    offsets: offsetsOf(core, group),
  })),
});
