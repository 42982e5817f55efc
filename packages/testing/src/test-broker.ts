import { createCluster, Kafka as MemoryKafka } from '@order-pipeline/memory-kafka';
import type { Broker } from '@order-pipeline/service-kit';
import kafkajs from 'kafkajs';

const QUIET = { logLevel: kafkajs.logLevel.NOTHING };

/** A broker in memory, of its own; or the real one whose addresses are in KAFKA_BROKERS. */
export const createTestBroker = (): Broker => {
  const addresses = process.env['KAFKA_BROKERS'];
  if (addresses) {
    const brokers = addresses.split(',');
    return { durable: true, connect: (clientId) => new kafkajs.Kafka({ clientId, brokers, ...QUIET }) };
  }
  const cluster = createCluster();
  return {
    durable: false,
    connect: (clientId) => new MemoryKafka({ clientId, brokers: ['memory:9092'], cluster, ...QUIET }),
  };
};
