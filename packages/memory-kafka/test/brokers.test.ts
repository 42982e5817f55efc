// A cluster of several brokers, as clients in its process and the original kafkajs over TCP see it.
import { afterEach, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createCluster, Kafka, type ClusterOptions, type MemoryCluster } from '../src/index.ts';
import { eventually, rejection } from './support.ts';

const RETRY = { initialRetryTime: 20, maxRetryTime: 100, retries: 8 };
const IMPATIENT = { initialRetryTime: 1, retries: 0 };
const TOPIC = 'orders';

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

const kept = <C extends { connect(): Promise<void>; disconnect(): Promise<void> }>(client: C): C => {
  opened.push(() => client.disconnect());
  return client;
};

interface Side {
  readonly cluster: MemoryCluster;
  readonly kafka: kafkajs.Kafka;
}

const inProcess = async (options: ClusterOptions): Promise<Side> => {
  const cluster = createCluster({ brokers: 3, minSessionTimeoutMs: 1000, ...options });
  opened.push(async () => cluster.faults.clear());
  return {
    cluster,
    kafka: new Kafka({ brokers: ['a:9092'], cluster, logLevel: kafkajs.logLevel.NOTHING, retry: RETRY }),
  };
};

const overTcp = async (options: ClusterOptions): Promise<Side> => {
  const cluster = createCluster({ brokers: 3, minSessionTimeoutMs: 1000, ...options });
  const { brokers, close } = await cluster.listen();
  opened.push(close, async () => cluster.faults.clear());
  return { cluster, kafka: new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING, retry: RETRY }) };
};

const createTopic = async ({ kafka }: Side, numPartitions: number, replicationFactor: number, min = '1') => {
  const admin = kept(kafka.admin());
  await admin.connect();
  const configEntries = [{ name: 'min.insync.replicas', value: min }];
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions, replicationFactor, configEntries }] });
  return admin;
};

const connectProducer = async (
  { kafka }: Side,
  config: kafkajs.ProducerConfig = {},
): Promise<kafkajs.Producer> => {
  const producer = kept(kafka.producer(config));
  await producer.connect();
  return producer;
};

const partitionOf = ({ cluster }: Side, partition: number) => {
  const found = cluster.inspect().topics.find(({ name }) => name === TOPIC)?.partitions[partition];
  if (found === undefined) throw new Error(`There is no partition ${partition}`);
  return found;
};

const listenTo = async ({ kafka }: Side) => {
  const consumer = kept(
    kafka.consumer({
      groupId: 'g',
      heartbeatInterval: 50,
      // Who cannot take leave of a coordinator that is down stays a member that long.
      sessionTimeout: 1000,
      rebalanceTimeout: 1000,
      maxWaitTimeInMs: 50,
      retry: RETRY,
    }),
  );
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
  return values;
};

describe.each([
  ['in the process', inProcess],
  ['over TCP', overTcp],
] as const)('three brokers, %s', (_name, open) => {
  it('share the partitions, and describe who leads', async () => {
    const side = await open({});
    const admin = await createTopic(side, 3, 2);
    const { brokers, controller } = await admin.describeCluster();
    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([1, 2, 3]);
    expect(new Set(brokers.map(({ port }) => port)).size).toBe(3);
    expect(controller).toBe(1);
    const { topics } = await admin.fetchTopicMetadata({ topics: [TOPIC] });
    const partitions = topics[0]?.partitions ?? [];
    expect(partitions.map(({ leader }) => leader).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    for (const { leader, replicas, isr } of partitions) {
      expect(replicas).toHaveLength(2);
      expect(isr).toEqual(replicas);
      expect(replicas).toContain(leader);
    }
  });

  it('hold no more replicas than there are brokers', async () => {
    const side = await open({});
    const admin = await createTopic(side, 1, 3);
    const topics = [{ topic: 'wide', replicationFactor: 4 }];
    expect(await rejection(admin.createTopics({ topics }))).toMatchObject({
      name: 'KafkaJSAggregateError',
      errors: [{ type: 'INVALID_REPLICATION_FACTOR', code: 38 }],
    });
    // One that is down can hold a replica nevertheless: Kafka 4.2 asks for one broker that is up.
    side.cluster.faults.brokerDown(3);
    await admin.createTopics({ topics: [{ topic: 'wide', replicationFactor: 3 }] });
    const wide = side.cluster.inspect().topics.find(({ name }) => name === 'wide')?.partitions[0];
    expect(wide?.replicas).toHaveLength(3);
    expect(wide?.isr).toHaveLength(2);
    expect(wide?.isr).not.toContain(3);
  });

  it('refuse who asks a broker that leads no more, and the client finds the new leader', async () => {
    const side = await open({});
    await createTopic(side, 1, 3);
    const producer = await connectProducer(side);
    await producer.send({ topic: TOPIC, messages: [{ value: 'before' }] });
    const values = await listenTo(side);
    await eventually(() => expect(values).toEqual(['before']));
    const { leader } = partitionOf(side, 0);
    const next = (leader % 3) + 1;
    const produced = side.cluster.recordRequests({ api: 'Produce' });
    side.cluster.moveLeader(TOPIC, 0, next);
    await producer.send({ topic: TOPIC, messages: [{ value: 'after' }] });
    expect(produced.requests.map(({ nodeId }) => nodeId)).toEqual([leader, next]);
    await eventually(() => expect(values).toEqual(['before', 'after']));
    expect(partitionOf(side, 0)).toMatchObject({ leader: next, high: 2 });
  });

  it('refuse a stale client for good where it does not try again', async () => {
    const side = await open({});
    await createTopic(side, 1, 3);
    const producer = await connectProducer(side, { retry: IMPATIENT });
    await producer.send({ topic: TOPIC, messages: [{ value: 'before' }] });
    side.cluster.moveLeader(TOPIC, 0, (partitionOf(side, 0).leader % 3) + 1);
    expect(await rejection(producer.send({ topic: TOPIC, messages: [{ value: 'after' }] }))).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      cause: { type: 'NOT_LEADER_FOR_PARTITION', code: 6, retriable: true },
    });
  });

  it('lose one of them, and nothing that was acknowledged; it comes back in sync', async () => {
    const side = await open({});
    await createTopic(side, 3, 2);
    const producer = await connectProducer(side);
    const values = await listenTo(side);
    const sendAll = (label: string) =>
      Promise.all(
        [0, 1, 2].map((partition) =>
          producer.send({ topic: TOPIC, messages: [{ partition, value: `${label}${partition}` }] }),
        ),
      );
    await sendAll('a');
    await eventually(() => expect(values.toSorted()).toEqual(['a0', 'a1', 'a2']));
    const dead = partitionOf(side, 0).leader;
    side.cluster.faults.brokerDown(dead);
    expect(side.cluster.faults.isBrokerDown(dead)).toBe(true);
    expect(side.cluster.faults.isBrokerDown()).toBe(false);
    for (const partition of [0, 1, 2]) {
      expect(partitionOf(side, partition).leader).not.toBe(dead);
      expect(partitionOf(side, partition).isr).not.toContain(dead);
    }
    await sendAll('b');
    await eventually(() => expect(new Set(values)).toEqual(new Set(['a0', 'a1', 'a2', 'b0', 'b1', 'b2'])));
    side.cluster.faults.brokerUp(dead);
    for (const partition of [0, 1, 2]) {
      const { isr, replicas } = partitionOf(side, partition);
      expect(isr).toEqual(replicas);
    }
    await sendAll('c');
    await eventually(() => expect(values).toContain('c2'));
  });

  it('let a group go on at another coordinator when its own dies', async () => {
    const side = await open({});
    await createTopic(side, 1, 3);
    const producer = await connectProducer(side);
    const joined = side.cluster.recordRequests({ api: 'JoinGroup' });
    const values = await listenTo(side);
    const coordinator = joined.requests[0]?.nodeId;
    side.cluster.moveLeader(TOPIC, 0, ((coordinator ?? 0) % 3) + 1);
    side.cluster.faults.brokerDown(coordinator);
    await producer.send({ topic: TOPIC, messages: [{ value: 'after' }] });
    await eventually(() => expect(values).toContain('after'));
    await eventually(() => expect(joined.requests.at(-1)?.nodeId).not.toBe(coordinator));
    await eventually(() =>
      expect(side.cluster.inspect().groups[0]).toMatchObject({ state: 'Stable', offsets: [{ offset: 1 }] }),
    );
  });

  it('have no leader for a partition whose only replica is down', async () => {
    const side = await open({});
    const admin = await createTopic(side, 1, 1);
    const producer = await connectProducer(side, { retry: IMPATIENT });
    await producer.send({ topic: TOPIC, messages: [{ value: 'before' }] });
    const { leader } = partitionOf(side, 0);
    side.cluster.faults.brokerDown(leader);
    expect(partitionOf(side, 0)).toMatchObject({ leader: -1, isr: [leader] });
    expect(await rejection(producer.send({ topic: TOPIC, messages: [{ value: 'lost' }] }))).toBeInstanceOf(
      kafkajs.KafkaJSError,
    );
    expect(await rejection(admin.fetchTopicMetadata({ topics: [TOPIC] }))).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      cause: { type: 'LEADER_NOT_AVAILABLE' },
    });
    side.cluster.faults.brokerUp(leader);
    await eventually(() => producer.send({ topic: TOPIC, messages: [{ value: 'after' }] }));
    expect(partitionOf(side, 0)).toMatchObject({ leader, high: 2 });
  });

  it('are asked once in a send, so that what moves to one that has answered gets lost: kafkajs does so', async () => {
    const side = await open({});
    await createTopic(side, 2, 2);
    const producer = await connectProducer(side);
    await producer.send({ topic: TOPIC, messages: [0, 1].map((partition) => ({ partition, value: 'a' })) });
    const heir = partitionOf(side, 1).leader;
    expect(partitionOf(side, 0).replicas).toContain(heir);
    side.cluster.moveLeader(TOPIC, 0, heir);
    const messages = [0, 1].map((partition) => ({ partition, value: 'b' }));
    expect(await producer.send({ topic: TOPIC, messages })).toMatchObject([{ partition: 1 }]);
    expect([partitionOf(side, 0).high, partitionOf(side, 1).high]).toEqual([1, 2]);
  });

  it('take what needs all replicas only where enough of them are in sync', async () => {
    const side = await open({});
    await createTopic(side, 1, 3, '2');
    const { replicas } = partitionOf(side, 0);
    const producer = await connectProducer(side, { retry: IMPATIENT });
    const send = (acks: number) => producer.send({ topic: TOPIC, acks, messages: [{ value: String(acks) }] });
    side.cluster.faults.brokerDown(replicas[1]);
    await send(-1);
    side.cluster.faults.brokerDown(replicas[2]);
    await eventually(async () =>
      expect(await rejection(send(-1))).toMatchObject({
        name: 'KafkaJSNumberOfRetriesExceeded',
        cause: { type: 'NOT_ENOUGH_REPLICAS', code: 19, retriable: true },
      }),
    );
    await send(1);
    expect(partitionOf(side, 0).high).toBe(2);
    side.cluster.faults.brokerUp(replicas[2]);
    await eventually(() => send(-1));
  });
});

describe('brokers by number', () => {
  it('can be meant by a fault', async () => {
    const side = await inProcess({});
    await createTopic(side, 2, 1);
    const producer = await connectProducer(side, { retry: IMPATIENT });
    const [first, second] = [partitionOf(side, 0).leader, partitionOf(side, 1).leader];
    const fault = side.cluster.faults.refuse('Produce', 'KAFKA_STORAGE_ERROR', { nodeId: second, times: 2 });
    const messages = [0, 1].map((partition) => ({ partition, value: 'v' }));
    expect(await rejection(producer.send({ topic: TOPIC, messages }))).toMatchObject({
      cause: { type: 'KAFKA_STORAGE_ERROR' },
    });
    expect(fault.fired()).toBe(1);
    expect(first).not.toBe(second);
    expect([partitionOf(side, 0).high, partitionOf(side, 1).high]).toEqual([1, 0]);
  });

  it('have to exist, and to be in sync', async () => {
    const side = await inProcess({});
    await createTopic(side, 1, 2);
    const { replicas } = partitionOf(side, 0);
    const other = [1, 2, 3].find((nodeId) => !replicas.includes(nodeId)) ?? 0;
    expect(() => side.cluster.moveLeader(TOPIC, 0, other)).toThrow(TypeError);
    expect(() => side.cluster.faults.brokerDown(4)).toThrow('There is no broker 4 among 1, 2, 3');
    expect(() => createCluster({ brokers: 0 })).toThrow(TypeError);
    expect(() => createCluster({ brokers: 2, replicationFactor: 3 })).toThrow(TypeError);
  });

  it('send what a retry sends again only where it is not written yet', async () => {
    const side = await inProcess({});
    await createTopic(side, 2, 1);
    const producer = await connectProducer(side);
    const second = partitionOf(side, 1).leader;
    side.cluster.faults.refuse('Produce', 'NOT_LEADER_FOR_PARTITION', { nodeId: second });
    const messages = [0, 1].map((partition) => ({ partition, value: 'v' }));
    expect(await producer.send({ topic: TOPIC, messages })).toMatchObject([
      { partition: 0 },
      { partition: 1 },
    ]);
    expect([partitionOf(side, 0).high, partitionOf(side, 1).high]).toEqual([1, 1]);
  });
});
