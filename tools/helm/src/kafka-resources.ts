import { KAFKA_GRANTS, KAFKA_USERS, type KafkaGrant, type KafkaUser } from '@order-pipeline/contracts';
import { topicConfigs } from '@order-pipeline/messaging';
import type { TopicSettings } from '@order-pipeline/service-kit';

/** An object of Kubernetes. */
type Resource = Readonly<Record<string, unknown>>;

const API_VERSION = 'kafka.strimzi.io/v1';
const PATTERNS = { literal: 'literal', prefixed: 'prefix' } as const;

/** Of names of topics, which names of Kubernetes' objects may not be. */
const objectName = (topic: string): string => topic.toLowerCase().replaceAll('_', '-').replaceAll('.', '-');

const resource = (kind: string, name: string, cluster: string, spec: Resource): Resource => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, labels: { 'strimzi.io/cluster': cluster } },
  spec,
});

const aclsOf = ({ operations, resource: type, pattern, names }: KafkaGrant): Resource[] =>
  names.map((name) => ({ resource: { type, name, patternType: PATTERNS[pattern] }, operations }));

const userOf = (user: KafkaUser, cluster: string): Resource =>
  resource('KafkaUser', user, cluster, {
    authentication: { type: 'scram-sha-512' },
    authorization: {
      type: 'simple',
      acls: KAFKA_GRANTS.filter((grant) => grant.user === user).flatMap(aclsOf),
    },
  });

/**
 * The topics and the users of Kafka as resources of Strimzi's operators, which keep them so: a user for each service that uses
 * Kafka and for the audit, with what `KAFKA_GRANTS` gives it and nothing else. None of them makes topics.
 *
 * @param cluster the name of the `Kafka` that they belong to
 * @param topics how the topics are made; what is not said is left to the brokers
 */
export const createKafkaResources = (cluster: string, topics: TopicSettings): Resource[] => [
  ...topicConfigs(topics).map(({ topic, numPartitions, replicationFactor, configEntries = [] }) =>
    resource('KafkaTopic', objectName(topic), cluster, {
      topicName: topic,
      partitions: numPartitions,
      ...(replicationFactor === undefined ? {} : { replicas: replicationFactor }),
      config: Object.fromEntries(configEntries.map(({ name, value }) => [name, Number(value)])),
    }),
  ),
  ...KAFKA_USERS.map((user) => userOf(user, cluster)),
];
