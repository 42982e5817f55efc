import {
  ALL_TOPICS,
  findTopicProblems,
  findTopics,
  raisePartitions,
  type FoundTopic,
  type TopicProblem,
} from '@order-pipeline/messaging';
import type { TopicSettings } from '@order-pipeline/service-kit';
import type { Admin } from 'kafkajs';
import type { Cli } from '../../kit/cli.ts';
import { CliError } from '../../kit/cli-error.ts';
import { openKafka } from '../open-kafka.ts';

const CLIENT_ID = 'orders-topics';
/** Only the orders service knows its `REPUBLISH_AFTER_MS`, and it warns of a retention that is shorter. */
const ANY_RETENTION_MS = 0;

/** What the topics have, once what was asked for is done. */
export interface TopicsReport {
  readonly brokers: number;
  readonly topics: readonly FoundTopic[];
  /** Those that have more partitions than before. */
  readonly raised: readonly string[];
  readonly problems: readonly TopicProblem[];
}

const WHY: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED:
    'the user of KAFKA_SASL_USERNAME may not: it needs Describe and DescribeConfigs on the topics, and Alter to add partitions',
  UNKNOWN_TOPIC_OR_PARTITION:
    'they are not there; the first start of the services makes them, or `orders kafka-acls --apply`',
};

const sentenceOf = (error: unknown): string => {
  const { type, errors = [], message } = error as Error & { type?: string; errors?: { type?: string }[] };
  return WHY[type ?? errors[0]?.type ?? ''] ?? message;
};

const inspect = async (
  admin: Admin,
  { runtime }: Cli,
  asked: TopicSettings,
  partitions: number | undefined,
): Promise<TopicsReport> => {
  await admin.connect();
  const raised =
    partitions === undefined ? [] : await raisePartitions(admin, ALL_TOPICS, partitions, runtime);
  const topics = await findTopics(admin, ALL_TOPICS);
  const brokers = (await admin.describeCluster()).brokers.length;
  const expected = { ...asked, partitions: partitions ?? asked.partitions };
  const expectations = { asked: expected, brokers, republishAfterMs: ANY_RETENTION_MS };
  return { brokers, topics, raised, problems: findTopicProblems(topics, expectations) };
};

/**
 * Adds partitions, if so many are asked for, and looks at every topic.
 *
 * @throws SettingsError with every wrong setting; CliError when Kafka does not answer, or does not let the user
 */
export const inspectTopics = async (cli: Cli, partitions: number | undefined): Promise<TopicsReport> => {
  const { broker, topics } = openKafka(cli.environment, 'whose topics are meant?');
  const admin = broker.connect(CLIENT_ID).admin();
  cli.onClose(() => admin.disconnect());
  try {
    return await inspect(admin, cli, topics, partitions);
  } catch (error) {
    const what = partitions === undefined ? 'looked at' : 'altered';
    throw new CliError(`The topics could not be ${what}: ${sentenceOf(error)}`);
  }
};
