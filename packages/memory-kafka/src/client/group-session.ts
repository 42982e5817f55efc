import kafkajs from 'kafkajs';
import type { Assigner, Assignment, Logger, RetryOptions, TopicPartitions } from 'kafkajs';
import {
  createInterrupter,
  interruptibleSleep,
  type FetchLimits,
  type Interrupter,
  type PartitionToFetch,
} from '../broker/fetch.ts';
import { checkLeader, type Core } from '../broker/core.ts';
import { throwRefusal } from '../broker/refusals.ts';
import type { Emitter } from '../emitter.ts';
import { connectionClosed, nameOf, staleAssignment, typeOf } from '../errors.ts';
import { createBatch, type FetchedBatch } from './batch.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';
import { createGroupMembership, type GroupMembership } from './group-membership.ts';
import { createGroupOffsets, type GroupOffsets } from './group-offsets.ts';
import type { ClusterView } from './metadata.ts';
import type { OffsetsBoard } from './offsets-board.ts';
import { createSubscriptionState, type PauseTarget, type SubscriptionState } from './subscription-state.ts';

/** What stays the same for all sessions of a consumer. */
export interface SessionConfig {
  readonly groupId: string;
  readonly clientId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly limits: FetchLimits;
  readonly assigners: readonly Assigner[];
  readonly retry: RetryOptions;
  readonly view: ClusterView;
  readonly board: OffsetsBoard;
  readonly emitter: Emitter;
  readonly logger: Logger;
}

export interface SessionOptions extends SessionConfig {
  /** The subscribed topics, and whether each is read from its beginning. */
  readonly topics: ReadonlyMap<string, boolean>;
  readonly autoCommit: boolean;
  readonly autoCommitInterval: number | null;
  readonly autoCommitThreshold: number | null;
}

/** A consumer from `run()` to its end or its crash: its membership, its positions, its pauses and seeks. */
export interface GroupSession {
  readonly membership: GroupMembership;
  /** Throws while nothing is assigned yet. */
  offsets(): GroupOffsets;
  connect(): Promise<void>;
  /** What has arrived; empty after `maxWaitTimeInMs` without anything. Recovers from what a rejoin or a reset cures. */
  fetch(): Promise<FetchedBatch[]>;
  seek(topic: string, partition: number, offset: number): void;
  hasSeek(topic: string, partition: number): boolean;
  pause(targets: readonly PauseTarget[]): void;
  resume(targets: readonly PauseTarget[]): void;
  isPaused(topic: string, partition: number): boolean;
  paused(): TopicPartitions[];
  /** Calls a waiting fetch home. */
  wake(): void;
  close(): void;
}

/** What a session knows and changes as it goes. */
interface SessionState {
  readonly options: SessionOptions;
  readonly subscription: SubscriptionState;
  readonly interrupter: Interrupter;
  readonly seeks: Map<string, TopicPartitionSeek>;
  readonly membership: GroupMembership;
  offsets: GroupOffsets | undefined;
}

interface TopicPartitionSeek {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

const STALE_METADATA = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);

/** What kafkajs adds to the time that a fetch may wait. */
const FETCH_DELAY_MS = 100;

const keyOf = (topic: string, partition: number): string => `${topic}|${partition}`;

const byTopic = (assignment: Assignment): TopicPartitions[] =>
  Object.entries(assignment).map(([topic, partitions]) => ({ topic, partitions }));

const offsetsOf = ({ offsets, options }: SessionState): GroupOffsets => {
  if (offsets === undefined) {
    throw new TypeError(`The consumer has not joined the group "${options.groupId}" yet`);
  }
  return offsets;
};

const applySeeks = async (session: SessionState): Promise<void> => {
  const { seeks, subscription } = session;
  for (const { topic, partition } of subscription.assigned()) {
    const seek = seeks.get(keyOf(topic, partition));
    if (seek === undefined) continue;
    seeks.delete(keyOf(topic, partition));
    await offsetsOf(session).seek(topic, partition, seek.offset);
  }
};

/** In an order drawn anew for each fetch, so that a busy partition does not keep the others from their turn. */
const shuffled = <T>(items: readonly T[], random: () => number): T[] => {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
};

const partitionsToFetch = (session: SessionState): PartitionToFetch[] => {
  const { tracker } = offsetsOf(session);
  const { subscription, options } = session;
  const assigned = subscription.assigned();
  const wanted: PartitionToFetch[] = [];
  for (const each of assigned.length > 1 ? shuffled(assigned, options.view.connection.random) : assigned) {
    const { topic, partition } = each;
    if (tracker.committed(topic, partition) === undefined) continue;
    if (subscription.isPaused(topic, partition)) continue;
    wanted.push({ topic, partition, offset: tracker.next(topic, partition) });
  }
  return wanted;
};

/** Of several brokers, each has to lead what it is asked for. Throws as the first that does not, or that is not up. */
const checkLeaders = (core: Core, view: ClusterView, partitions: readonly PartitionToFetch[]): void => {
  if (core.brokers.ids.length === 1) return;
  for (const { topic, partition } of partitions) {
    const leader = view.partitionsOf(topic)[partition]?.leader;
    if (leader !== undefined && !core.brokers.isUp(leader)) {
      const { host, port } = core.address(leader);
      throw connectionClosed(host, port);
    }
    checkLeader(core.topics.partition(topic, partition), leader);
  }
};

const fetchOnce = async (session: SessionState): Promise<FetchedBatch[]> => {
  const { membership, interrupter, subscription, seeks } = session;
  const { view, limits } = session.options;
  await view.refreshIfNecessary();
  const stale = membership.unknownPartitions();
  if (stale !== undefined) throw staleAssignment(stale.topic, stale.partitions);
  const version = interrupter.version();
  if (seeks.size > 0) await applySeeks(session);
  await offsetsOf(session).resolveStart();
  const partitions = partitionsToFetch(session);
  if (partitions.length === 0) {
    await interruptibleSleep(view.connection.clock(), limits.maxWaitMs, interrupter, version);
    return [];
  }
  const fetched = await view.request(
    {
      name: 'Fetch',
      groupId: session.options.groupId,
      places: () => partitions,
      timeoutMs: limits.maxWaitMs + FETCH_DELAY_MS,
    },
    (core, refused) => {
      for (const { topic } of partitions) throwRefusal(refused.topic(topic));
      checkLeaders(core, view, partitions);
      return core.fetch({ ...limits, partitions, interrupter, version });
    },
  );
  const batches: FetchedBatch[] = [];
  for (const each of fetched) {
    const { topic, partition } = each;
    // What was paused or sought while the fetch was under way is thrown away.
    if (seeks.size > 0 && seeks.has(keyOf(topic, partition))) continue;
    if (!subscription.isPaused(topic, partition)) batches.push(createBatch(each));
  }
  return batches;
};

const recover = async (session: SessionState, error: unknown): Promise<void> => {
  const { membership, options } = session;
  const { view, logger, groupId } = options;
  const name = nameOf(error);
  if (error instanceof kafkajs.KafkaJSOffsetOutOfRange) {
    const { topic, partition } = error;
    const where = { topic, partition, groupId, memberId: membership.memberId() };
    logger.error('Offset out of range, resetting to default offset', where);
    return offsetsOf(session).reset(topic, partition);
  }
  if (STALE_METADATA.has(typeOf(error) ?? '')) {
    await view.refresh();
    return membership.joinAndSync();
  }
  if (name === 'KafkaJSStaleTopicMetadataAssignment') return membership.joinAndSync();
  if (name === 'KafkaJSConnectionClosedError') return view.expire();
  throw error;
};

const createSessionState = (options: SessionOptions): SessionState => {
  const interrupter = createInterrupter();
  const subscription = createSubscriptionState();
  const membership = createGroupMembership({
    ...options,
    subscribed: [...options.topics.keys()],
    onRebalance: interrupter.fire,
    onAssigned: (assignment, membershipNow, core) => {
      subscription.assign(byTopic(assignment));
      session.offsets?.close();
      session.offsets = createGroupOffsets({
        ...options,
        core,
        membership: membershipNow,
        assignment,
        fromBeginning: (topic) => options.topics.get(topic) ?? false,
        committedOnly: options.limits.committedOnly,
      });
    },
  });
  const seeks = new Map<string, TopicPartitionSeek>();
  const session: SessionState = { options, subscription, interrupter, seeks, membership, offsets: undefined };
  return session;
};

/** A session that has yet to connect and to join. */
export const createGroupSession = (given: SessionOptions): GroupSession => {
  const options = { ...given, logger: given.logger.namespace('ConsumerGroup') };
  const { logger } = options;
  const session = createSessionState(options);
  const { subscription, interrupter, seeks } = session;
  const { view, emitter } = options;

  return {
    membership: session.membership,
    offsets: () => offsetsOf(session),
    connect: async () => {
      await view.connection.connect();
      emitter.emit(CONSUMER_EVENTS.CONNECT);
      await view.refreshIfNecessary();
    },
    fetch: async () => {
      try {
        return await fetchOnce(session);
      } catch (error) {
        await recover(session, error);
        return [];
      }
    },
    seek: (topic, partition, offset) => {
      seeks.set(keyOf(topic, partition), { topic, partition, offset });
      interrupter.fire();
    },
    hasSeek: (topic, partition) => seeks.size > 0 && seeks.has(keyOf(topic, partition)),
    pause: (targets) => {
      logger.info(`Pausing fetching from ${targets.length} topics`, { topicPartitions: targets });
      subscription.pause(targets);
      interrupter.fire();
    },
    resume: (targets) => {
      logger.info(`Resuming fetching from ${targets.length} topics`, { topicPartitions: targets });
      subscription.resume(targets);
      interrupter.fire();
    },
    isPaused: subscription.isPaused,
    paused: subscription.paused,
    wake: interrupter.fire,
    close: () => session.offsets?.close(),
  };
};
