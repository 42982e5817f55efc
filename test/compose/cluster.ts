import { readFile } from 'node:fs/promises';
import { deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import type { Compose } from './compose.ts';

export const BROKERS = ['kafka', 'kafka-2', 'kafka-3'] as const;

/** The broker whose controller leads the others. */
export const leadingBroker = async (compose: Compose): Promise<string> => {
  const tool = ['/opt/kafka/bin/kafka-metadata-quorum.sh', '--bootstrap-server', 'kafka:9092'];
  const description = await compose.run('exec', '-T', 'kafka', ...tool, 'describe', '--status');
  const [, id] = /LeaderId:\s+(\d)/.exec(description) ?? [];
  const broker = BROKERS[Number(id) - 1];
  if (broker === undefined) throw new Error(`no leader in: ${description}`);
  return broker;
};

const DESCRIBE_TOPICS = `
const { Kafka } = require('/app/packages/launcher/node_modules/kafkajs');
(async () => {
  const topics = JSON.parse(process.argv[1]);
  const admin = new Kafka({ brokers: process.env.KAFKA_BROKERS.split(','), logLevel: 0 }).admin();
  await admin.connect();
  const metadata = await admin.fetchTopicMetadata({ topics });
  const { resources } = await admin.describeConfigs({
    resources: topics.map((name) => ({ type: 2, name, configNames: ['min.insync.replicas'] })),
  });
  console.log(JSON.stringify(metadata.topics.map(({ name, partitions }) => ({
    topic: name,
    replicas: partitions.map(({ replicas }) => replicas.toSorted().join()),
    minInSync: resources.find(({ resourceName }) => resourceName === name).configEntries[0].configValue,
  }))));
  process.exit(0);
})();
`;

/** What Kafka's admin API says of all topics of the pipeline: the replicas of each partition, and how many must be in sync. */
export const describeTopics = async (compose: Compose) => {
  const topics = TOPIC_NAMES.flatMap((topic) => [topic, deadLetterTopic(topic)]);
  const program = ['node', '-e', DESCRIBE_TOPICS, JSON.stringify(topics)];
  const description = await compose.run('exec', '-T', 'orders', ...program);
  return JSON.parse(description) as {
    readonly topic: string;
    readonly replicas: readonly string[];
    readonly minInSync: string;
  }[];
};

const READ_METRICS = `fetch('http://127.0.0.1:9464/metrics').then((answer) => answer.text()).then((text) => console.log(text))`;

/** How many reads the standby has answered, to all instances of orders that run. */
export const countStandbyReads = async (compose: Compose): Promise<number> => {
  const containers = await compose.containers();
  const running = containers.filter(({ Service, State }) => Service === 'orders' && State === 'running');
  const pages = await Promise.all(
    running.map(({ ID }) => compose.docker('exec', ID, 'node', '-e', READ_METRICS)),
  );
  const reads = pages.flatMap((page) => [
    ...page.matchAll(/^replica_reads_total\{[^}]*outcome="answered"[^}]*\} (\d+)/gm),
  ]);
  return reads.reduce((sum, [, count]) => sum + Number(count), 0);
};

const PROCEDURE = new URL('../../docs/operations.md', import.meta.url);

/** The commands of docs/operations.md under a heading, as an operator types them one block after the other. */
export const commandsUnder = async (heading: string): Promise<string> => {
  const page = await readFile(PROCEDURE, 'utf8');
  const section = page.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`));
  const blocks = [...(section ?? '').matchAll(/^```sh\n([^`]+)^```$/gm)].map(([, block = '']) => block);
  if (blocks.length === 0) throw new Error(`no commands under ${heading}`);
  return ['set -e', ...blocks].join('\n');
};
