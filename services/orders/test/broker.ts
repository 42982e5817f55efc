import type { Topic } from '@order-pipeline/contracts';
import { createTopicSetup } from '@order-pipeline/messaging';
import type { Broker, ProducerPort } from '@order-pipeline/service-kit';
import { createTestBroker, readTopics } from '@order-pipeline/testing';
import { useFixture } from '@order-pipeline/testing/fixtures';

/** A real Kafka takes its time to let a first member into a group. */
export const WAIT = { timeoutMs: 20_000 };

type Batch = Parameters<ProducerPort['sendBatch']>[0];

/** A broker that asks `check` before each send; one for which that throws is not made. */
export const withCheckedSends = (broker: Broker, check: (batch: Batch) => void): Broker => ({
  durable: broker.durable,
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
            check(batch);
            return producer.sendBatch(batch);
          },
        };
      },
    };
  },
});

/** A broker that can be switched to take nothing. */
export interface SwitchedBroker extends Broker {
  isDown: boolean;
}

export const createSwitchedBroker = (durable?: boolean): SwitchedBroker => {
  const broker = createTestBroker();
  const checked = withCheckedSends(broker, () => {
    if (switched.isDown) throw new Error('the broker is down');
  });
  const switched: SwitchedBroker = { ...checked, durable: durable ?? broker.durable, isDown: false };
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

/** Makes the topics, and reads the events in some of them before the tests of this file and during them. */
export const useEvents = (broker: Broker, topics: Topic[]): EventReader =>
  useFixture(
    async () => {
      await createTopicSetup(broker, 'test')();
      return readEvents(broker, topics);
    },
    (reader) => reader.stop(),
  );

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
