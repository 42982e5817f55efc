import type { ITopicConfig, ITopicPartitionConfig } from 'kafkajs';
import { protocolError, type ProtocolErrorType } from '../errors.ts';
import { createPartitionLog, type PartitionLog } from './partition-log.ts';

export interface Topic {
  readonly name: string;
  readonly partitions: PartitionLog[];
}

/** The topics of a cluster. */
export interface Topics {
  names(): string[];
  find(name: string): Topic | undefined;
  /** Throws UNKNOWN_TOPIC_OR_PARTITION. */
  partition(topic: string, partition: number): PartitionLog;
  /** Throws UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION; creates the topic instead if `autoCreate`. */
  describe(name: string, autoCreate: boolean): Topic;
  /** Why the topic cannot be created; undefined if it was (or, with `validateOnly`, could have been). */
  create(config: ITopicConfig, validateOnly: boolean): ProtocolErrorType | undefined;
  /** Throws UNKNOWN_TOPIC_OR_PARTITION, INVALID_PARTITIONS. */
  grow(config: ITopicPartitionConfig, validateOnly: boolean): void;
  /** Throws UNKNOWN_TOPIC_OR_PARTITION. */
  remove(name: string): void;
  clear(): void;
}

export interface TopicsOptions {
  /** Partitions of a topic that is created without saying how many. */
  readonly defaultPartitions: number;
  /** How many brokers there are to hold replicas. */
  readonly brokerCount: () => number;
}

const LEGAL_NAME = /^[\w.-]{1,249}$/;

const isLegal = (name: string): boolean => LEGAL_NAME.test(name) && name !== '.' && name !== '..';

const createLogs = (count: number): PartitionLog[] => Array.from({ length: count }, createPartitionLog);

const partitionCount = (config: ITopicConfig, defaultPartitions: number): number => {
  const assigned = config.replicaAssignment?.length ?? 0;
  if (assigned > 0) return assigned;
  const asked = config.numPartitions ?? -1;
  return asked === -1 ? defaultPartitions : asked;
};

/** No topics yet. */
export const createTopics = ({ defaultPartitions, brokerCount }: TopicsOptions): Topics => {
  const topics = new Map<string, Topic>();

  const existing = (name: string): Topic => {
    const topic = topics.get(name);
    if (topic === undefined) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
    return topic;
  };

  const refusal = (config: ITopicConfig, count: number): ProtocolErrorType | undefined => {
    if (!isLegal(config.topic)) return 'INVALID_TOPIC_EXCEPTION';
    if (topics.has(config.topic)) return 'TOPIC_ALREADY_EXISTS';
    if (!Number.isInteger(count) || count < 1) return 'INVALID_PARTITIONS';
    const replicas = config.replicationFactor ?? -1;
    return replicas === -1 || (replicas >= 1 && replicas <= brokerCount())
      ? undefined
      : 'INVALID_REPLICATION_FACTOR';
  };

  const add = (name: string, count: number): Topic => {
    const topic: Topic = { name, partitions: createLogs(count) };
    topics.set(name, topic);
    return topic;
  };

  const remove = (name: string): void => {
    const { partitions } = existing(name);
    topics.delete(name);
    // Whoever waits for messages of this topic has to hear that there is none any more.
    for (const log of partitions) log.deleteBefore(log.high());
  };

  return {
    names: () => [...topics.keys()],
    find: (name) => topics.get(name),
    partition: (topic, partition) => {
      const log = existing(topic).partitions[partition];
      if (log === undefined) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
      return log;
    },
    describe: (name, autoCreate) => {
      if (!isLegal(name)) throw protocolError('INVALID_TOPIC_EXCEPTION');
      if (!topics.has(name) && autoCreate) return add(name, defaultPartitions);
      return existing(name);
    },
    create: (config, validateOnly) => {
      const count = partitionCount(config, defaultPartitions);
      const refused = refusal(config, count);
      if (refused === undefined && !validateOnly) add(config.topic, count);
      return refused;
    },
    grow: ({ topic: name, count }, validateOnly) => {
      const { partitions } = existing(name);
      if (!Number.isInteger(count) || count <= partitions.length) throw protocolError('INVALID_PARTITIONS');
      if (!validateOnly) partitions.push(...createLogs(count - partitions.length));
    },
    remove,
    clear: () => {
      for (const name of topics.keys()) remove(name);
    },
  };
};
