import type { Topic } from '@order-pipeline/contracts';
import type { Broker } from '@order-pipeline/service-kit';
import { createTestBroker } from '@order-pipeline/testing';
import { fresh } from './shop.ts';

/** A broker that can be told to take nothing. */
export interface SwitchedBroker extends Broker {
  isDown: boolean;
}

export const createSwitchedBroker = (durable?: boolean): SwitchedBroker => {
  const broker = createTestBroker();
  const switched: SwitchedBroker = {
    isDown: false,
    durable: durable ?? broker.durable,
    connect: (clientId) => {
      const kafka = broker.connect(clientId);
      return {
        consumer: (config) => kafka.consumer(config),
        admin: () => kafka.admin(),
        producer: (config) => {
          const producer = kafka.producer(config);
          return {
            connect: () => producer.connect(),
            disconnect: () => producer.disconnect(),
            sendBatch: async (batch) => {
              if (switched.isDown) throw new Error('the broker is down');
              return producer.sendBatch(batch);
            },
          };
        },
      };
    },
  };
  return switched;
};

export interface ReadEvent {
  readonly key: string;
  readonly value: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TopicReader {
  /** The events of an order that were read so far. */
  about(orderId: string): ReadEvent[];
  stop(): Promise<void>;
}

/** Reads topics from their beginning. */
export const readTopics = async (broker: Broker, topics: Topic[]): Promise<TopicReader> => {
  const events: ReadEvent[] = [];
  const consumer = broker.connect(fresh('reader')).consumer({ groupId: fresh('reader') });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
      events.push({
        key: message.key?.toString() ?? '',
        value: JSON.parse(message.value?.toString() ?? 'null'),
        headers: Object.fromEntries(headers) as Record<string, string>,
      });
    },
  });
  return {
    about: (orderId) => events.filter(({ key }) => key === orderId),
    stop: () => consumer.disconnect(),
  };
};
