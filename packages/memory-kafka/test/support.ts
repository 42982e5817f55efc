import { afterEach } from '@jest/globals';
import type {
  Admin,
  AdminConfig,
  Consumer,
  ConsumerConfig,
  Message,
  Producer,
  ProducerConfig,
  RetryOptions,
} from 'kafkajs';
import { listenWith, type Listening, type ListenOptions } from '../conformance/listening.ts';
import { fullMessages } from '../conformance/messages.ts';
import {
  createCluster,
  createManualClock,
  type ManualClock,
  Kafka as MemoryKafka,
  logLevel,
  type Clock,
  type ClusterOptions,
  type MemoryCluster,
} from '../src/index.ts';

export { eventually, rejection } from '../conformance/waiting.ts';

const opened: Pick<Producer, 'disconnect'>[] = [];

const kept = <C extends Pick<Producer, 'disconnect'>>(client: C): C => {
  opened.push(client);
  return client;
};

/** Its producers and admin clients, which keep a process alive as sockets do, are disconnected after the test. */
export class Kafka extends MemoryKafka {
  override producer(config?: ProducerConfig): Producer {
    return kept(super.producer(config));
  }

  override admin(config?: AdminConfig): Admin {
    return kept(super.admin(config));
  }
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.disconnect()));
});

/** Some turns of the event loop: whatever could happen without time passing has happened. */
export const settle = (): Promise<void> => createManualClock().settle();

export interface World {
  readonly cluster: MemoryCluster;
  readonly kafka: Kafka;
  /** Another instance over the same cluster. */
  another(): Kafka;
  readonly producer: Producer;
  send(topic: string, ...messages: (Message | string)[]): Promise<void>;
  createTopic(topic: string, numPartitions?: number): Promise<void>;
  consumer(config?: Partial<ConsumerConfig>): Consumer;
  close(): Promise<void>;
}

export const FAST_RETRY = { initialRetryTime: 1, maxRetryTime: 5, retries: 5 };

let worlds = 0;

export interface WorldOptions extends ClusterOptions {
  /** The retries of all clients; quick ones if not given. */
  readonly retry?: RetryOptions;
}

/** A cluster of its own with a connected producer; consumers made here are disconnected by `close`. */
export const createWorld = async ({ retry = FAST_RETRY, ...options }: WorldOptions = {}): Promise<World> => {
  worlds += 1;
  const cluster = createCluster(options);
  const another = () =>
    new Kafka({
      brokers: [`world-${worlds}:9092`],
      cluster,
      logLevel: logLevel.NOTHING,
      retry,
    });
  const kafka = another();
  const producer = kafka.producer();
  await producer.connect();
  const consumers: Consumer[] = [];
  return {
    cluster,
    kafka,
    another,
    producer,
    send: async (topic, ...messages) => {
      await producer.send({ topic, messages: fullMessages(messages) });
    },
    createTopic: async (topic, numPartitions = 1) => {
      await kafka.admin().createTopics({ topics: [{ topic, numPartitions }] });
    },
    consumer: (config = {}) => {
      // One Kafka instance for each member, as members in different processes have.
      const consumer = another().consumer({ groupId: 'group', retry, ...config });
      consumers.push(consumer);
      return consumer;
    },
    close: async () => {
      cluster.faults.clear();
      await Promise.all(consumers.map((consumer) => consumer.disconnect()));
      await producer.disconnect();
    },
  };
};

/** Runs `test` in a world of its own. */
export const inWorld =
  (test: (world: World) => Promise<void>, options: () => WorldOptions = () => ({})) =>
  async (): Promise<void> => {
    const world = await createWorld(options());
    try {
      await test(world);
    } finally {
      await world.close();
    }
  };

/** Subscribes, runs, and collects what arrives, message by message. */
export const listen = (
  world: World,
  topics: string | readonly string[],
  { consumer, config, ...options }: ListenOptions = {},
): Promise<Listening> => listenWith(consumer ?? world.consumer(config), topics, options);

/** The offset that a group has committed; -1 if none. */
export const committed = (world: World, topic: string, partition = 0, groupId = 'group'): number => {
  const group = world.cluster.inspect().groups.find((each) => each.groupId === groupId);
  const found = group?.offsets.find((each) => each.topic === topic && each.partition === partition);
  return found?.offset ?? -1;
};

/** Runs a test in a world whose clock the test steps. */
export const inTimedWorld =
  (test: (world: World, clock: ManualClock) => Promise<void>) => async (): Promise<void> => {
    const { clock, options } = withManualClock();
    await inWorld(
      (world) => test(world, clock),
      () => options,
    )();
  };

/** A clock that a test steps, as cluster options. */
export const withManualClock = () => {
  const clock = createManualClock();
  const options: WorldOptions & { clock: Clock } = { clock };
  return { clock, options };
};
