import { randomUUID } from 'node:crypto';
import type { OrderEvent } from '@order-pipeline/contracts';
import {
  createCluster,
  type ClusterOptions,
  Kafka as MemoryKafka,
  type MemoryCluster,
} from '@order-pipeline/memory-kafka';
import {
  createRuntime,
  type Broker,
  type ConsumerPort,
  type ProducerPort,
} from '@order-pipeline/service-kit';
import {
  defineTestService,
  createTestBroker,
  createTestRuntime,
  eventually,
  readTopics,
  startTestService,
  type ReadMessage,
  type TestService,
} from '@order-pipeline/testing';
import kafkajs, { type KafkaConfig } from 'kafkajs';
import {
  createMessaging,
  type EventConsumer,
  type HandleEvents,
  type MessagePosition,
  type Messaging,
  type ReceivedEvent,
} from '../src/index.ts';

/** Real Kafka takes its time to let a first member into a group. */
export const WAIT = { timeoutMs: 20_000 };

export const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

/** An id that no other test has. */
export const fresh = (name: string): string => `${name}-${randomUUID()}`;

export const placed = (orderId: string): OrderEvent => ({
  orderId,
  userId: 'user11',
  items: [{ itemId: 'item1', quantity: 3 }],
  status: 'PENDING',
  at: '2026-01-01T12:00:00.000Z',
});

/** Kafka clients that are silent and that soon give up. */
const QUIET = { logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 2, initialRetryTime: 100 } };

/** @param patience how long its clients wait for answers; as kafkajs does if not given */
const brokerOf = (
  cluster: MemoryCluster,
  patience: Pick<KafkaConfig, 'enforceRequestTimeout'> = {},
): Broker => ({
  durable: false,
  connect: (clientId) =>
    new MemoryKafka({ clientId, brokers: ['memory:9092'], cluster, ...QUIET, ...patience }),
});

/** A broker in memory with the levers that make it fail. */
export const createFaultyBroker = (): { broker: Broker; faults: MemoryCluster['faults'] } => {
  const cluster = createCluster();
  return { broker: brokerOf(cluster), faults: cluster.faults };
};

type Hurry = Omit<ClusterOptions, 'clock'> & {
  readonly speed?: number;
  readonly enforceRequestTimeout?: boolean;
};

/** A broker in memory and a runtime in which time passes faster, ten times if not given. */
export const createHurriedWorld = ({ speed = 10, enforceRequestTimeout = true, ...options }: Hurry = {}) => {
  const real = createRuntime();
  const began = real.wallClock();
  const time = {
    wallClock: () => began + (real.wallClock() - began) * speed,
    monotonic: () => real.monotonic() * speed,
    after: (ms: number, fn: () => void) => real.after(ms / speed, fn),
  };
  const cluster = createCluster({ ...options, clock: { ...time, soon: real.soon } });
  const broker = brokerOf(cluster, { enforceRequestTimeout });
  return { runtime: createTestRuntime(time), broker, cluster, faults: cluster.faults };
};

/** A real kafkajs client of a Kafka that is not there. */
export const createAbsentBroker = (): Broker => ({
  durable: true,
  connect: (clientId) => new kafkajs.Kafka({ clientId, brokers: ['127.0.0.1:1'], ...QUIET }),
});

export interface Harness extends Messaging {
  readonly service: TestService;
  readonly broker: Broker;
}

/** What a service has of messaging, without the rest of it. */
export const startHarness = async (
  options: Parameters<typeof startTestService>[1] = {},
): Promise<Harness> => {
  const broker = options.broker ?? createTestBroker();
  const started: Messaging[] = [];
  const host = defineTestService(
    'orders',
    async (context) => {
      started.push(createMessaging('tests', context));
      return { routes: [] };
    },
    { usesKafka: true },
  );
  const service = await startTestService(host, { ...options, broker });
  const [messaging] = started;
  if (!messaging) throw new Error('the harness did not start');
  return { ...messaging, service, broker };
};

/** The offset that a group has committed for a partition; -1 while it has none. */
export const committedAt = async (
  broker: Broker,
  groupId: string,
  { topic, partition }: Pick<MessagePosition, 'topic' | 'partition'>,
): Promise<number> => {
  const admin = broker.connect(fresh('tests')).admin();
  try {
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return Number(offsets?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
  } finally {
    await admin.disconnect();
  }
};

/** A promise and what settles it. */
export const createGate = (): { readonly opened: Promise<void>; open(): void } => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
};

/** The topic on which consumers are tested; each test has a group of its own on it. */
export const TOPIC = 'ORDER_PLACED';

export const idsOf = (events: readonly ReceivedEvent[]): string[] => events.map(({ event }) => event.orderId);

export const publish = async ({ publisher }: Messaging, ...orderIds: string[]): Promise<void> => {
  await publisher.publish(orderIds.map((orderId) => ({ event: placed(orderId), trace: TRACE })));
};

/** Consumes the topic in a group with a handler. */
export const consumeWith = (
  harness: Harness,
  group: string,
  handle: HandleEvents,
  commitMode: 'auto' | 'manual' = 'auto',
): EventConsumer => harness.consume({ group, topics: [TOPIC], commitMode, handle });

/** Consumes in a group; the ids of the orders whose messages it has processed are added to `processed`, which several may share. */
export const consumeIds = (
  harness: Harness,
  group: string,
  processed: string[] = [],
): { readonly consumer: EventConsumer; readonly processed: readonly string[] } => {
  const consumer = consumeWith(harness, group, async (events) => void processed.push(...idsOf(events)));
  return { consumer, processed };
};

/** Publishes a message of an order, and answers once a consumer of the group has it in hand, until the gate opens. */
export const holdMessage = async (harness: Harness, group: string, orderId: string) => {
  const gate = createGate();
  let inHand: ReceivedEvent | undefined;
  const consumer = consumeWith(harness, group, async (events) => {
    const own = events.find(({ event }) => event.orderId === orderId);
    if (!own) return;
    inHand = own;
    await gate.opened;
  });
  await publish(harness, orderId);
  const position = await eventually(() => {
    if (!inHand) throw new Error('not there yet');
    return inHand;
  }, WAIT);
  return { consumer, position, gate };
};

/** The dead letters that a group has made of the messages of a key. */
export const readDeadLetters = async (broker: Broker, group: string, ofKey: string) => {
  const { messages, stop } = await readTopics(broker, [`${TOPIC}.DLQ`]);
  const own = () => messages.filter(({ key, headers }) => key === ofKey && headers['dlq.group'] === group);
  return { own, stop };
};

/** Waits until the dead letters that a group has made of the messages of a key pass a check. */
export const untilDeadLetters = async (
  broker: Broker,
  group: string,
  ofKey: string,
  check: (letters: readonly ReadMessage[]) => void,
): Promise<void> => {
  const { own, stop } = await readDeadLetters(broker, group, ofKey);
  try {
    await eventually(() => check(own()), WAIT);
  } finally {
    await stop();
  }
};

/** The partitions that the consumer of a harness was given last. */
export const partitionsOf = ({ service }: Harness): readonly number[] => {
  const joins = service.logs.filter(({ msg }) => msg === 'consumer joined its group');
  const assignment = joins.at(-1)?.['assignment'] as Record<string, number[]> | undefined;
  return assignment?.[TOPIC] ?? [];
};

/** What of the clients of a broker is done in another way. */
interface Changes {
  readonly consumer?: (consumer: ConsumerPort) => Partial<ConsumerPort>;
  readonly producer?: (producer: ProducerPort) => Partial<ProducerPort>;
}

/** The broker, with its clients as `changes` make them. */
export const withClients = (broker: Broker, { consumer, producer }: Changes): Broker => ({
  ...broker,
  connect: (clientId) => {
    const kafka = broker.connect(clientId);
    return {
      admin: () => kafka.admin(),
      producer: (config) => {
        const made = kafka.producer(config);
        return { ...made, ...producer?.(made) };
      },
      consumer: (config) => {
        const made = kafka.consumer(config);
        return { ...made, ...consumer?.(made) };
      },
    };
  },
});

/** The broker, with `before` called whenever a consumer is handed a batch, before it is processed. */
export const withEachBatch = (broker: Broker, before: () => void): Broker =>
  withClients(broker, {
    consumer: (consumer) => ({
      run: (running) =>
        consumer.run({
          ...running,
          eachBatch: async (payload) => {
            before();
            await running?.eachBatch?.(payload);
          },
        }),
    }),
  });

/**
 * The broker, with `before` called with the offsets whenever a consumer commits by hand: where it rejects, that is the
 * answer.
 */
export const withCommits = (
  broker: Broker,
  before: (offsets: Parameters<ConsumerPort['commitOffsets']>[0]) => Promise<void>,
): Broker =>
  withClients(broker, {
    consumer: (consumer) => ({
      commitOffsets: async (offsets) => {
        await before(offsets);
        await consumer.commitOffsets(offsets);
      },
    }),
  });
