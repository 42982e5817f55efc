import type { Topic } from '@order-pipeline/contracts';
import type { Broker } from '@order-pipeline/service-kit';
import { createTestBroker, readTopics } from '@order-pipeline/testing';

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

export interface EventReader {
  /** The events of an order that were read so far. */
  about(orderId: string): ReadEvent[];
  stop(): Promise<void>;
}

/** Reads the events of orders from the beginning of topics, which others may use too. */
export const readEvents = async (broker: Broker, topics: Topic[]): Promise<EventReader> => {
  const reader = await readTopics(broker, topics);
  return {
    about: (orderId) =>
      reader.messages
        .filter(({ key }) => key === orderId)
        .map(({ key, value, headers }) => ({ key, value: JSON.parse(value), headers })),
    stop: reader.stop,
  };
};
