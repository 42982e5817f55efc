import type { PartitionMetadata } from 'kafkajs';
import { checkLeader, type Core } from '../broker/core.ts';
import type { PartitionLog } from '../broker/partition-log.ts';
import { throwRefusal, type Refusals } from '../broker/refusals.ts';
import { NOTHING_TO_DO } from '../deferred.ts';
import { connectionClosed, nameOf, protocolError, toError, typeOf } from '../errors.ts';
import { createLock } from '../turns.ts';
import type { Asked, CarryOutAt, Connection } from './connection.ts';

/** A client's view of the cluster: a connection, and what it remembers about the topics it has to do with. */
export interface ClusterView {
  readonly connection: Connection;
  /** Adds topics to those the client has to do with, and loads them if they are new. Throws the broker's refusal. */
  target(topics: readonly string[]): Promise<void>;
  untarget(topics: readonly string[]): void;
  /** Loads again what it remembers; connects, with retries, if it has to. */
  refresh(): Promise<void>;
  /** Loads again what is older than `metadataMaxAge`, or missing. */
  refreshIfNecessary(): Promise<void>;
  /** The partitions of a topic as last loaded; empty if it is unknown. */
  partitionsOf(topic: string): PartitionMetadata[];
  /** The brokers as last loaded, by their ids; none before that. */
  nodeIds(): readonly number[];
  /** What it remembers is no longer to be trusted. */
  expire(): void;
  /** Closes the connection and forgets what it remembers, but not which topics it has to do with. */
  disconnect(): void;
  /** A request that finds its broker first: if nobody listens, the connection is retried before this rejects. */
  request<T>(request: Asked, carryOut: CarryOutAt<T>): Promise<T>;
}

export interface ClusterViewOptions {
  readonly metadataMaxAgeMs: number;
  readonly allowAutoTopicCreation: boolean;
}

const FORGET_TOPICS_AFTER = new Set([
  'INVALID_TOPIC_EXCEPTION',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'TOPIC_AUTHORIZATION_FAILED',
]);

/** What kafkajs returns about partitions. Throws LEADER_NOT_AVAILABLE where one has no leader: kafkajs refuses such an answer as a whole. */
export const partitionsMetadata = (
  { brokers }: Core,
  partitions: readonly PartitionLog[],
): PartitionMetadata[] =>
  partitions.map((log, partitionId) => {
    checkLeader(log, undefined);
    const { leader, replicas, isr } = log.placement;
    return {
      partitionErrorCode: 0,
      partitionId,
      leader,
      replicas: [...replicas],
      isr: [...isr],
      offlineReplicas: replicas.filter((nodeId) => !brokers.isUp(nodeId)),
    };
  });

/**
 * From JavaScript a name may be no text. kafkajs then writes other bytes: a number as four of them, of which the broker reads
 * an empty name; nothing at all for a boolean, and the broker hangs up; and it cannot write objects.
 */
const checkName = (core: Core, name: unknown): void => {
  if (typeof name === 'string') return;
  if (typeof name === 'number') throw protocolError('INVALID_TOPIC_EXCEPTION');
  if (typeof name === 'object') throw new Error('value should be an instance of Encoder');
  const { host, port } = core.address();
  throw connectionClosed(host, port);
};

/** The topics that a client may know of. */
export const visibleTopics = ({ topics }: Core, refused: Refusals): string[] =>
  topics.names().filter((name) => refused.topic(name) === undefined);

const describe = (core: Core, topics: Iterable<string>, autoCreate: boolean, refused: Refusals) => {
  const described = new Map<string, PartitionMetadata[]>();
  const refusals: unknown[] = [];
  for (const name of topics) {
    try {
      checkName(core, name);
      throwRefusal(refused.topic(name));
      if (autoCreate && core.topics.find(name) === undefined) throwRefusal(refused.creation(name));
      const { partitions } = core.topics.describe(name, autoCreate);
      described.set(name, partitionsMetadata(core, partitions));
    } catch (refusal) {
      // The other topics that were asked for are created nevertheless.
      refusals.push(refusal);
    }
  }
  if (refusals.length > 0) throw toError(refusals[0]);
  return described;
};

/** Loads topics one call after the other, so that two sends to a new topic keep their order. */
const oneAtATime = (
  isLoaded: (topics: readonly string[]) => boolean,
  load: (topics: readonly string[]) => Promise<void>,
) => {
  const lock = createLock();
  return async (topics: readonly string[]): Promise<void> => {
    await lock.acquire();
    try {
      if (!isLoaded(topics)) await load(topics);
    } finally {
      await lock.release();
    }
  };
};

/** Connects once; if nobody listens, refreshes (which continues to try) and then rejects nevertheless, as kafkajs does. */
const findBroker = async (connection: Connection, refresh: () => Promise<void>): Promise<void> => {
  try {
    await connection.request('Metadata', () => undefined);
  } catch (error) {
    if (nameOf(error) === 'KafkaJSConnectionError') await refresh();
    throw error;
  }
};

/** Tries again, as the Kafka instance says, as long as a partition has no leader. */
export const whileLeaderless = async <T>(connection: Connection, load: () => Promise<T>): Promise<T> => {
  try {
    return await load();
  } catch (first) {
    if (typeOf(first) !== 'LEADER_NOT_AVAILABLE') throw first;
    return connection.retrying(async ({ bail, retryCount }) => {
      if (retryCount === 0) throw toError(first);
      try {
        return await load();
      } catch (error) {
        if (typeOf(error) !== 'LEADER_NOT_AVAILABLE') bail(error);
        throw toError(error);
      }
    });
  }
};

/** Loads these topics, or all that there are. */
const loadTopics = (connection: Connection, wanted: readonly string[], autoCreate: boolean) => {
  const places = () => wanted.map((topic) => ({ topic }));
  return connection.request({ name: 'Metadata', places }, (core, refused) => {
    const topics = wanted.length > 0 ? wanted : visibleTopics(core, refused);
    return describe(core, topics, autoCreate && wanted.length > 0, refused);
  });
};

/** A view that has loaded nothing yet. */
export const createClusterView = (connection: Connection, options: ClusterViewOptions): ClusterView => {
  const { metadataMaxAgeMs, allowAutoTopicCreation } = options;
  let targets = new Set<string>();
  let known: Map<string, PartitionMetadata[]> | undefined;
  let nodeIds: readonly number[] = [];
  let expiresAt = -Infinity;

  const load = () => loadTopics(connection, [...targets], allowAutoTopicCreation);

  const refresh = async (): Promise<void> => {
    if (!connection.isConnected()) await connection.connect();
    known = await whileLeaderless(connection, load);
    nodeIds = (await connection.core()).brokers.up();
    expiresAt = connection.clock().monotonic() + metadataMaxAgeMs;
  };

  const isStale = (): boolean => {
    if (known === undefined || connection.clock().monotonic() > expiresAt) return true;
    for (const topic of targets) if (!known.has(topic)) return true;
    return false;
  };

  const loadTargets = async (topics: readonly string[]): Promise<void> => {
    const before = targets;
    targets = new Set([...before, ...topics]);
    try {
      await refresh();
    } catch (error) {
      if (FORGET_TOPICS_AFTER.has(typeOf(error) ?? '')) {
        targets = new Set([...targets].filter((topic) => before.has(topic) || !topics.includes(topic)));
      }
      throw error;
    }
  };

  const isLoaded = (topics: readonly string[]) =>
    known !== undefined && topics.every((topic) => targets.has(topic));

  return {
    connection,
    target: oneAtATime(isLoaded, loadTargets),
    untarget: (topics) => {
      for (const topic of topics) targets.delete(topic);
    },
    refresh,
    refreshIfNecessary: () => (isStale() ? refresh() : NOTHING_TO_DO),
    partitionsOf: (topic) => known?.get(topic) ?? [],
    expire: () => {
      expiresAt = -Infinity;
    },
    disconnect: () => {
      known = undefined;
      nodeIds = [];
      connection.disconnect();
    },
    nodeIds: () => nodeIds,
    request: (about, carryOut) =>
      connection.isConnected()
        ? connection.request(about, carryOut)
        : findBroker(connection, refresh).then(() => connection.request(about, carryOut)),
  };
};
