import { randomUUID } from 'node:crypto';
import type {
  Admin,
  Consumer,
  ConsumerConfig,
  Kafka,
  KafkaConfig,
  Message,
  Producer,
  ProducerConfig,
} from 'kafkajs';
import { listenWith, type Listening, type ListenOptions } from './listening.ts';
import { fullMessages } from './messages.ts';
import type { Side } from './side.ts';
import { eventually } from './waiting.ts';

/** Quick, and patient with a topic that was just created. */
export const FAST_RETRY = { initialRetryTime: 20, maxRetryTime: 200, retries: 8 };

/** What one behaviour has to itself: clients, a group, and topics with names of their own. */
export interface World {
  readonly side: Side;
  readonly kafkajs: Side['kafkajs'];
  /** The group of this behaviour. */
  readonly groupId: string;
  readonly kafka: Kafka;
  /** Connected. */
  readonly admin: Admin;
  /** Connected. */
  readonly producer: Producer;
  /** A name that nobody else uses, for a topic, a group or a transaction. */
  unique(label: string): string;
  /** Another instance over the same brokers, as another process would have it. */
  another(config?: Partial<KafkaConfig>): Kafka;
  /** A topic of this behaviour's own, and its name. */
  createTopic(options?: { readonly label?: string; readonly partitions?: number }): Promise<string>;
  send(topic: string, ...messages: (Message | string)[]): Promise<void>;
  /** A topic of this behaviour's own with these messages in its one partition, and its name. */
  filledTopic(...messages: (Message | string)[]): Promise<string>;
  /** A connected producer of its own, disconnected at the end. */
  connectProducer(config?: ProducerConfig): Promise<Producer>;
  /** Disconnects a client at the end. */
  keep<C extends Pick<Consumer, 'disconnect'>>(client: C): C;
  /** A consumer of an instance of its own, by default in the world's group; disconnected at the end. */
  consumer(config?: Partial<ConsumerConfig>): Consumer;
  /** The same, subscribed to a topic from its beginning. */
  subscribed(topic: string, config?: Partial<ConsumerConfig>): Promise<Consumer>;
  /** Subscribes, runs, and collects what arrives, message by message. */
  listen(topics: string | readonly string[], options?: ListenOptions): Promise<Listening>;
  /** The offset that the group has committed; '-1' if none. */
  committed(topic: string, partition?: number, groupId?: string): Promise<string>;
  close(): Promise<void>;
}

type Opened = Pick<Consumer, 'disconnect'>;

const isConsumer = (client: Opened): boolean => 'subscribe' in client;

const createClients = (side: Side) => {
  const opened: Opened[] = [];
  const another = (config: Partial<KafkaConfig> = {}): Kafka =>
    new side.kafkajs.Kafka({
      brokers: [...side.brokers],
      clientId: 'conformance',
      logLevel: side.kafkajs.logLevel.NOTHING,
      // On a busy machine a second is not enough, and a consumer that cannot connect while it joins crashes.
      connectionTimeout: 10_000,
      retry: FAST_RETRY,
      ...config,
    });
  return {
    another,
    keep: <C extends Opened>(client: C): C => {
      opened.push(client);
      return client;
    },
    closeAll: async (): Promise<void> => {
      const all = opened.splice(0);
      // Handlers first: one that sends while its producer disconnects makes kafkajs connect it again.
      for (const group of [all.filter(isConsumer), all.filter((client) => !isConsumer(client))]) {
        await Promise.all(group.map((client) => client.disconnect()));
      }
    },
  };
};

/** A world on `side`; the caller closes it. */
export const openWorld = async (side: Side): Promise<World> => {
  const clients = createClients(side);
  const id = randomUUID().slice(0, 8);
  let names = 0;
  const unique = (label: string): string => `${label}-${id}-${(names += 1)}`;
  const kafka = clients.another();
  const admin = clients.keep(kafka.admin());
  const producer = clients.keep(kafka.producer());
  await Promise.all([admin.connect(), producer.connect()]);
  const groupId = unique('group');
  const consumer = (config: Partial<ConsumerConfig> = {}): Consumer =>
    clients.keep(clients.another().consumer({ groupId, maxWaitTimeInMs: 100, retry: FAST_RETRY, ...config }));
  const createTopic: World['createTopic'] = async ({ label = 'topic', partitions = 1 } = {}) => {
    const topic = unique(label);
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
    // Not waitForLeaders: it gives up where Kafka does not know yet of the topic that it has just created, and does not
    // wait until each leader knows that it is one. A send before that is tried again, and written twice elsewhere.
    await eventually(() => admin.fetchTopicOffsets(topic));
    return topic;
  };
  const send: World['send'] = async (topic, ...messages) => {
    await producer.send({ topic, messages: fullMessages(messages) });
  };
  return {
    side,
    kafkajs: side.kafkajs,
    groupId,
    kafka,
    admin,
    producer,
    unique,
    another: clients.another,
    keep: clients.keep,
    createTopic,
    send,
    filledTopic: async (...messages) => {
      const topic = await createTopic();
      await send(topic, ...messages);
      return topic;
    },
    connectProducer: async (config) => {
      const own = clients.keep(clients.another().producer(config));
      await own.connect();
      return own;
    },
    consumer,
    subscribed: async (topic, config) => {
      const subscriber = consumer(config);
      await subscriber.subscribe({ topics: [topic], fromBeginning: true });
      return subscriber;
    },
    listen: (topics, { consumer: given, config, ...options } = {}) =>
      listenWith(given ?? consumer(config), topics, options),
    committed: async (topic, partition = 0, group = groupId) => {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return found?.partitions.find((each) => each.partition === partition)?.offset ?? '-1';
    },
    close: clients.closeAll,
  };
};
