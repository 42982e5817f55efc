import { Kafka, type MemoryCluster } from '@order-pipeline/memory-kafka';
import type { Broker } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { kafkaLogCreator } from './kafka-broker.ts';

/** A broker in memory; its clients can do whatever kafkajs's can. */
export interface MemoryBroker extends Broker {
  connect(clientId: string): Kafka;
}

/** A broker in the memory of this process, which forgets everything when the process ends. */
export const createMemoryBroker = (cluster: MemoryCluster, logger: Logger): MemoryBroker => ({
  durable: false,
  connect: (clientId) =>
    new Kafka({ clientId, brokers: ['memory:9092'], cluster, logCreator: kafkaLogCreator(logger) }),
});
