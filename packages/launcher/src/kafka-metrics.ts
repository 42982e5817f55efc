import { deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import {
  startPeriodic,
  withTimeout,
  type Broker,
  type Metrics,
  type Periodic,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { ITopicMetadata } from 'kafkajs';
import type { Logger } from 'pino';

const INTERVAL_MS = 10_000;
const ANSWER_LIMIT_MS = 5_000;
const TOPICS = TOPIC_NAMES.flatMap((topic) => [topic, deadLetterTopic(topic)]);

type Partition = ITopicMetadata['partitions'][number];

const isOffline = ({ leader }: Partition): boolean => leader < 0;
const isUnderReplicated = ({ replicas, isr }: Partition): boolean => isr.length < replicas.length;

const createRecord = (metrics: Metrics) => {
  const partitions = metrics.gauge('kafka_topic_partitions');
  const underReplicated = metrics.gauge('kafka_topic_under_replicated_partitions');
  const offline = metrics.gauge('kafka_topic_offline_partitions');
  return ({ name: topic, partitions: all }: ITopicMetadata): void => {
    partitions.set({ topic }, all.length);
    underReplicated.set({ topic }, all.filter(isUnderReplicated).length);
    offline.set({ topic }, all.filter(isOffline).length);
  };
};

/** Measures every ten seconds whether Kafka answers, and how its topics stand. */
export const startKafkaMetrics = (options: {
  readonly broker: Broker;
  readonly metrics: Metrics;
  readonly runtime: Runtime;
  readonly logger: Logger;
}): Periodic => {
  const { metrics, runtime } = options;
  const admin = options.broker.connect('kafka-metrics').admin();
  const up = metrics.gauge('kafka_up');
  const record = createRecord(metrics);
  const look = async (): Promise<ITopicMetadata[]> => {
    await admin.connect();
    // Somebody may be creating them just now, and to ask for one that is missing is an error.
    const known = new Set(await admin.listTopics());
    const topics = TOPICS.filter((topic) => known.has(topic));
    return topics.length === 0 ? [] : (await admin.fetchTopicMetadata({ topics })).topics;
  };
  const periodic = startPeriodic({
    name: 'state of the topics',
    intervalMs: INTERVAL_MS,
    atStart: true,
    runtime,
    logger: options.logger,
    work: async () => {
      try {
        const late = () => new Error(`no answer within ${ANSWER_LIMIT_MS} ms`);
        const topics = await withTimeout(runtime, ANSWER_LIMIT_MS, look(), late);
        for (const topic of topics) record(topic);
        up.set({}, 1);
      } catch (error) {
        up.set({}, 0);
        options.logger.debug({ err: error }, 'the topics could not be looked at');
      }
    },
  });
  return {
    wake: () => periodic.wake(),
    stop: async () => {
      await periodic.stop();
      await withTimeout(runtime, ANSWER_LIMIT_MS, admin.disconnect(), () => new Error('not closed')).catch(
        () => undefined,
      );
    },
  };
};
