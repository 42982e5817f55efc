import { PARTITIONS_PER_TOPIC } from '@order-pipeline/contracts';
import { Kafka, logLevel, Partitioners, type Link, type MemoryCluster } from '@order-pipeline/memory-kafka';
import type { Broker, ProducerPort } from '@order-pipeline/service-kit';
import type { Message } from 'kafkajs';
import type { SimProcess } from './sim-process.ts';
import type { Stream } from './streams.ts';
import { never, type World } from './world.ts';

const TRIP_MS = { min: 0.1, max: 1.5 };
const MAX_SLOWNESS_MS = 5_000;

/** Lets every request of a process to Kafka take its time, and none go out or come back once it is dead. */
const createLink = ({ time, streams, faultInjector }: World, process: SimProcess): Link => {
  const { id } = process.slot;
  const trips = streams(`${id}/kafka/trips`);
  const chances = streams(`${id}/kafka/chances`);
  return async (request) => {
    if (process.isDead()) return never();
    const isSlow = faultInjector.hits('kafka: slow', chances, id);
    await process.hear(
      time.sleep(
        trips.between(TRIP_MS.min, TRIP_MS.max) + (isSlow ? trips.between(100, MAX_SLOWNESS_MS) : 0),
      ),
    );
    return process.hear(request());
  };
};

const plain = { brokers: ['memory:9092'], logLevel: logLevel.NOTHING };

/** A way to the cluster that nothing stands in. */
export const createDirectBroker = (cluster: MemoryCluster): Broker => ({
  durable: true,
  connect: (clientId) => new Kafka({ ...plain, clientId, cluster }),
});

/** What was sent to Kafka, so that it can be sent once more. */
export interface Echo {
  /** What was published past the services, and taken by Kafka. */
  readonly published: readonly { readonly topic: string; readonly key: string }[];
  note(topic: string, messages: readonly Message[]): void;
  publish(topic: string, message: Message): void;
  /** Publishes something again that was published before, if anything was. */
  publishAgain(stream: Stream): void;
  /** Publishes something again that stands in this partition, so that its consumers have something to do. */
  nudge(topic: string, partition: number): void;
}

const partitionMetadata = Array.from({ length: PARTITIONS_PER_TOPIC }, (_, partitionId) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: 1,
  replicas: [1],
  isr: [1],
}));
const partitionOf = Partitioners.DefaultPartitioner();

export const createEcho = (cluster: MemoryCluster): Echo => {
  const sent: { topic: string; message: Message }[] = [];
  const producer = createDirectBroker(cluster).connect('echo').producer({ allowAutoTopicCreation: false });
  const published: { topic: string; key: string }[] = [];
  const publish = (topic: string, message: Message): void => {
    // One that does not arrive is no loss.
    producer
      .connect()
      .then(() => producer.sendBatch({ topicMessages: [{ topic, messages: [message] }] }))
      .then(() => published.push({ topic, key: String(message.key) }))
      .catch(() => undefined);
  };
  return {
    published,
    note: (topic, messages) => void sent.push(...messages.map((message) => ({ topic, message }))),
    publish,
    publishAgain: (stream) => {
      const again = sent[stream.integer(0, sent.length - 1)];
      if (again && !again.topic.endsWith('.DLQ')) publish(again.topic, again.message);
    },
    nudge: (topic, partition) => {
      const again = sent.findLast(
        (one) =>
          one.topic === topic &&
          partitionOf({ topic, partitionMetadata, message: one.message }) === partition,
      );
      if (again) publish(topic, again.message);
    },
  };
};

const withEcho = (producer: ProducerPort, echo: Echo): ProducerPort => ({
  connect: producer.connect,
  disconnect: producer.disconnect,
  sendBatch: (batch) => {
    for (const { topic, messages } of batch.topicMessages ?? []) echo.note(topic, messages);
    return producer.sendBatch(batch);
  },
});

export interface SimBrokerOptions {
  readonly world: World;
  readonly process: SimProcess;
  readonly cluster: MemoryCluster;
  readonly echo: Echo;
  readonly isDurable: boolean;
}

/** How a process of the simulation meets the cluster that all of them share. */
export const createSimBroker = ({ world, process, cluster, echo, isDurable }: SimBrokerOptions): Broker => {
  const link = createLink(world, process);
  return {
    durable: isDurable,
    connect: (clientId) => {
      const kafka = new Kafka({ ...plain, clientId: `${process.slot.id}/${clientId}`, cluster, link });
      return {
        producer: (config) => withEcho(kafka.producer(config), echo),
        consumer: (config) => kafka.consumer(config),
        admin: () => kafka.admin(),
      };
    },
  };
};
