import { deadLetterTopic, PARTITIONS_PER_TOPIC, TOPIC_NAMES } from '@order-pipeline/contracts';
import type { Broker } from '@order-pipeline/service-kit';

/**
 * Dead letters stay until an operator has worked them, and may be larger than other messages (1 MiB): they bear more
 * headers, and one that Kafka refused would hold up its partition for ever.
 */
const DEAD_LETTER_CONFIG = [
  { name: 'retention.ms', value: '-1' },
  { name: 'max.message.bytes', value: String(2 * 1_048_576) },
];

const allTopics = () => [
  ...TOPIC_NAMES.map((topic) => ({ topic, numPartitions: PARTITIONS_PER_TOPIC })),
  ...TOPIC_NAMES.map((topic) => ({
    topic: deadLetterTopic(topic),
    numPartitions: PARTITIONS_PER_TOPIC,
    configEntries: DEAD_LETTER_CONFIG,
  })),
];

/** Makes sure that every topic exists. Resolves once they do; rejects when the broker does not answer. */
export type TopicSetup = () => Promise<void>;

/**
 * Creates the topics on purpose, with their partitions: a topic that the broker made by itself would have one. Any
 * number of processes may do it at once. Done once a process and service; a failure is tried again by the next call.
 */
export const createTopicSetup = (broker: Broker, clientId: string): TopicSetup => {
  const create = async (): Promise<void> => {
    const admin = broker.connect(clientId).admin();
    try {
      await admin.connect();
      await admin.createTopics({ topics: allTopics(), waitForLeaders: true });
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
