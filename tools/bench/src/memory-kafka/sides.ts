import { createCluster, Kafka as MemoryKafka } from '@order-pipeline/memory-kafka';
import { Kafka, logLevel, type Kafka as KafkaClient } from 'kafkajs';

/** A broker to measure, seen through kafkajs's API. */
export interface Side {
  /** Another instance over the same broker. */
  connect(): KafkaClient;
}

const QUIET = { logLevel: logLevel.NOTHING, clientId: 'bench' };

/** A cluster of its own in this process. */
export const createMemorySide = (): Side => {
  const cluster = createCluster();
  return { connect: () => new MemoryKafka({ ...QUIET, brokers: ['memory:9092'], cluster }) };
};

/** kafkajs on the Kafka at `brokers`. */
export const createKafkaSide = (brokers: readonly string[]): Side => ({
  connect: () => new Kafka({ ...QUIET, brokers: [...brokers], retry: { initialRetryTime: 50, retries: 10 } }),
});
