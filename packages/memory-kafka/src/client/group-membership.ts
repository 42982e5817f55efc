import kafkajs from 'kafkajs';
import type { Assigner, Assignment, Logger, PartitionMetadata, RetryOptions } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import type { JoinAnswer, Membership } from '../broker/group-types.ts';
import type { Emitter } from '../emitter.ts';
import { isRebalancing, nonRetriable, toError, typeOf } from '../errors.ts';
import { withRetries } from '../retry.ts';
import { sharing } from '../turns.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';
import { findCoordinator } from './find-coordinator.ts';
import type { ClusterView } from './metadata.ts';

export interface MembershipOptions {
  readonly groupId: string;
  readonly clientId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly assigners: readonly Assigner[];
  readonly subscribed: readonly string[];
  readonly retry: RetryOptions;
  readonly view: ClusterView;
  readonly emitter: Emitter;
  readonly logger: Logger;
  /** Called when the group begins to rebalance. */
  readonly onRebalance: () => void;
  /** Called with the partitions that are this member's from now on. */
  readonly onAssigned: (assignment: Assignment, membership: Membership, core: Core) => void;
}

/** A consumer as a member of its group. */
export interface GroupMembership {
  /** Joins and gets its partitions; tries again while the group continues to rebalance. */
  joinAndSync(): Promise<void>;
  leave(): Promise<void>;
  /**
   * Shared and throttled, except when a rebalance is known to be going on; undefined as long as none is due. Rejects when it is time
   * to join again.
   */
  heartbeat(): Promise<void> | undefined;
  /** Joins as somebody new next time. */
  forgetMember(): void;
  memberId(): string;
  /** Partitions of the subscribed topics that were not there at the last assignment. */
  unknownPartitions(): { topic: string; partitions: number[] } | undefined;
}

interface MemberState {
  /** The broker that was the group's coordinator at the last join. */
  coordinator: number | undefined;
  memberId: string;
  generationId: number;
  isRebalanceKnown: boolean;
  lastHeartbeat: number;
  partitionsAtSync: ReadonlyMap<string, ReadonlySet<number>>;
  /** The partitions, as loaded, that were seen to be among these since then. */
  seen: Map<string, readonly PartitionMetadata[]>;
}

/** What kafkajs adds to the time that a rebalance may take. */
const JOIN_DELAY_MS = 5000;

const rememberPartitions = ({ subscribed, view }: MembershipOptions, state: MemberState): void => {
  state.partitionsAtSync = new Map(
    subscribed.map((topic) => [
      topic,
      new Set(view.partitionsOf(topic).map(({ partitionId }) => partitionId)),
    ]),
  );
  state.seen = new Map();
};

const unknownPartitions = ({ subscribed, view }: MembershipOptions, state: MemberState) => {
  for (const topic of subscribed) {
    const loaded = view.partitionsOf(topic);
    if (state.seen.get(topic) === loaded) continue;
    const known = state.partitionsAtSync.get(topic);
    const unknown = loaded.filter(({ partitionId }) => known?.has(partitionId) !== true);
    if (unknown.length > 0) return { topic, partitions: unknown.map(({ partitionId }) => partitionId) };
    state.seen.set(topic, loaded);
  }
  return undefined;
};

const join = async (options: MembershipOptions, state: MemberState): Promise<JoinAnswer> => {
  const { view, subscribed } = options;
  // As kafkajs looks for the coordinator first, so a lost connection is tried again here.
  const nodeId = await findCoordinator(view, { groupId: options.groupId });
  state.coordinator = nodeId;
  state.isRebalanceKnown = false;
  const answer = await view.connection.request(
    {
      name: 'JoinGroup',
      nodeId,
      groupId: options.groupId,
      timeoutMs: options.rebalanceTimeoutMs + JOIN_DELAY_MS,
    },
    (core) =>
      core.coordinator.join({
        groupId: options.groupId,
        memberId: state.memberId,
        clientId: options.clientId,
        sessionTimeoutMs: options.sessionTimeoutMs,
        rebalanceTimeoutMs: options.rebalanceTimeoutMs,
        protocols: options.assigners.map((assigner) => assigner.protocol({ topics: [...subscribed] })),
        onRebalance: () => {
          state.isRebalanceKnown = true;
          options.onRebalance();
        },
      }),
  );
  state.memberId = answer.memberId;
  state.generationId = answer.generationId;
  return answer;
};

const isLeader = (answer: JoinAnswer): boolean => answer.leaderId === answer.memberId;

const assign = async ({ assigners, view, subscribed }: MembershipOptions, answer: JoinAnswer) => {
  if (!isLeader(answer)) return [];
  const assigner = assigners.find(({ name }) => name === answer.groupProtocol);
  if (assigner === undefined) {
    throw nonRetriable(
      `Unsupported partition assigner "${answer.groupProtocol}", the assigner wasn't found in the assigners list`,
    );
  }
  await view.refresh();
  return assigner.assign({ members: [...answer.members], topics: [...subscribed] });
};

/** As kafkajs lists partitions: in the order of their names, 10 before 2. */
const asListed = (partitions: readonly number[]): number[] =>
  partitions.toSorted((a, b) => (String(a) < String(b) ? -1 : 1));

/** The leader goes by its own topics, so a member can be given some that it has not subscribed to. */
const withoutUnsubscribed = (
  options: MembershipOptions,
  state: MemberState,
  given: Assignment,
): Assignment => {
  const { groupId, subscribed, emitter, logger } = options;
  const assignedTopics = Object.keys(given);
  const topicsNotSubscribed = assignedTopics.filter((topic) => !subscribed.includes(topic));
  if (topicsNotSubscribed.length > 0) {
    const { generationId, memberId } = state;
    const topicsSubscribed = subscribed;
    const payload = {
      groupId,
      generationId,
      memberId,
      assignedTopics,
      topicsSubscribed,
      topicsNotSubscribed,
    };
    emitter.emit(CONSUMER_EVENTS.RECEIVED_UNSUBSCRIBED_TOPICS, payload);
    logger.warn('Consumer group received unsubscribed topics', payload);
  }
  const subscribedOnly = Object.entries(given).filter(([topic]) => subscribed.includes(topic));
  return Object.fromEntries(subscribedOnly.map(([topic, partitions]) => [topic, asListed(partitions)]));
};

const knowsAll = ({ partitionsAtSync }: MemberState, assignment: Assignment): boolean =>
  Object.entries(assignment).every(([topic, partitions]) =>
    partitions.every((partition) => partitionsAtSync.get(topic)?.has(partition)),
  );

const sync = async (
  options: MembershipOptions,
  state: MemberState,
  answer: JoinAnswer,
): Promise<Assignment> => {
  const { groupId, view } = options;
  const assignments = await assign(options, answer);
  rememberPartitions(options, state);
  const membership = { groupId, memberId: state.memberId, generationId: state.generationId };
  const bytes = await view.connection.request(
    { name: 'SyncGroup', nodeId: state.coordinator, groupId },
    (core) => core.coordinator.sync({ ...membership, assignments }),
  );
  const given = kafkajs.AssignerProtocol.MemberAssignment.decode(bytes)?.assignment ?? {};
  const assignment = withoutUnsubscribed(options, state, given);
  if (!knowsAll(state, assignment)) {
    await view.refresh();
    rememberPartitions(options, state);
  }
  options.onAssigned(assignment, membership, await view.connection.core());
  return assignment;
};

const joinOnce = async (options: MembershipOptions, state: MemberState, startedAt: number): Promise<void> => {
  const answer = await join(options, state);
  const memberAssignment = await sync(options, state, answer);
  const payload = {
    groupId: options.groupId,
    memberId: answer.memberId,
    leaderId: answer.leaderId,
    isLeader: isLeader(answer),
    memberAssignment,
    groupProtocol: answer.groupProtocol,
    duration: Math.round(options.view.connection.clock().monotonic() - startedAt),
  };
  options.emitter.emit(CONSUMER_EVENTS.GROUP_JOIN, payload);
  options.logger.info('Consumer has joined the group', payload);
};

const joinWithRetries = async (options: MembershipOptions, state: MemberState): Promise<void> => {
  const { connection } = options.view;
  const startedAt = connection.clock().monotonic();
  await withRetries(await connection.core(), options.retry, async ({ bail }) => {
    try {
      await joinOnce(options, state, startedAt);
    } catch (thrown) {
      const error = toError(thrown);
      const isUnknownMember = typeOf(error) === 'UNKNOWN_MEMBER_ID';
      if (isUnknownMember) state.memberId = '';
      // These are no retriable errors as such, but joining once more is the cure for them.
      if (isUnknownMember || isRebalancing(error)) throw new kafkajs.KafkaJSError(error);
      bail(error);
    }
  });
};

const isHeartbeatDue = ({ view, heartbeatIntervalMs }: MembershipOptions, state: MemberState): boolean =>
  state.memberId !== '' &&
  (state.isRebalanceKnown ||
    view.connection.clock().monotonic() >= state.lastHeartbeat + heartbeatIntervalMs);

const heartbeat = async (options: MembershipOptions, state: MemberState): Promise<void> => {
  const { groupId, emitter } = options;
  const { connection } = options.view;
  const { memberId, generationId, coordinator } = state;
  await connection.request({ name: 'Heartbeat', nodeId: coordinator, groupId }, (core) =>
    core.coordinator.heartbeat({ groupId, memberId, generationId }),
  );
  emitter.emit(CONSUMER_EVENTS.HEARTBEAT, { groupId, memberId, groupGenerationId: generationId });
  state.lastHeartbeat = connection.clock().monotonic();
};

const leave = async ({ groupId, view }: MembershipOptions, state: MemberState): Promise<void> => {
  const { memberId, coordinator } = state;
  if (memberId === '') return;
  await view.connection.request({ name: 'LeaveGroup', nodeId: coordinator, groupId }, (core) =>
    core.coordinator.leave(groupId, memberId),
  );
  state.memberId = '';
};

/** A consumer that has not joined yet. */
export const createGroupMembership = (options: MembershipOptions): GroupMembership => {
  const state: MemberState = {
    coordinator: undefined,
    memberId: '',
    generationId: -1,
    isRebalanceKnown: false,
    lastHeartbeat: options.view.connection.clock().monotonic(),
    partitionsAtSync: new Map(),
    seen: new Map(),
  };
  const beat = sharing(() => heartbeat(options, state));
  return {
    joinAndSync: () => joinWithRetries(options, state),
    leave: () => leave(options, state),
    heartbeat: () => (isHeartbeatDue(options, state) ? beat() : undefined),
    forgetMember: () => {
      state.memberId = '';
    },
    memberId: () => state.memberId,
    unknownPartitions: () => unknownPartitions(options, state),
  };
};
