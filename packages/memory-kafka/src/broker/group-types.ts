import type { GroupState as GroupProtocol } from 'kafkajs';
import type { Cancel } from '../clock.ts';
import type { Deferred } from '../deferred.ts';

/** Dead is the state of a group that nobody knows. */
export type GroupStateName = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

/** What a cluster asks of its groups, in milliseconds. */
export interface GroupLimits {
  /** `group.min.session.timeout.ms`: members with a shorter session are refused. */
  readonly minSessionTimeoutMs: number;
  /** `group.initial.rebalance.delay.ms`: how long an empty group waits for more members when the first one joins. */
  readonly initialRebalanceDelayMs: number;
}

export interface JoinRequest {
  readonly groupId: string;
  /** Empty at a member's first join. */
  readonly memberId: string;
  readonly clientId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly GroupProtocol[];
  /** Called when the group begins to rebalance, so that the member need not wait for its next heartbeat. */
  readonly onRebalance: () => void;
}

export interface JoinAnswer {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly groupProtocol: string;
  /** Everyone, for the leader; nobody, for the others. */
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

export interface SyncRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly generationId: number;
  readonly assignments: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
}

/** As whom a member speaks; a commit from outside the group has generation -1. */
export interface Membership {
  readonly groupId: string;
  readonly memberId: string;
  readonly generationId: number;
}

export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string | null;
}

export interface CommittedOffset {
  readonly offset: number;
  readonly metadata: string | null;
}

export interface Member {
  readonly id: string;
  readonly clientId: string;
  request: JoinRequest;
  assignment: Buffer;
  lastSeen: number;
  cancelSession: Cancel;
  join: Deferred<JoinAnswer> | undefined;
  sync: Deferred<Buffer> | undefined;
  /** It has asked for its assignment of this generation. */
  hasSynced: boolean;
}

export interface Group {
  readonly id: string;
  state: GroupStateName;
  generation: number;
  /** 'consumer', or empty as long as nobody but transactions has had to do with the group. */
  protocolType: string;
  protocol: string;
  leaderId: string;
  readonly members: Map<string, Member>;
  readonly offsets: Map<string, Map<number, CommittedOffset>>;
  cancelRebalance: Cancel;
  /** The first members of an empty group are being awaited for one turn. */
  isGathering: boolean;
}
