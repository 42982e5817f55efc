import kafkajs from 'kafkajs';
import type {
  Admin,
  AdminConfig,
  Consumer,
  ConsumerConfig,
  KafkaConfig,
  Logger,
  Producer,
  ProducerConfig,
  RetryOptions,
} from 'kafkajs';
import { createAdmin } from './client/admin.ts';
import { createAssignerCluster } from './client/assigner-cluster.ts';
import { createConnection, type Link } from './client/connection.ts';
import { createConsumer } from './client/consumer.ts';
import { CONSUMER_EVENTS } from './client/consumer-events.ts';
import { createClusterView, type ClusterView } from './client/metadata.ts';
import { createOffsetsBoard, type OffsetsBoard } from './client/offsets-board.ts';
import { warnOfDefaultPartitioner } from './client/partitioner-warning.ts';
import { requestTimeoutOf } from './client/request-timeout.ts';
import { createProducer } from './client/producer.ts';
import { clusterOf, type MemoryCluster } from './cluster.ts';
import { createEmitter, networkEvents } from './emitter.ts';
import { nonRetriable, notImplemented } from './errors.ts';
import { createDefaultPartitioner } from './partitioners.ts';

/** kafkajs's own configuration, and optionally the cluster to use instead of the one that `brokers` lead to. */
export interface MemoryKafkaConfig extends KafkaConfig {
  readonly cluster?: MemoryCluster | undefined;
  /** What stands between these clients and the cluster; nothing, if not given. */
  readonly link?: Link | undefined;
}

const DEFAULT_METADATA_MAX_AGE_MS = 300_000;
const DEFAULT_CLIENT_ID = 'kafkajs';
const DEFAULT_REAUTHENTICATION_THRESHOLD_MS = 10_000;
/** Refused with kafkajs's sentence about the missing group, as `consumer()` from JavaScript is. */
const NO_GROUP: ConsumerConfig = { groupId: '' };

/** kafkajs's own would load Node's TLS, which takes longer than everything else until the first message. */
const noSockets = (): never => {
  throw notImplemented('socketFactory');
};

const checkTimeouts = (sessionTimeout: number, heartbeatInterval: number): void => {
  if (heartbeatInterval < sessionTimeout) return;
  throw nonRetriable(
    `Consumer heartbeatInterval (${heartbeatInterval}) must be lower than sessionTimeout (${sessionTimeout}). It is recommended to set heartbeatInterval to approximately a third of the sessionTimeout.`,
  );
};

const fetchLimits = (config: ConsumerConfig) => ({
  maxBytes: config.maxBytes ?? 10_485_760,
  maxBytesPerPartition: config.maxBytesPerPartition ?? 1_048_576,
  minBytes: config.minBytes ?? 1,
  maxWaitMs: config.maxWaitTimeInMs ?? 5000,
  committedOnly: !(config.readUncommitted ?? false),
});

/** kafkajs's `Kafka`, over a cluster in this process. */
export class Kafka {
  readonly #config: MemoryKafkaConfig;
  readonly #retry: RetryOptions;
  readonly #logger: Logger;
  readonly #board: OffsetsBoard = createOffsetsBoard();

  constructor(config: MemoryKafkaConfig) {
    const { cluster: _cluster, link: _link, ...kafkaConfig } = config;
    this.#config = config;
    this.#retry = config.retry ?? {};
    // kafkajs's own logger: the same levels, format and environment variable. Nothing connects.
    this.#logger = new kafkajs.Kafka({ ...kafkaConfig, socketFactory: noSockets }).logger();
  }

  /**
   * The cluster of these clients: to inspect it, to reset it between tests, to make something go wrong. Throws
   * KafkaJSNonRetriableError where only a `brokers` function knows which one it is.
   */
  get cluster(): MemoryCluster {
    const { brokers, cluster } = this.#config;
    if (cluster !== undefined) return cluster;
    if (typeof brokers === 'function')
      throw nonRetriable('The cluster is known once "config.brokers" was asked; give "config.cluster"');
    return clusterOf(brokers);
  }

  #view(metadataMaxAgeMs: number, allowAutoTopicCreation: boolean): ClusterView {
    const { brokers, cluster, link, clientId = DEFAULT_CLIENT_ID, sasl } = this.#config;
    const { reauthenticationThreshold = DEFAULT_REAUTHENTICATION_THRESHOLD_MS } = this.#config;
    const connection = createConnection({
      brokers,
      cluster,
      link,
      retry: this.#retry,
      clientId,
      logger: this.#logger,
      sasl,
      reauthenticationThreshold,
      requestTimeoutMs: requestTimeoutOf(this.#config),
    });
    return createClusterView(connection, { metadataMaxAgeMs, allowAutoTopicCreation });
  }

  /** A producer; see kafkajs. Throws KafkaJSNonRetriableError for a configuration that makes no sense. */
  producer(config: ProducerConfig = {}): Producer {
    const { metadataMaxAge = DEFAULT_METADATA_MAX_AGE_MS, allowAutoTopicCreation = true } = config;
    const view = this.#view(metadataMaxAge, allowAutoTopicCreation);
    const random = () => view.connection.random();
    if (!config.createPartitioner) warnOfDefaultPartitioner(this.#logger);
    return createProducer({
      config,
      retry: { ...this.#retry, ...config.retry },
      view,
      logger: this.#logger,
      createPartitioner: config.createPartitioner ?? createDefaultPartitioner(random),
      board: this.#board,
    });
  }

  /** A consumer; see kafkajs. Throws KafkaJSNonRetriableError for a configuration that makes no sense. */
  consumer(config: ConsumerConfig = NO_GROUP): Consumer {
    const { groupId, sessionTimeout = 30_000, heartbeatInterval = 3000, retry = { retries: 5 } } = config;
    if (!groupId) throw nonRetriable('Consumer groupId must be a non-empty string.');
    const { metadataMaxAge = DEFAULT_METADATA_MAX_AGE_MS, allowAutoTopicCreation = true } = config;
    const view = this.#view(metadataMaxAge, allowAutoTopicCreation);
    const logger = this.#logger.namespace('Consumer');
    const emitter = createEmitter(CONSUMER_EVENTS, 'consumer.events', view.connection.clock, logger);
    view.connection.onRequest(networkEvents(emitter, CONSUMER_EVENTS));
    const cluster = createAssignerCluster(view);
    const assigners = config.partitionAssigners ?? [kafkajs.PartitionAssigners.roundRobin];
    const created = assigners.map((createAssigner) => createAssigner({ cluster, groupId, logger }));
    checkTimeouts(sessionTimeout, heartbeatInterval);
    return createConsumer({
      groupId,
      clientId: this.#config.clientId ?? DEFAULT_CLIENT_ID,
      sessionTimeoutMs: sessionTimeout,
      rebalanceTimeoutMs: config.rebalanceTimeout ?? 60_000,
      heartbeatIntervalMs: heartbeatInterval,
      limits: fetchLimits(config),
      assigners: created,
      retry: { ...this.#retry, ...retry },
      view,
      board: this.#board,
      emitter,
      logger,
    });
  }

  /** An admin client; see kafkajs. */
  admin(config: AdminConfig = {}): Admin {
    return createAdmin({
      retry: { ...this.#retry, ...config.retry },
      view: this.#view(0, false),
      logger: this.#logger,
    });
  }

  /** The logger that all clients of this instance write to. */
  logger(): Logger {
    return this.#logger;
  }
}
