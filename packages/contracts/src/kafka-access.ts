import { deadLetterTopic } from './events.ts';
import { TOPIC_NAMES, TOPIC_PARTIES } from './order-lifecycle.ts';
import { SERVICE_NAMES, type ServiceName } from './service-names.ts';

/** The consumer group of the service that stores dead letters. */
export const DEAD_LETTERS_GROUP = 'dead-letters';
/** The audit reads in a group of its own each time, whose name begins like this. */
export const AUDIT_GROUP_PREFIX = 'audit-';

/** The service that stores dead letters, redrives them to their topics, and republishes the events of stuck orders. */
const ORDERS = 'orders' satisfies ServiceName;

/** Who reaches Kafka as a user of its own: a service that publishes or consumes, or the audit. */
export type KafkaUser = ServiceName | 'audit';

/** What a user may do; the words are Kafka's own. Read and Write include Describe. */
export type KafkaOperation = 'Read' | 'Write' | 'Describe' | 'DescribeConfigs';

export interface KafkaGrant {
  readonly user: KafkaUser;
  readonly operations: readonly KafkaOperation[];
  readonly resource: 'topic' | 'group';
  /** Whether the names are whole, or what a name begins with. */
  readonly pattern: 'literal' | 'prefixed';
  readonly names: readonly string[];
}

const DLQ_NAMES = TOPIC_NAMES.map(deadLetterTopic);
const consumedBy = (service: ServiceName) =>
  TOPIC_NAMES.filter((topic) => TOPIC_PARTIES[topic].to.includes(service));
const publishedBy = (service: ServiceName) =>
  TOPIC_NAMES.filter((topic) => TOPIC_PARTIES[topic].from === service);

const topics = (user: KafkaUser, operations: readonly KafkaOperation[], names: readonly string[]) => ({
  user,
  operations,
  resource: 'topic' as const,
  pattern: 'literal' as const,
  names,
});
const groups = (user: KafkaUser, operations: readonly KafkaOperation[], names: readonly string[]) => ({
  ...topics(user, operations, names),
  resource: 'group' as const,
});

const WORKER_GROUPS = SERVICE_NAMES.filter((name) => consumedBy(name).length > 0);

/** It may not consume the events of others, and need not: the state of their groups is all that it asks for. */
const ordersGrants = (): KafkaGrant[] => [
  topics(ORDERS, ['Write', 'DescribeConfigs'], TOPIC_NAMES),
  topics(ORDERS, ['Read'], DLQ_NAMES),
  groups(ORDERS, ['Read'], [DEAD_LETTERS_GROUP]),
  groups(ORDERS, ['Describe'], WORKER_GROUPS),
];

const workerGrants = (worker: ServiceName): KafkaGrant[] => {
  const [consumed, published] = [consumedBy(worker), publishedBy(worker)];
  const dlqs = consumed.map(deadLetterTopic);
  const used: readonly string[] = [...consumed, ...published, ...dlqs];
  return [
    topics(worker, ['Read'], consumed),
    topics(worker, ['Write'], [...published, ...dlqs]),
    // Every service looks whether all topics are there, and measures their replicas.
    topics(
      worker,
      ['Describe'],
      [...TOPIC_NAMES, ...DLQ_NAMES].filter((name) => !used.includes(name)),
    ),
    groups(worker, ['Read'], [worker]),
  ];
};

const AUDIT_GRANTS: readonly KafkaGrant[] = [
  topics('audit', ['Read'], [...TOPIC_NAMES, ...DLQ_NAMES]),
  { ...groups('audit', ['Read'], [AUDIT_GROUP_PREFIX]), pattern: 'prefixed' },
];

/**
 * All that each user of Kafka needs, and nothing else, by the table of the order lifecycle. Nobody may make, change or
 * delete a topic.
 */
export const KAFKA_GRANTS: readonly KafkaGrant[] = [
  ...ordersGrants(),
  ...WORKER_GROUPS.flatMap(workerGrants),
  ...AUDIT_GRANTS,
];

/** Every user of Kafka, in the order of the grants. */
export const KAFKA_USERS: readonly KafkaUser[] = [...new Set(KAFKA_GRANTS.map(({ user }) => user))];
