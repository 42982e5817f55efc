import { TOPIC_PARTIES } from '../order-lifecycle.ts';
import type { ServiceName } from '../service-names.ts';
import type { MetricDefinition } from './definition.ts';

const PARTIES = Object.values(TOPIC_PARTIES);
const OF_EVENTS = PARTIES.flatMap(({ to }) => to);
/** Those of events, and the orders service, which ingests dead letters. */
const CONSUMERS: readonly ServiceName[] = [...new Set([...OF_EVENTS, 'orders' as const])];
/** Those of events, and consumers, which publish dead letters. */
const PUBLISHERS: readonly ServiceName[] = [...new Set([...PARTIES.map(({ from }) => from), ...OF_EVENTS])];

const ofTopic = { type: 'gauge', labels: { topic: 'topic' }, services: ['orders'], scope: 'global' } as const;

/** What is published and consumed, and the topics. */
export const KAFKA_METRICS = {
  events_published_total: {
    type: 'counter',
    help: 'Messages that were published, by topic.',
    unit: 'messages',
    labels: { topic: 'topic' },
    services: PUBLISHERS,
    scope: 'instance',
  },
  kafka_consumer_lag: {
    type: 'gauge',
    help: 'Messages of the partitions of this instance that it has not processed yet.',
    unit: 'messages',
    labels: { group: 'group', topic: 'topic', partition: 'partition' },
    services: CONSUMERS,
    scope: 'instance',
  },
  kafka_consumer_batch_messages: {
    type: 'histogram',
    help: 'Messages that a consumer processed together.',
    unit: 'messages',
    labels: { group: 'group' },
    services: CONSUMERS,
    scope: 'instance',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500],
  },
  dead_letters_total: {
    type: 'counter',
    help: 'Messages that were sent to a dead-letter queue, by the topic and the group that failed to process them.',
    unit: 'messages',
    labels: { topic: 'topic', group: 'group' },
    services: CONSUMERS,
    scope: 'instance',
  },
  dead_letters_open: {
    type: 'gauge',
    help: 'Dead letters that wait for an operator; of each topic and group the first 10,000 are counted.',
    unit: 'messages',
    labels: { topic: 'topic', group: 'group' },
    services: ['orders'],
    scope: 'global',
  },
  kafka_up: {
    type: 'gauge',
    help: '1 while Kafka answers the instance about its topics, 0 otherwise; the metrics of topics are old then.',
    unit: 'boolean',
    labels: {},
    services: ['orders'],
    scope: 'instance',
  },
  kafka_topic_partitions: { ...ofTopic, help: 'Partitions of a topic.', unit: 'partitions' },
  kafka_topic_under_replicated_partitions: {
    ...ofTopic,
    help: 'Partitions of a topic with a replica that is not in sync.',
    unit: 'partitions',
  },
  kafka_topic_offline_partitions: {
    ...ofTopic,
    help: 'Partitions of a topic that have no leader: nothing is published to them.',
    unit: 'partitions',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
