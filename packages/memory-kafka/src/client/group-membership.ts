import kafkajs from 'kafkajs';
import type { Assigner, Assignment, Logger, RetryOptions } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import type { JoinAnswer, Membership } from '../broker/group-types.ts';
import type { Emitter } from '../emitter.ts';
import { isRebalancing, nonRetriable, toError, typeOf } from '../errors.ts';
import { withRetries } from '../retry.ts';
import { sharing } from '../turns.ts';
import type { ClusterView } from './metadata.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';

export interface MembershipOptions {
  readonly groupId: string;
  readonly clientId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly assigners: readonly Assigner[];
  readonly topics: readonly string[];
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
  /** Joins and gets its partitions; tries again while the group goes on rebalancing. */
  joinAndSync(): Promise<void>;
  leave(): Promise<void>;
  /** Shared and throttled, except when a rebalance is known to be going on. Rejects when it is time to join again. */
  heartbeat(): Promise<void>;
  /** Joins as somebody new next time. */
  forgetMember(): void;
  memberId(): string;
  /** Partitions of the subscribed topics that were not there at the last assignment, by topic. */
  unknownPartitions(): { topic: string; partitions: number[] } | undefined;
}

interface Seat extends JoinAnswer {
  readonly isLeader: boolean;
}

/** A consumer that has not joined yet. */
export const createGroupMembership = (options: MembershipOptions): GroupMembership => {
  const { groupId, topics, view, emitter, logger, assigners } = options;
  let memberId = '';
  let generationId = -1;
  let isRebalanceKnown = false;
  let lastHeartbeat = view.connection.clock().now();
  let partitionsAtSync = new Map<string, number[]>();

  const currentPartitions = () =>
    new Map(topics.map((topic) => [topic, view.partitionsOf(topic).map(({ partitionId }) => partitionId)]));

  const join = async (): Promise<Seat> => {
    await view.request('metadata', () => undefined);
    isRebalanceKnown = false;
    const answer = await view.connection.request('join', (core) =>
      core.coordinator.join({
        groupId,
        memberId,
        clientId: options.clientId,
        sessionTimeoutMs: options.sessionTimeoutMs,
        rebalanceTimeoutMs: options.rebalanceTimeoutMs,
        protocols: assigners.map((assigner) => assigner.protocol({ topics: [...topics] })),
        onRebalance: () => {
          isRebalanceKnown = true;
          options.onRebalance();
        },
      }),
    );
    memberId = answer.memberId;
    generationId = answer.generationId;
    return { ...answer, isLeader: answer.leaderId === answer.memberId };
  };

  const assign = async (seat: Seat) => {
    if (!seat.isLeader) return [];
    const assigner = assigners.find(({ name }) => name === seat.groupProtocol);
    if (assigner === undefined) {
      throw nonRetriable(
        `Unsupported partition assigner "${seat.groupProtocol}", the assigner wasn't found in the assigners list`,
      );
    }
    await view.refresh();
    return assigner.assign({ members: [...seat.members], topics: [...topics] });
  };

  const reportUnsubscribed = (assigned: readonly string[], notSubscribed: readonly string[]): void => {
    if (notSubscribed.length === 0) return;
    const payload = {
      groupId,
      generationId,
      memberId,
      assignedTopics: assigned,
      topicsSubscribed: topics,
      topicsNotSubscribed: notSubscribed,
    };
    emitter.emit(CONSUMER_EVENTS.RECEIVED_UNSUBSCRIBED_TOPICS, payload);
    logger.warn('Consumer group received unsubscribed topics', payload);
  };

  const learnPartitions = async (assignment: Assignment): Promise<void> => {
    const isKnown = Object.entries(assignment).every(([topic, partitions]) =>
      partitions.every((partition) => partitionsAtSync.get(topic)?.includes(partition)),
    );
    if (isKnown) return;
    await view.refresh();
    partitionsAtSync = currentPartitions();
  };

  const sync = async (seat: Seat): Promise<Assignment> => {
    const assignments = await assign(seat);
    partitionsAtSync = currentPartitions();
    const membership = { groupId, memberId, generationId };
    const bytes = await view.connection.request('sync', (core) =>
      core.coordinator.sync({ ...membership, assignments }),
    );
    const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(bytes)?.assignment ?? {};
    const assigned = Object.keys(decoded);
    reportUnsubscribed(
      assigned,
      assigned.filter((topic) => !topics.includes(topic)),
    );
    const mine = Object.fromEntries(Object.entries(decoded).filter(([topic]) => topics.includes(topic)));
    await learnPartitions(mine);
    options.onAssigned(mine, membership, await view.connection.core());
    return mine;
  };

  const joinOnce = async (startedAt: number): Promise<void> => {
    const seat = await join();
    const memberAssignment = await sync(seat);
    const payload = {
      groupId,
      memberId,
      leaderId: seat.leaderId,
      isLeader: seat.isLeader,
      memberAssignment,
      groupProtocol: seat.groupProtocol,
      duration: view.connection.clock().now() - startedAt,
    };
    emitter.emit(CONSUMER_EVENTS.GROUP_JOIN, payload);
    logger.info('Consumer has joined the group', payload);
  };

  const joinAndSync = async (): Promise<void> => {
    const startedAt = view.connection.clock().now();
    const core = await view.connection.core();
    await withRetries(core, options.retry, async ({ bail }) => {
      try {
        await joinOnce(startedAt);
      } catch (thrown) {
        const error = toError(thrown);
        const isUnknownMember = typeOf(error) === 'UNKNOWN_MEMBER_ID';
        if (isUnknownMember) memberId = '';
        // These are no retriable errors as such, but joining once more is the cure for them.
        if (isUnknownMember || isRebalancing(error)) throw new kafkajs.KafkaJSError(error);
        bail(error);
      }
    });
  };

  const heartbeat = sharing(async () => {
    const now = view.connection.clock().now();
    const isDue = isRebalanceKnown || now >= lastHeartbeat + options.heartbeatIntervalMs;
    if (memberId === '' || !isDue) return;
    await view.connection.request('heartbeat', (core) =>
      core.coordinator.heartbeat({ groupId, memberId, generationId }),
    );
    emitter.emit(CONSUMER_EVENTS.HEARTBEAT, { groupId, memberId, groupGenerationId: generationId });
    lastHeartbeat = view.connection.clock().now();
  });

  const leave = async (): Promise<void> => {
    if (memberId === '') return;
    const leaving = memberId;
    await view.connection.request('leave', (core) => core.coordinator.leave(groupId, leaving));
    memberId = '';
  };

  return {
    joinAndSync,
    leave,
    heartbeat,
    forgetMember: () => {
      memberId = '';
    },
    memberId: () => memberId,
    unknownPartitions: () => {
      for (const [topic, partitions] of currentPartitions()) {
        const known = partitionsAtSync.get(topic) ?? [];
        const unknown = partitions.filter((partition) => !known.includes(partition));
        if (unknown.length > 0) return { topic, partitions: unknown };
      }
      return undefined;
    },
  };
};
