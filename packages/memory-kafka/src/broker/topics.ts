import type { IResourceConfigEntry, ITopicConfig, ITopicPartitionConfig } from 'kafkajs';
import { protocolError } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import { createLogPolicy, type LogPolicy, type Retention } from './log-policy.ts';
import { createPartitionLog, type PartitionLog } from './partition-log.ts';
import { placeOn, type Placement } from './placement.ts';
import { parseTopicConfig, type TopicConfig } from './topic-config.ts';
import { collides, creationRefusal, growthRefusal, isLegalName } from './topic-refusals.ts';

export interface Topic {
  readonly name: string;
  readonly partitions: PartitionLog[];
  config(): TopicConfig;
  /** What was configured before no longer counts, not even for what `config` does not name. */
  configure(config: TopicConfig): void;
  /** Adds empty partitions until there are `count`, on the brokers that are named for each of them, or on any. */
  grow(count: number, replicas: Replicas): void;
}

/** How many brokers each partition lies on, or which. */
type Replicas = number | readonly (readonly number[])[];

/** The topics of a cluster. */
export interface Topics {
  /** Where each of the partitions lies. */
  placements(): Placement[];
  names(): string[];
  find(name: string): Topic | undefined;
  /** Throws UNKNOWN_TOPIC_OR_PARTITION. */
  partition(topic: string, partition: number): PartitionLog;
  /** Throws UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION; creates the topic instead if `autoCreate`. */
  describe(name: string, autoCreate: boolean): Topic;
  /** Why the topic cannot be created; undefined if it was (or, with `validateOnly`, could have been). */
  create(config: ITopicConfig, validateOnly: boolean): ProtocolErrorType | undefined;
  /** Why the topic cannot grow; undefined if it did (or, with `validateOnly`, could have). */
  grow(config: ITopicPartitionConfig, validateOnly: boolean): ProtocolErrorType | undefined;
  /**
   * Replaces the configuration of the topic. Throws UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION, INVALID_CONFIG, and
   * INVALID_REQUEST for a name that comes twice.
   */
  configure(name: string, entries: readonly IResourceConfigEntry[], validateOnly: boolean): void;
  /** Throws UNKNOWN_TOPIC_OR_PARTITION. */
  remove(name: string): void;
  clear(): void;
}

export interface TopicsOptions {
  /** Partitions of a topic that is created without saying how many. */
  readonly defaultPartitions: number;
  /** How much is kept of topics without settings of their own. */
  readonly retention: Retention;
  /** How many replicas a partition can have. */
  readonly brokerCount: number;
  /** Replicas of the partitions of a topic that is created without saying how many. */
  readonly defaultReplicas: number;
  /** Finds brokers for one more partition. */
  readonly place: (factor: number) => Placement;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const createTopic = (name: string, initial: TopicConfig, { retention, now, place }: TopicsOptions): Topic => {
  const partitions: PartitionLog[] = [];
  let config = initial;
  let policy: LogPolicy = createLogPolicy(initial, retention);
  return {
    name,
    partitions,
    config: () => config,
    configure: (next) => {
      config = next;
      policy = createLogPolicy(next, retention);
    },
    grow: (count, replicas) => {
      const before = partitions.length;
      for (let index = before; index < count; index += 1) {
        const placement =
          typeof replicas === 'number' ? place(replicas) : placeOn(replicas[index - before] ?? []);
        partitions.push(createPartitionLog({ now, policy: () => policy, placement }));
      }
    },
  };
};

const partitionCount = (config: ITopicConfig, defaultPartitions: number): number => {
  const assigned = config.replicaAssignment?.length ?? 0;
  if (assigned > 0) return assigned;
  const asked = config.numPartitions ?? -1;
  return asked === -1 ? defaultPartitions : Math.trunc(asked);
};

const replicasOf = (
  { replicaAssignment = [], replicationFactor = -1 }: ITopicConfig,
  defaultReplicas: number,
): Replicas => {
  if (replicaAssignment.length === 0) return replicationFactor === -1 ? defaultReplicas : replicationFactor;
  return replicaAssignment.toSorted((a, b) => a.partition - b.partition).map(({ replicas }) => replicas);
};

/** What is not said about the new partitions is as with those that there are. */
const growTo = (
  topic: Topic,
  { count, assignments = [] }: ITopicPartitionConfig,
  defaultReplicas: number,
): void => {
  const replicas = topic.partitions[0]?.placement.replicas.length ?? defaultReplicas;
  topic.grow(Math.trunc(count), assignments.length > 0 ? assignments : replicas);
};

const replacement = (entries: readonly IResourceConfigEntry[]): TopicConfig => {
  if (new Set(entries.map(({ name }) => name)).size < entries.length) throw protocolError('INVALID_REQUEST');
  const config = parseTopicConfig(entries);
  if (config === undefined) throw protocolError('INVALID_CONFIG');
  return config;
};

const placementsOf = (topics: Iterable<Topic>): Placement[] =>
  [...topics].flatMap(({ partitions }) => partitions.map((log) => log.placement));

/** No topics yet. */
export const createTopics = (options: TopicsOptions): Topics => {
  const { defaultPartitions, defaultReplicas, brokerCount } = options;
  const topics = new Map<string, Topic>();

  const existing = (name: string): Topic => {
    const topic = topics.get(name);
    if (topic === undefined) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
    return topic;
  };

  const add = (name: string, count: number, config: TopicConfig, replicas: Replicas): Topic => {
    const topic = createTopic(name, config, options);
    topic.grow(count, replicas);
    topics.set(name, topic);
    return topic;
  };

  const describe = (name: string, autoCreate: boolean): Topic => {
    if (!isLegalName(name)) throw protocolError('INVALID_TOPIC_EXCEPTION');
    if (topics.has(name) || !autoCreate) return existing(name);
    // Kafka does not say why: the topic just does not come into being.
    if (collides(name, topics.keys())) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
    return add(name, defaultPartitions, new Map(), defaultReplicas);
  };

  const remove = (name: string): void => {
    const { partitions } = existing(name);
    topics.delete(name);
    // Those that wait for messages of this topic have to know that there is none any more.
    for (const log of partitions) log.deleteBefore(log.high());
  };

  return {
    placements: () => placementsOf(topics.values()),
    names: () => [...topics.keys()],
    find: (name) => topics.get(name),
    partition: (topic, partition) => {
      const log = existing(topic).partitions[partition];
      if (log === undefined) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
      return log;
    },
    describe,
    create: (config, validateOnly) => {
      const refused = creationRefusal(config, topics, brokerCount);
      if (refused !== undefined || validateOnly) return refused;
      const own = parseTopicConfig(config.configEntries ?? []) ?? new Map<string, string>();
      add(config.topic, partitionCount(config, defaultPartitions), own, replicasOf(config, defaultReplicas));
      return undefined;
    },
    grow: (config, validateOnly) => {
      const topic = topics.get(config.topic);
      if (topic === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION';
      const refused = growthRefusal(config, topic.partitions.length, brokerCount);
      if (refused === undefined && !validateOnly) growTo(topic, config, defaultReplicas);
      return refused;
    },
    configure: (name, entries, validateOnly) => {
      const topic = describe(name, false);
      const config = replacement(entries);
      if (!validateOnly) topic.configure(config);
    },
    remove,
    clear: () => {
      for (const name of topics.keys()) remove(name);
    },
  };
};
