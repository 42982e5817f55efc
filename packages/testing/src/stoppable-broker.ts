import { connect } from 'node:net';
import { createCluster } from '@order-pipeline/memory-kafka';
import type { Broker } from '@order-pipeline/service-kit';
import { Kafka, logLevel } from 'kafkajs';
import { startTcpProxy } from './tcp-proxy.ts';
import { createTestBroker } from './test-broker.ts';

/** A broker that can go away and come back with everything that it had. */
export interface StoppableBroker extends Broker {
  leave(): void;
  comeBack(): void;
  stop(): Promise<void>;
}

/** The real one, of which every connection goes through one door: it has one node. */
const startBehindDoor = async (address: string): Promise<StoppableBroker> => {
  const door = await startTcpProxy(`tcp://${address}`);
  const port = Number(new URL(door.url).port);
  return {
    durable: true,
    connect: (clientId) =>
      new Kafka({
        clientId,
        brokers: [address],
        logLevel: logLevel.NOTHING,
        connectionTimeout: 1_000,
        socketFactory: ({ onConnect }) => connect({ host: '127.0.0.1', port }, onConnect),
      }),
    leave: door.shut,
    comeBack: door.open,
    stop: door.stop,
  };
};

/** The Kafka whose address is in KAFKA_BROKERS, or one in memory, as `createTestBroker` has it. */
export const startLeavingBroker = async (): Promise<StoppableBroker> => {
  const [given] = (process.env['KAFKA_BROKERS'] ?? '').split(',');
  if (given) return startBehindDoor(given);
  const cluster = createCluster();
  return {
    ...createTestBroker(cluster),
    leave: cluster.faults.brokerDown,
    comeBack: cluster.faults.brokerUp,
    stop: async () => undefined,
  };
};
