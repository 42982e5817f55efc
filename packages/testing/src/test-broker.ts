import { createCluster, Kafka as MemoryKafka } from '@order-pipeline/memory-kafka';
import type { Broker } from '@order-pipeline/service-kit';
import { Kafka, logLevel } from 'kafkajs';

const quiet = { logLevel: logLevel.NOTHING };

/**
 * The Kafka whose addresses are in KAFKA_BROKERS, or one in memory.
 *
 * @param cluster the one in memory, where tests share one or make it fail; default: one of its own
 */
export const createTestBroker = (cluster = createCluster()): Broker => {
  const given = process.env['KAFKA_BROKERS'];
  return {
    durable: given !== undefined,
    connect: (clientId) =>
      given
        ? new Kafka({ ...quiet, clientId, brokers: given.split(',') })
        : new MemoryKafka({ ...quiet, clientId, brokers: ['memory:9092'], cluster }),
  };
};
