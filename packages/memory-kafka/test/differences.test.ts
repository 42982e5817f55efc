import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  CompressionCodecs,
  CompressionTypes,
  createCluster,
  logLevel,
  PartitionAssigners,
} from '../src/index.ts';
import { committed, eventually, inTimedWorld, inWorld, Kafka, listen, settle } from './support.ts';

// One test for each row of the README's table of differences that no other test file shows.

test('what is about the network is accepted and has no effect, and so is a login that nobody asks for', async () => {
  const kafka = new Kafka({
    brokers: ['secure:9093'],
    cluster: createCluster(),
    logLevel: logLevel.NOTHING,
    ssl: true,
    sasl: { mechanism: 'plain', username: 'nobody', password: 'nothing' },
    connectionTimeout: 1,
    authenticationTimeout: 1,
    socketFactory: () => {
      throw new Error('there is no socket');
    },
  });
  expect(await kafka.admin().listTopics()).toEqual([]);
});

test(
  'events of answered requests come without the size of the answer, and those of queues never',
  inWorld(async (world) => {
    const consumer = world.consumer();
    const { REQUEST, REQUEST_QUEUE_SIZE } = consumer.events;
    const others: string[] = [];
    consumer.on(REQUEST_QUEUE_SIZE, ({ type }) => others.push(type));
    const sizes: number[] = [];
    consumer.on(REQUEST, ({ payload }) => sizes.push(payload.size));
    await world.send('silent', 'a');
    await listen(world, 'silent', { consumer });
    await eventually(() => expect(committed(world, 'silent')).toBe(1));
    expect([new Set(sizes), others]).toEqual([new Set([0]), []]);
  }),
);

test(
  'a compression needs its codec, but nothing is put through it',
  inWorld(async (world) => {
    const original = CompressionCodecs[CompressionTypes.LZ4];
    CompressionCodecs[CompressionTypes.LZ4] = () => ({
      compress: () => {
        throw new Error('compressed');
      },
    });
    try {
      const compression = CompressionTypes.LZ4;
      await world.producer.send({ topic: 'plain', messages: [{ value: 'as it is' }], compression });
    } finally {
      CompressionCodecs[CompressionTypes.LZ4] = original;
    }
    const { values } = await listen(world, 'plain');
    await eventually(() => expect(values()).toEqual(['as it is']));
  }),
);

test(
  'members made by one Kafka instance do not disturb each other',
  inWorld(async (world) => {
    await world.createTopic('siblings', 4);
    const crashes: unknown[] = [];
    const received: string[] = [];
    const consumers = [1, 2, 3].map(() => world.kafka.consumer({ groupId: 'group' }));
    for (const consumer of consumers) {
      consumer.on(consumer.events.CRASH, (event) => crashes.push(event));
      await listen(world, 'siblings', { consumer, onMessage: ({ value }) => void received.push(value) });
      await world.send('siblings', ...[0, 1, 2, 3].map((partition) => ({ value: 'x', partition })));
    }
    await eventually(() => expect(received).toHaveLength(12));
    expect(crashes).toEqual([]);
    await Promise.all(consumers.map((consumer) => consumer.disconnect()));
  }),
);

test(
  'a topic that is made on demand is there at once',
  inWorld(async (world) => {
    await world.consumer({ retry: { retries: 0 } }).subscribe({ topics: ['made'] });
    expect(world.cluster.inspect().topics.map(({ name }) => name)).toEqual(['made']);
  }),
);

test('a custom assigner cannot talk to brokers', async () => {
  const kafka = new Kafka({ brokers: ['x:1'], cluster: createCluster(), logLevel: logLevel.NOTHING });
  let message = '';
  kafka.consumer({
    groupId: 'g',
    partitionAssigners: [
      (config) => {
        try {
          void config.cluster.findControllerBroker();
        } catch (error) {
          message = String(error);
        }
        return PartitionAssigners.roundRobin(config);
      },
    ],
  });
  expect(message).toBe(
    'KafkaJSNotImplemented: cluster.findControllerBroker() is not implemented by memory-kafka',
  );
});

test(
  'acks 1 is as good as all acks',
  inWorld(async ({ producer }) => {
    expect(await producer.send({ topic: 't', messages: [{ value: 'x' }], acks: 1 })).toMatchObject([
      { partition: 0, baseOffset: '0' },
    ]);
  }),
);

test(
  'a rebalance is noticed at the next heartbeat() call, however long heartbeatInterval is',
  inTimedWorld(async (world, clock) => {
    await world.createTopic('noticed', 2);
    const config = { sessionTimeout: 300_000, heartbeatInterval: 200_000, maxWaitTimeInMs: 100_000 };
    const start = clock.wallClock();
    await listen(world, 'noticed', { config });
    await listen(world, 'noticed', { config });
    await settle();
    const members = world.cluster.inspect().groups[0]?.members ?? [];
    expect(members.map(({ assignment }) => assignment['noticed']?.length)).toEqual([1, 1]);
    expect(clock.wallClock()).toBe(start);
  }),
);

test('every address leads to a broker', async () => {
  const producer = new Kafka({ brokers: ['nobody-listens:1'], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  expect(await producer.send({ topic: 't', messages: [{ value: 'x' }] })).toMatchObject([
    { baseOffset: '0' },
  ]);
  await producer.disconnect();
});

test('a batch that is to be compressed may be of any size, however little that would help', () =>
  inWorld(async ({ producer }) => {
    const messages = [{ value: randomBytes(2_000_000) }];
    const written = await producer.send({ topic: 'large', messages, compression: CompressionTypes.GZIP });
    expect(written).toMatchObject([{ baseOffset: '0' }]);
  })());

test(
  'partitions come in rising order, in answers and for partitioners',
  inWorld(async ({ kafka, createTopic }) => {
    await createTopic('rising', 5);
    const seen: number[][] = [];
    const producer = kafka.producer({
      createPartitioner: () => (args) => {
        seen.push(args.partitionMetadata.map(({ partitionId }) => partitionId));
        return Number(args.message.key);
      },
    });
    await producer.connect();
    const messages = ['3', '1', '4', '0', '2'].map((key) => ({ key, value: 'x' }));
    const written = await producer.send({ topic: 'rising', messages });
    expect(written.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4]);
    expect(seen[0]).toEqual([0, 1, 2, 3, 4]);
    await producer.disconnect();
  }),
);

test(
  'a send that is under way when the producer disconnects is written once',
  inWorld(async ({ kafka, cluster }) => {
    const producer = kafka.producer();
    await producer.connect();
    const sent = producer.send({ topic: 'once', messages: [{ value: 'x' }] });
    await producer.disconnect();
    await sent;
    expect(cluster.inspect().topics[0]?.partitions[0]?.high).toBe(1);
    await producer.disconnect();
  }),
);

test('one fetch asks several brokers', async () => {
  const cluster = createCluster({ brokers: 3, autoCreatePartitions: 3 });
  const kafka = new Kafka({ brokers: ['several:9092'], cluster, logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const messages = [0, 1, 2].map((partition) => ({ partition, value: 'v' }));
  await producer.send({ topic: 'spread', messages });
  const fetches = cluster.recordRequests({ api: 'Fetch' });
  const consumer = kafka.consumer({ groupId: 'group' });
  await consumer.subscribe({ topics: ['spread'], fromBeginning: true });
  let received = 0;
  await consumer.run({ eachMessage: async () => void (received += 1) });
  await eventually(() => expect(received).toBe(3));
  await consumer.disconnect();
  expect(fetches.requests[0]?.places).toHaveLength(3);
  expect(fetches.requests.every(({ nodeId }) => nodeId === undefined)).toBe(true);
});
