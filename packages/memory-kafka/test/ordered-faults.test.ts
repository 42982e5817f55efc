// Faults that hit some requests only, requests that are held, and the record of what arrived: for clients in the process,
// and for kafkajs over TCP.
import { describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import {
  createCluster,
  createSeededRandom,
  logLevel,
  type ClusterOptions,
  type MemoryCluster,
} from '../src/index.ts';
import { eventually, FAST_RETRY, inWorld, Kafka, listen, rejection } from './support.ts';

interface Client {
  readonly cluster: MemoryCluster;
  readonly kafka: kafkajs.Kafka;
  readonly producer: kafkajs.Producer;
}

const QUIET = { clientId: 'orders', logLevel: logLevel.NOTHING, retry: FAST_RETRY };
const X = [{ value: 'x' }];

const close = async ({ producer }: Client, admin: kafkajs.Admin): Promise<void> => {
  await producer.disconnect();
  await admin.disconnect();
};

/** Runs `body` with a client of a cluster of its own, in which there are two topics of two partitions. */
const withClient = async (
  kafka: kafkajs.Kafka,
  cluster: MemoryCluster,
  body: (client: Client) => Promise<void>,
): Promise<void> => {
  const admin = kafka.admin();
  const topics = ['a', 'b'].map((topic) => ({ topic, numPartitions: 2 }));
  await admin.createTopics({ topics });
  const client = { cluster, kafka, producer: kafka.producer() };
  await client.producer.connect();
  // Now it knows the topics, and asks for nothing else when it sends.
  await client.producer.sendBatch({ topicMessages: topics.map(({ topic }) => ({ topic, messages: X })) });
  try {
    await body(client);
  } finally {
    cluster.faults.clear();
    await close(client, admin);
  }
};

const SIDES = {
  'in the process': async (body: (client: Client) => Promise<void>, options: ClusterOptions = {}) => {
    const cluster = createCluster(options);
    await withClient(new Kafka({ ...QUIET, brokers: ['faults:9092'], cluster }), cluster, body);
  },
  'over TCP': async (body: (client: Client) => Promise<void>, options: ClusterOptions = {}) => {
    const cluster = createCluster(options);
    const listener = await cluster.listen();
    try {
      await withClient(new kafkajs.Kafka({ ...QUIET, brokers: listener.brokers }), cluster, body);
    } finally {
      await listener.close();
    }
  },
};

/** Over a connection of its own: what comes behind a held request on the same one waits, too, where there are sockets. */
const send = async (kafka: kafkajs.Kafka, topic: string): Promise<void> => {
  const other = kafka.producer();
  await other.connect();
  await other.send({ topic, messages: X });
  await other.disconnect();
};

const highs = (cluster: MemoryCluster, topic: string) =>
  cluster
    .inspect()
    .topics.find(({ name }) => name === topic)
    ?.partitions.map(({ high }) => high);

describe.each(Object.entries(SIDES))('a fault for those %s', (_name, withSide) => {
  test('hits once, the next request that is meant, and says so', () =>
    withSide(async ({ cluster, producer }) => {
      const fault = cluster.faults.refuse('produce', 'TOPIC_AUTHORIZATION_FAILED', { topic: 'a' });
      await producer.send({ topic: 'b', messages: X });
      expect(fault.fired()).toBe(0);
      expect(await rejection(producer.send({ topic: 'a', messages: X }))).toMatchObject({
        type: 'TOPIC_AUTHORIZATION_FAILED',
      });
      await producer.send({ topic: 'a', messages: X });
      expect(fault.fired()).toBe(1);
    }));

  test('that is for one partition leaves those beside it in the same request alone', () =>
    withSide(async ({ cluster, producer }) => {
      const [before = []] = [highs(cluster, 'a')];
      cluster.faults.refuse('Produce', 'TOPIC_AUTHORIZATION_FAILED', { topic: 'a', partition: 1 });
      const messages = [0, 1].map((partition) => ({ value: 'x', partition }));
      await rejection(producer.send({ topic: 'a', messages }));
      expect(highs(cluster, 'a')).toEqual([(before[0] ?? 0) + 1, before[1]]);
    }));

  test('that was called off hits nobody', () =>
    withSide(async ({ cluster, producer }) => {
      const fault = cluster.faults.refuse('produce', 'TOPIC_AUTHORIZATION_FAILED', { times: 5 });
      fault.cancel();
      await producer.send({ topic: 'a', messages: X });
      expect(fault.fired()).toBe(0);
    }));

  test('can be for one client, and for a request by its name of the protocol', () =>
    withSide(async ({ cluster, kafka }) => {
      const fault = cluster.faults.refuse('CreateTopics', 'POLICY_VIOLATION', { clientId: 'orders' });
      cluster.faults.refuse('CreateTopics', 'POLICY_VIOLATION', { clientId: 'somebody else' });
      const admin = kafka.admin();
      const creating = admin.createTopics({ topics: [{ topic: 'new' }], waitForLeaders: false });
      expect((await rejection(creating)).message).toBeTruthy();
      expect(await admin.createTopics({ topics: [{ topic: 'new' }], waitForLeaders: false })).toBe(true);
      await admin.disconnect();
      expect(fault.fired()).toBe(1);
    }));

  test('can be for one group', () =>
    withSide(async ({ cluster, kafka }) => {
      const admin = kafka.admin();
      const look = (groupId: string) => admin.fetchOffsets({ groupId, topics: ['a'] });
      cluster.faults.refuse('OffsetFetch', 'GROUP_AUTHORIZATION_FAILED', { groupId: 'one' });
      await look('other');
      expect(await rejection(look('one'))).toMatchObject({ type: 'GROUP_AUTHORIZATION_FAILED' });
      await admin.disconnect();
    }));

  test('comes by chance, and with a seed at the same requests', async () => {
    const struck = async (seed: number) => {
      const hits: boolean[] = [];
      await withSide(
        async ({ cluster, producer }) => {
          const fault = cluster.faults.refuse('produce', 'TOPIC_AUTHORIZATION_FAILED', { probability: 0.5 });
          for (let sent = 0; sent < 12; sent += 1) {
            const before = fault.fired();
            await producer
              .send({ topic: 'a', messages: [{ value: 'x', partition: 0 }] })
              .catch(() => undefined);
            hits.push(fault.fired() > before);
          }
        },
        { random: createSeededRandom(seed) },
      );
      return hits;
    };
    const first = await struck(7);
    expect(first).toEqual(await struck(7));
    expect(new Set(first)).toEqual(new Set([true, false]));
  });

  test('holds a request until it is let go, and others go by', () =>
    withSide(async ({ cluster, kafka, producer }) => {
      const hold = cluster.faults.hold('produce', { topic: 'a' });
      const sending = producer.send({ topic: 'a', messages: [{ value: 'x', partition: 0 }] });
      await eventually(() => expect(hold.waiting()).toBe(1));
      const high = highs(cluster, 'a')?.[0] ?? 0;
      await send(kafka, 'b');
      hold.release();
      await sending;
      expect([hold.waiting(), hold.fired(), highs(cluster, 'a')?.[0]]).toEqual([0, 1, high + 1]);
    }));

  test('does not keep from being seen what arrives, and what becomes of it', () =>
    withSide(async ({ cluster, producer }) => {
      const produced = cluster.recordRequests({ api: 'produce', topic: 'a' });
      const all = cluster.recordRequests();
      cluster.faults.refuse('produce', 'NOT_LEADER_FOR_PARTITION', { topic: 'a' });
      cluster.faults.loseAnswer('produce', { topic: 'b' });
      await producer.send({ topic: 'a', messages: [{ value: 'x', partition: 1 }] });
      produced.stop();
      await producer.send({ topic: 'b', messages: X });
      const request = {
        name: 'Produce',
        api: 'produce',
        clientId: 'orders',
        groupId: undefined,
        at: expect.any(Number),
      };
      const places = [expect.objectContaining({ topic: 'a', partition: 1 })];
      expect(produced.requests).toMatchObject([
        { ...request, places },
        { ...request, places, outcome: 'answered' },
      ]);
      const outcomes = all.requests.filter(({ api }) => api === 'produce').map(({ outcome }) => outcome);
      expect(outcomes).toContain('KafkaJSConnectionClosedError');
      expect(all.requests.map(({ name }) => name)).toContain('Metadata');
    }));
});

test('an option that a fault does not have is refused', () => {
  const { faults } = createCluster();
  const unknown = { topics: ['a'] } as object;
  expect(() => faults.refuse('produce', 'UNKNOWN', unknown)).toThrow('There is no option "topics"');
  expect(() => faults.hold('fetch', { times: 0 })).toThrow(TypeError);
  expect(() => faults.delay('fetch', 1, { probability: 2 })).toThrow(TypeError);
});

test(
  'clear() lets go what is held',
  inWorld(async (world) => {
    const hold = world.cluster.faults.hold('produce');
    const sending = world.send('held', 'x');
    await eventually(() => expect(hold.waiting()).toBe(1));
    world.cluster.faults.clear();
    await sending;
  }),
);

test(
  'a consumer is seen to join, to read and to commit, with its group',
  inWorld(async (world) => {
    await world.send('seen', 'x');
    const { requests } = world.cluster.recordRequests({ groupId: 'group' });
    const { consumer } = await listen(world, 'seen');
    await eventually(() => expect(requests.map(({ name }) => name)).toContain('OffsetCommit'));
    await consumer.disconnect();
    expect([...new Set(requests.map(({ name }) => name))]).toEqual([
      'FindCoordinator',
      'JoinGroup',
      'SyncGroup',
      'OffsetFetch',
      'Fetch',
      'OffsetCommit',
      'LeaveGroup',
    ]);
  }),
);
