import { types } from 'node:util';
import type {
  Consumer,
  ConsumerConfig,
  ConsumerRunConfig,
  KafkaMessage,
  Message,
  Producer,
  RetryOptions,
} from 'kafkajs';
import {
  createCluster,
  createManualClock,
  Kafka,
  logLevel,
  type Clock,
  type ClusterOptions,
  type MemoryCluster,
} from '../src/index.ts';

const PATIENCE_MS = 5000;
const PAUSE_MS = 2;

/** Waits until `check` no longer throws, and gives back what it returned. */
export const eventually = async <T>(check: () => T | Promise<T>): Promise<T> => {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
};

/** Some turns of the event loop: whatever could happen without time passing has happened. */
export const settle = (): Promise<void> => createManualClock().settle();

/** An error, whatever the promise was rejected with; throws if it was not. */
export const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    if (types.isNativeError(error)) return error;
    throw new Error('rejected with something that is no Error', { cause: error });
  }
  throw new Error('did not reject');
};

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
      const full = messages.map((message) => (typeof message === 'string' ? { value: message } : message));
      await producer.send({ topic, messages: full });
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

export interface Received {
  readonly topic: string;
  readonly partition: number;
  readonly value: string;
  readonly message: KafkaMessage;
}

export interface Listening {
  readonly consumer: Consumer;
  readonly received: Received[];
  values(): string[];
}

export interface ListenOptions extends Omit<ConsumerRunConfig, 'eachMessage'> {
  readonly consumer?: Consumer;
  readonly config?: Partial<ConsumerConfig>;
  readonly fromBeginning?: boolean;
  /** Called before a message counts as received. */
  readonly onMessage?: (received: Received) => Promise<void> | void;
}

/** Subscribes, runs, and collects what arrives, message by message. */
export const listen = async (
  world: World,
  topics: string | string[],
  { consumer, config, fromBeginning = true, onMessage, ...run }: ListenOptions = {},
): Promise<Listening> => {
  const listening = consumer ?? world.consumer(config);
  const received: Received[] = [];
  await listening.subscribe({ topics: [topics].flat(), fromBeginning });
  await listening.run({
    ...run,
    eachMessage: async ({ topic, partition, message }) => {
      const one = { topic, partition, value: String(message.value), message };
      await onMessage?.(one);
      received.push(one);
    },
  });
  return { consumer: listening, received, values: () => received.map(({ value }) => value) };
};

/** The offset that a group has committed; -1 if none. */
export const committed = (world: World, topic: string, partition = 0, groupId = 'group'): number => {
  const group = world.cluster.inspect().groups.find((each) => each.groupId === groupId);
  const found = group?.offsets.find((each) => each.topic === topic && each.partition === partition);
  return found?.offset ?? -1;
};

/** A clock that a test steps, as cluster options. */
export const withManualClock = () => {
  const clock = createManualClock();
  const options: WorldOptions & { clock: Clock } = { clock };
  return { clock, options };
};
