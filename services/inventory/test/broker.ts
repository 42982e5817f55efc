import type { Broker } from '@order-pipeline/service-kit';
import { createTestBroker } from '@order-pipeline/testing';
import { fresh } from './warehouse.ts';

/**
 * A broker whose consumer groups are its own: on a real Kafka that tests share, a group of one name would share its
 * messages out among them.
 */
export const createOwnBroker = (): Broker => {
  const broker = createTestBroker();
  const own = fresh('test');
  return {
    durable: broker.durable,
    connect: (clientId) => {
      const kafka = broker.connect(clientId);
      const admin = () => {
        const port = kafka.admin();
        return {
          ...port,
          fetchOffsets: (options: Parameters<typeof port.fetchOffsets>[0]) =>
            port.fetchOffsets({ ...options, groupId: `${own}-${options.groupId}` }),
        };
      };
      return {
        producer: (config) => kafka.producer(config),
        consumer: (config) => kafka.consumer({ ...config, groupId: `${own}-${config.groupId}` }),
        admin,
      };
    },
  };
};

export interface ReadMessage {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads a topic from its beginning into the list that it answers. */
export const readTopic = async (
  broker: Broker,
  topic: string,
): Promise<{ readonly messages: readonly ReadMessage[]; stop(): Promise<void> }> => {
  const messages: ReadMessage[] = [];
  const consumer = broker.connect(fresh('reader')).consumer({ groupId: fresh('reader') });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
      messages.push({
        key: message.key?.toString() ?? '',
        value: message.value?.toString() ?? '',
        headers: Object.fromEntries(headers) as Record<string, string>,
      });
    },
  });
  return { messages, stop: () => consumer.disconnect() };
};
