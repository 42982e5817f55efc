import type { Admin, Consumer, ConsumerConfig, Producer, ProducerConfig } from 'kafkajs';

export type ProducerPort = Pick<Producer, 'connect' | 'disconnect' | 'sendBatch'>;

export type ConsumerPort = Pick<
  Consumer,
  'connect' | 'disconnect' | 'subscribe' | 'run' | 'commitOffsets' | 'on' | 'events' | 'pause' | 'resume'
>;

export type AdminPort = Pick<
  Admin,
  | 'connect'
  | 'disconnect'
  | 'createTopics'
  | 'listTopics'
  | 'fetchTopicMetadata'
  | 'fetchTopicOffsets'
  | 'fetchOffsets'
  | 'describeGroups'
  | 'describeCluster'
  | 'describeConfigs'
>;

/** The part of kafkajs's `Kafka` that the services call; kafkajs's own and the in-memory one both are one. */
export interface KafkaPort {
  producer(config?: ProducerConfig): ProducerPort;
  consumer(config: ConsumerConfig): ConsumerPort;
  admin(): AdminPort;
}

/** How topics are made; what is not set is left to the broker. Those that exist stay as they are. */
export interface TopicSettings {
  readonly partitions: number;
  readonly replicationFactor?: number | undefined;
  readonly minInSyncReplicas?: number | undefined;
  /** Of the topics of events; -1: for ever. Dead letters stay. */
  readonly retentionMs?: number | undefined;
}

/** Where a service meets Kafka. */
export interface Broker {
  /** A client of its own: members of one group must not share an instance of kafkajs's `Kafka`. */
  connect(clientId: string): KafkaPort;
  /** Whether what was published is still there after a restart of this process. */
  readonly durable: boolean;
  /** Default: `PARTITIONS_PER_TOPIC`, and nothing said. */
  readonly topics?: TopicSettings;
  /** How batches are compressed that are sent; default: not at all. Consumers read all of these. */
  readonly compression?: 'none' | 'gzip';
}
