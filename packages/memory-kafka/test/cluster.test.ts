import { expect, test } from '@jest/globals';
import { createCluster, createManualClock, logLevel } from '../src/index.ts';
import { committed, eventually, inWorld, Kafka, listen, rejection, settle } from './support.ts';

const quiet = { logLevel: logLevel.NOTHING };

test('clients that name a common broker share a cluster, others do not', async () => {
  const kafkas = [['shared:1'], ['shared:1', 'shared:2'], ['shared:2'], ['elsewhere:1']].map(
    (brokers) => new Kafka({ ...quiet, brokers }),
  );
  await kafkas[0]?.admin().createTopics({ topics: [{ topic: 'seen' }] });
  const seen = await Promise.all(kafkas.map((kafka) => kafka.admin().listTopics()));
  expect(seen).toEqual([['seen'], ['seen'], ['seen'], []]);
});

test('brokers can come from a function, which is asked when connecting', async () => {
  const cluster = createCluster();
  const named = new Kafka({ ...quiet, brokers: ['fn:1'], cluster });
  await named.admin().createTopics({ topics: [{ topic: 't' }] });
  const kafka = new Kafka({ ...quiet, brokers: async () => ['fn:1'], cluster });
  expect(await kafka.admin().listTopics()).toEqual(['t']);
  const failing = new Kafka({
    ...quiet,
    brokers: () => {
      throw new Error('no addresses');
    },
  });
  expect(await rejection(failing.admin().connect())).toMatchObject({
    name: 'KafkaJSConnectionError',
    message: 'Failed to connect: "config.brokers" threw: no addresses',
  });
  const empty = new Kafka({ ...quiet, brokers: [] });
  expect((await rejection(empty.producer().connect())).message).toBe(
    'Failed to connect: brokers array is empty',
  );
});

test('a cluster given explicitly is used instead of the one that the brokers lead to', async () => {
  const [a, b] = [createCluster(), createCluster()];
  const brokers = ['explicit:1'];
  await new Kafka({ ...quiet, brokers, cluster: a }).admin().createTopics({ topics: [{ topic: 'a' }] });
  expect(a.inspect().topics).toHaveLength(1);
  expect(b.inspect().topics).toEqual([]);
  expect(await new Kafka({ ...quiet, brokers }).admin().listTopics()).toEqual([]);
});

test(
  'inspect shows topics, members, commits and lag',
  inWorld(async (world) => {
    await world.createTopic('seen', 2);
    const { consumer, values } = await listen(world, 'seen', { autoCommit: false });
    await world.send(
      'seen',
      { value: 'a', partition: 1 },
      { value: 'b', partition: 1 },
      { value: 'c', partition: 1 },
    );
    await eventually(() => expect(values()).toHaveLength(3));
    await consumer.commitOffsets([{ topic: 'seen', partition: 1, offset: '1', metadata: 'm' }]);
    expect(world.cluster.inspect()).toMatchObject({
      topics: [
        {
          name: 'seen',
          partitions: [
            { partition: 0, low: 0, high: 0, lastStable: 0 },
            { partition: 1, low: 0, high: 3, lastStable: 3 },
          ],
        },
      ],
      groups: [
        {
          groupId: 'group',
          state: 'Stable',
          generation: 1,
          members: [{ clientId: 'kafkajs', assignment: { seen: [0, 1] } }],
          offsets: [{ topic: 'seen', partition: 1, offset: 1, metadata: 'm', lag: 2 }],
        },
      ],
    });
  }),
);

test(
  'reset forgets everything, and consumers that still run begin anew',
  inWorld(async (world) => {
    await world.send('forgotten', 'a');
    const { values } = await listen(world, 'forgotten');
    await eventually(() => expect(committed(world, 'forgotten')).toBe(1));
    world.cluster.reset();
    expect(world.cluster.inspect()).toEqual({ topics: [], groups: [] });
    await settle();
    await eventually(() => expect(world.cluster.inspect().groups[0]?.state).toBe('Stable'));
    await world.send('forgotten', 'b');
    await eventually(() => expect(values()).toEqual(['a', 'b']));
  }),
);

test('topics made on demand have as many partitions as the cluster says', async () => {
  const cluster = createCluster({ autoCreatePartitions: 5 });
  const producer = new Kafka({ ...quiet, brokers: ['x:1'], cluster }).producer();
  await producer.connect();
  await producer.send({ topic: 'made', messages: [{ value: 'x' }] });
  expect(cluster.inspect().topics[0]?.partitions).toHaveLength(5);
  await producer.disconnect();
});

test('with chance in hand, ids and turns are the same each time', async () => {
  const runOnce = async (): Promise<unknown[]> => {
    let seed = 7;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const kafka = new Kafka({ ...quiet, brokers: ['r:1'], cluster: createCluster({ random }) });
    await kafka.admin().createTopics({ topics: [{ topic: 't', numPartitions: 7 }] });
    const producer = kafka.producer();
    await producer.connect();
    const consumer = kafka.consumer({ groupId: 'g' });
    const ids: string[] = [];
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => ids.push(payload.memberId));
    await consumer.subscribe({ topics: ['t'] });
    await consumer.run({ eachMessage: async () => undefined });
    const written = await producer.send({ topic: 't', messages: [{ value: 'x' }] });
    await Promise.all([consumer.disconnect(), producer.disconnect()]);
    return [ids, written];
  };
  expect(await runOnce()).toEqual(await runOnce());
});

test('a manual clock is stopped, and calls timers in their order when it is moved', async () => {
  const clock = createManualClock(1000);
  const called: [string, number][] = [];
  clock.after(20, () => called.push(['later', clock.wallClock()]));
  clock.after(10, () => {
    called.push(['first', clock.wallClock()]);
    clock.after(5, () => called.push(['nested', clock.wallClock()]));
  });
  const cancel = clock.after(15, () => called.push(['cancelled', clock.wallClock()]));
  cancel();
  await clock.advance(19);
  expect([clock.wallClock(), called]).toEqual([
    1019,
    [
      ['first', 1010],
      ['nested', 1015],
    ],
  ]);
  await clock.advance(1);
  expect(called.at(-1)).toEqual(['later', 1020]);
  expect(clock.pending()).toBe(0);
});

test('a cluster of one broker is at the first address, and has no replicas', async () => {
  const cluster = createCluster();
  const kafka = new Kafka({ brokers: ['kafka:19092', 'other:1'], cluster, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  expect(await admin.describeCluster()).toEqual({
    brokers: [{ nodeId: 1, host: 'kafka', port: 19092 }],
    controller: 1,
    clusterId: 'memory-kafka',
  });
  const topics = [{ topic: 'twofold', replicationFactor: 2 }];
  expect(await rejection(admin.createTopics({ topics }))).toMatchObject({
    errors: [{ type: 'INVALID_REPLICATION_FACTOR' }],
  });
});
