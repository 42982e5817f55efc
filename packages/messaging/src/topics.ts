import { deadLetterTopic, PARTITIONS_PER_TOPIC, TOPIC_NAMES } from '@order-pipeline/contracts';
import type { AdminPort, Broker, TopicSettings } from '@order-pipeline/service-kit';
import type { ITopicConfig } from 'kafkajs';

/**
 * Dead letters stay until an operator has resolved them, and may be larger than other messages (1 MiB): they have more
 * headers, and one that Kafka refused would hold up its partition for ever.
 */
const DEAD_LETTER_CONFIG = [
  { name: 'retention.ms', value: '-1' },
  { name: 'max.message.bytes', value: String(2 * 1_048_576) },
];

/**
 * How old what a client knows of the topics may become, in milliseconds: so long after partitions were added until it writes to
 * them, or has its group share them out. kafkajs would take five minutes.
 */
export const METADATA_MAX_AGE_MS = 20_000;

const DEFAULT_SETTINGS: TopicSettings = { partitions: PARTITIONS_PER_TOPIC };

/** Every topic: those of events, then those of dead letters. */
export const ALL_TOPICS: readonly string[] = [...TOPIC_NAMES, ...TOPIC_NAMES.map(deadLetterTopic)];

/** How every topic is created, in the order of `ALL_TOPICS`. */
export const topicConfigs = (settings: TopicSettings): ITopicConfig[] => {
  const { partitions: numPartitions, replicationFactor, minInSyncReplicas, retentionMs } = settings;
  const shape = { numPartitions, ...(replicationFactor === undefined ? {} : { replicationFactor }) };
  const inSync =
    minInSyncReplicas === undefined
      ? []
      : [{ name: 'min.insync.replicas', value: String(minInSyncReplicas) }];
  const kept = retentionMs === undefined ? [] : [{ name: 'retention.ms', value: String(retentionMs) }];
  const eventConfig = [...inSync, ...kept];
  return [
    ...TOPIC_NAMES.map((topic) => ({
      topic,
      ...shape,
      ...(eventConfig.length > 0 ? { configEntries: eventConfig } : {}),
    })),
    ...TOPIC_NAMES.map((topic) => ({
      topic: deadLetterTopic(topic),
      ...shape,
      configEntries: [...DEAD_LETTER_CONFIG, ...inSync],
    })),
  ];
};

/** Makes sure that every topic exists. Resolves once they do; rejects when the broker does not answer. */
export type TopicSetup = () => Promise<void>;

const UNKNOWN = 'UNKNOWN_TOPIC_OR_PARTITION';
const FORBIDDEN = 'TOPIC_AUTHORIZATION_FAILED';

const isOfType = (error: unknown, wanted: string): boolean => {
  const { type, errors = [] } = error as { type?: string; errors?: readonly { readonly type?: string }[] };
  return [type, ...errors.map((each) => each.type)].includes(wanted);
};

/** Looks for topics; it throws where Kafka refuses that. */
const areThere = async (admin: AdminPort, topics: readonly ITopicConfig[]): Promise<boolean> => {
  try {
    await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
    return true;
  } catch (error) {
    if (isOfType(error, UNKNOWN)) return false;
    throw error;
  }
};

/** Kafka names none of those that are missing, so each is asked for once one is. */
const findMissing = async (admin: AdminPort, topics: readonly ITopicConfig[]): Promise<ITopicConfig[]> => {
  if (await areThere(admin, topics)) return [];
  const found = await Promise.all(topics.map((topic) => areThere(admin, [topic])));
  return topics.filter((_, index) => !found[index]);
};

/** Who may not create topics, which only is asked for when one is missing, waits until somebody else has. */
const createMissing = async (admin: AdminPort, topics: readonly ITopicConfig[]): Promise<void> => {
  const missing = await findMissing(admin, topics);
  if (missing.length === 0) return;
  try {
    await admin.createTopics({ topics: missing, waitForLeaders: true });
  } catch (error) {
    if (!isOfType(error, FORBIDDEN)) throw error;
    await admin.fetchTopicMetadata({ topics: missing.map(({ topic }) => topic) });
  }
};

/**
 * Creates the topics that are missing, on purpose, with their partitions: a topic that the broker made by itself would have
 * one. Any number of processes may do it at once. Done once a process and service; a failure is tried again by the next call.
 *
 * @param inspect looks at the topics once they are there; must not throw
 */
export const createTopicSetup = (
  broker: Broker,
  clientId: string,
  inspect: (admin: AdminPort) => Promise<void> = async () => undefined,
): TopicSetup => {
  const create = async (): Promise<void> => {
    const admin = broker.connect(clientId).admin();
    try {
      await admin.connect();
      await createMissing(admin, topicConfigs(broker.topics ?? DEFAULT_SETTINGS));
      await inspect(admin);
    } finally {
      await admin.disconnect();
    }
  };
  let done: Promise<void> | undefined;
  return () => {
    done ??= create().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
};
