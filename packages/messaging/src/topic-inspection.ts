import { TOPIC_NAMES } from '@order-pipeline/contracts';
import { causeOf, type AdminPort, type Broker, type TopicSettings } from '@order-pipeline/service-kit';
import kafkajs from 'kafkajs';
import type { Logger } from 'pino';

/** What a topic has in Kafka. */
export interface FoundTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minInSyncReplicas: number;
  /** -1: for ever. */
  readonly retentionMs: number;
}

/** What is wrong with topics, as a sentence. */
export interface TopicProblem {
  readonly problem: string;
  readonly topics: readonly string[];
}

export interface TopicExpectations {
  readonly asked: TopicSettings;
  /** How many brokers there are. */
  readonly brokers: number;
  /** Age at which the event of a stuck order is published again; until then it has to be there. */
  readonly republishAfterMs: number;
}

const isTooFew = (has: number, asked: number | undefined): boolean => asked !== undefined && has < asked;

/** What may cost events, or stop them, or is less than was asked for. */
export const findTopicProblems = (
  found: readonly FoundTopic[],
  { asked, brokers, republishAfterMs }: TopicExpectations,
): TopicProblem[] => {
  const checks: readonly (readonly [string, (topic: FoundTopic) => boolean])[] = [
    [
      'topics have one replica on several brokers: without the one that has it they are unavailable, and with its disk they are lost',
      ({ replicationFactor }) => replicationFactor === 1 && brokers > 1,
    ],
    [
      'topics need one replica in sync alone: what only it has stored is lost with it',
      ({ replicationFactor, minInSyncReplicas }) => replicationFactor > 1 && minInSyncReplicas === 1,
    ],
    [
      'topics need all their replicas in sync: they take nothing while one broker is away',
      ({ replicationFactor, minInSyncReplicas }) =>
        replicationFactor > 1 && minInSyncReplicas >= replicationFactor,
    ],
    [
      'topics have fewer partitions than KAFKA_TOPIC_PARTITIONS asks for: add them with `orders topics --partitions`, a start adds none to topics that exist',
      ({ partitions }) => partitions < asked.partitions,
    ],
    [
      'topics have fewer replicas than KAFKA_TOPIC_REPLICATION_FACTOR asks for',
      ({ replicationFactor }) => isTooFew(replicationFactor, asked.replicationFactor),
    ],
    [
      'topics need fewer replicas in sync than KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS asks for',
      ({ minInSyncReplicas }) => isTooFew(minInSyncReplicas, asked.minInSyncReplicas),
    ],
    [
      'topics keep events for less than REPUBLISH_AFTER_MS: one that nobody has consumed by then is gone until it is published again',
      ({ retentionMs }) => retentionMs >= 0 && retentionMs < republishAfterMs,
    ],
  ];
  return checks.flatMap(([problem, holds]) => {
    const topics = found.filter(holds).map(({ topic }) => topic);
    return topics.length > 0 ? [{ problem, topics }] : [];
  });
};

const RETENTION = 'retention.ms';
const MIN_IN_SYNC = 'min.insync.replicas';

/**
 * What topics have.
 *
 * @throws what Kafka refuses: to who may not look, or of topics that are not there
 */
export const findTopics = async (
  admin: Pick<AdminPort, 'fetchTopicMetadata' | 'describeConfigs'>,
  topics: readonly string[],
): Promise<FoundTopic[]> => {
  const { topics: metadata } = await admin.fetchTopicMetadata({ topics: [...topics] });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: [RETENTION, MIN_IN_SYNC],
    })),
  });
  return topics.map((topic) => {
    const partitions = metadata.find(({ name }) => name === topic)?.partitions ?? [];
    const configs = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
    const numberOf = (name: string) =>
      Number(configs.find(({ configName }) => configName === name)?.configValue ?? NaN);
    return {
      topic,
      partitions: partitions.length,
      replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
      minInSyncReplicas: numberOf(MIN_IN_SYNC),
      retentionMs: numberOf(RETENTION),
    };
  });
};

/**
 * Tells in the log what the topics have, and warns of what is wrong with them. It says so too where it may not look.
 *
 * @returns nothing for a broker that has no settings of topics, such as the one in memory
 */
export const createTopicInspection = (
  { topics: asked }: Broker,
  { logger, republishAfterMs }: { readonly logger: Logger; readonly republishAfterMs: number },
): ((admin: AdminPort) => Promise<void>) | undefined =>
  asked &&
  (async (admin) => {
    try {
      const found = await findTopics(admin, TOPIC_NAMES);
      const { brokers } = await admin.describeCluster();
      logger.info({ brokers: brokers.length, topics: found }, 'the topics of events are there');
      for (const { problem, topics } of findTopicProblems(found, {
        asked,
        brokers: brokers.length,
        republishAfterMs,
      }))
        logger.warn({ topics }, problem);
    } catch (error) {
      logger.warn(causeOf(error), 'what the topics have could not be looked at');
    }
  });
