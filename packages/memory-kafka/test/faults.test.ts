import { expect, test } from '@jest/globals';
import { createSeededRandom, KafkaJSConnectionError, KafkaJSNonRetriableError } from '../src/index.ts';
import {
  committed,
  eventually,
  inTimedWorld,
  inWorld,
  listen,
  rejection,
  withManualClock,
} from './support.ts';

test(
  'a broker that is away longer than the retries: send rejects as with kafkajs, and works again later',
  inTimedWorld(async (world, clock) => {
    await world.send('away', 'before');
    world.cluster.faults.brokerDown();
    const sending = rejection(world.send('away', 'lost to the caller'));
    await clock.advance(5000);
    const error = await sending;
    expect(error).toBeInstanceOf(KafkaJSNonRetriableError);
    expect(error).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: expect.stringMatching(/^Connection error: connect ECONNREFUSED world-\d+:9092$/),
      cause: { name: 'KafkaJSConnectionError', code: 'ECONNREFUSED', retriable: true },
    });
    world.cluster.faults.brokerUp();
    await world.send('away', 'after');
    const { values } = await listen(world, 'away');
    await eventually(() => expect(values()).toEqual(['before', 'after']));
  }),
);

test(
  'a broker that comes back within the retries loses nothing and the caller does not notice',
  inTimedWorld(async (world, clock) => {
    const patient = world.another().producer({ retry: { retries: 10 } });
    await patient.connect();
    const { values } = await listen(world, 'blink');
    await clock.settle();
    world.cluster.faults.brokerDown();
    const sending = patient.send({ topic: 'blink', messages: [{ value: 'patient' }] });
    await clock.advance(3);
    world.cluster.faults.brokerUp();
    await clock.advance(2000);
    expect(await sending).toMatchObject([{ partition: 0 }]);
    await clock.advance(2000);
    await eventually(() => expect(values()).toEqual(['patient']));
    await patient.disconnect();
  }),
);

test('a consumer survives 30 s without the broker: it crashes, restarts, and misses nothing', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      const consumer = world.consumer();
      const crashes: { name: string; restart: boolean }[] = [];
      consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) =>
        crashes.push({ name: error.name, restart }),
      );
      const { values } = await listen(world, 'outage', { consumer });
      await world.send('outage', 'before');
      await clock.settle();
      expect(committed(world, 'outage')).toBe(1);
      world.cluster.faults.brokerDown();
      await clock.advance(30_000);
      expect(crashes.length).toBeGreaterThan(0);
      expect(crashes.every(({ restart }) => restart)).toBe(true);
      world.cluster.faults.brokerUp();
      await world.send('outage', 'after');
      await clock.advance(60_000);
      expect(values()).toEqual(['before', 'after']);
      expect(committed(world, 'outage')).toBe(2);
    },
    () => ({ ...options, retry: {} }),
  )();
});

test(
  'connecting to a broker that is down rejects after the retries',
  inWorld(async ({ cluster, kafka }) => {
    cluster.faults.brokerDown();
    expect(cluster.faults.isBrokerDown()).toBe(true);
    const error = await rejection(kafka.admin().connect());
    expect(error).toMatchObject({ name: 'KafkaJSNumberOfRetriesExceeded', retryCount: 5 });
    expect(error.cause).toBeInstanceOf(KafkaJSConnectionError);
  }),
);

test(
  'a refused produce is tried again when the refusal can pass, and rejects when it cannot',
  inWorld(async ({ cluster, producer }) => {
    const messages = [{ value: 'x' }];
    cluster.faults.refuse('produce', 'NOT_LEADER_FOR_PARTITION', { times: 2 });
    expect(await producer.send({ topic: 'refused', messages })).toMatchObject([{ baseOffset: '0' }]);
    cluster.faults.refuse('produce', 'MESSAGE_TOO_LARGE');
    expect(await rejection(producer.send({ topic: 'refused', messages }))).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'MESSAGE_TOO_LARGE',
    });
  }),
);

test(
  'a lost answer makes a duplicate, except from an idempotent producer',
  inWorld(async (world) => {
    await world.send('plain', 'warm up');
    world.cluster.faults.loseAnswer('produce');
    await world.send('plain', 'twice');
    const idempotent = world.kafka.producer({ idempotent: true });
    await idempotent.connect();
    world.cluster.faults.loseAnswer('produce');
    await idempotent.send({ topic: 'once', messages: [{ value: 'once' }] });
    await idempotent.send({ topic: 'once', messages: [{ value: 'next' }] });
    const { values } = await listen(world, ['plain', 'once']);
    await eventually(() =>
      expect(values().toSorted()).toEqual(['next', 'once', 'twice', 'twice', 'warm up']),
    );
    await idempotent.disconnect();
  }),
);

test(
  'a delayed fetch arrives later',
  inTimedWorld(async (world, clock) => {
    await world.send('slow', 'a');
    world.cluster.faults.delay('fetch', 700);
    const { values } = await listen(world, 'slow');
    await clock.advance(699);
    expect(values()).toEqual([]);
    await clock.advance(1);
    expect(values()).toEqual(['a']);
  }),
);

test(
  'a forced rebalance makes members join again',
  inWorld(async (world) => {
    const { consumer, values } = await listen(world, 'forced');
    const joins: string[] = [];
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => joins.push(payload.memberId));
    const before = world.cluster.inspect().groups[0]?.members[0]?.memberId;
    world.cluster.faults.rebalance('group');
    await eventually(() => expect(joins).toEqual([before]));
    await world.send('forced', 'read');
    await eventually(() => expect(values()).toEqual(['read']));
  }),
);

test(
  'a member whose session is made to expire finds out at its commit, joins as somebody new, and repeats its work',
  inWorld(async (world) => {
    const { consumer, values } = await listen(world, 'expired');
    const before = world.cluster.inspect().groups[0]?.members[0]?.memberId;
    const joins: string[] = [];
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => joins.push(payload.memberId));
    await world.send('expired', 'a');
    await eventually(() => expect(committed(world, 'expired')).toBe(1));
    world.cluster.faults.expireSession('group');
    await world.send('expired', 'b');
    await eventually(() => expect(committed(world, 'expired')).toBe(2));
    expect(values()).toEqual(['a', 'b', 'b']);
    expect(joins).toHaveLength(1);
    expect(joins).not.toContain(before);
  }),
);

test(
  'the end of a log that was not flushed is gone, what comes next takes its offsets, and readers beyond it start over',
  inWorld(async (world) => {
    await world.send('power', 'a', 'b');
    await world.send('power', 'c');
    await world.send('power', 'd', 'e');
    const { values } = await listen(world, 'power');
    await eventually(() => expect(committed(world, 'power')).toBe(5));
    world.cluster.faults.dropUnflushed('power', { messages: 2 });
    expect(world.cluster.inspect().topics[0]?.partitions[0]?.high).toBe(3);
    await world.send('power', 'f');
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c', 'd', 'e', 'a', 'b', 'c', 'f']));
    await eventually(() => expect(committed(world, 'power')).toBe(4));
  }),
);

test(
  'of messages that were sent together none outlives the others, nor does an idempotent producer take them for known',
  inWorld(async (world) => {
    await world.createTopic('whole', 2);
    const idempotent = world.kafka.producer({ idempotent: true });
    await idempotent.connect();
    const messages = ['a', 'b', 'c'].map((value) => ({ value, partition: 1 }));
    await idempotent.send({ topic: 'whole', messages });
    await world.send('whole', { value: 'other', partition: 0 });
    world.cluster.faults.dropUnflushed('whole', { partition: 1, messages: 1 });
    const highs = () => world.cluster.inspect().topics[0]?.partitions.map(({ high }) => high);
    expect(highs()).toEqual([1, 0]);
    await idempotent.send({ topic: 'whole', messages });
    expect(highs()).toEqual([1, 3]);
    await idempotent.disconnect();
  }),
);

test(
  'a group gets its messages again from an older offset, in the middle of its work or after it',
  inWorld(async (world) => {
    await world.send('older', 'a', 'b', 'c');
    const { values } = await listen(world, 'older');
    await eventually(() => expect(committed(world, 'older')).toBe(3));
    world.cluster.faults.redeliver('group', { topic: 'older', offset: 1 });
    expect(committed(world, 'older')).toBe(1);
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c', 'b', 'c']));
    await eventually(() => expect(committed(world, 'older')).toBe(3));
    world.cluster.faults.redeliver('group', { topic: 'older', partition: 0, offset: 9 });
    expect(committed(world, 'older')).toBe(3);
  }),
);

/** What became of fifty sends, of which some are refused and some lose their answer. */
const sendByChance = async (seed: number): Promise<string[]> => {
  const outcomes: string[] = [];
  await inWorld(
    async ({ cluster, kafka }) => {
      cluster.faults.chance('produce', {
        refuse: { share: 0.3, type: 'MESSAGE_TOO_LARGE' },
        loseAnswer: { share: 0.2 },
      });
      const producer = kafka.producer();
      await producer.connect();
      for (let i = 0; i < 50; i += 1) {
        const sent = producer.send({ topic: 'chance', messages: [{ value: String(i) }] });
        outcomes.push(await sent.then(([record]) => `at ${record?.baseOffset}`, String));
      }
      await producer.disconnect();
    },
    () => ({ random: createSeededRandom(seed) }),
  )();
  return outcomes;
};

test('faults by chance are the same ones for the same seed', async () => {
  const first = await sendByChance(7);
  expect(await sendByChance(7)).toEqual(first);
  expect(await sendByChance(8)).not.toEqual(first);
  const refused = first.filter((outcome) => outcome.includes('KafkaJSProtocolError')).length;
  expect(refused).toBeGreaterThan(5);
  expect(refused).toBeLessThan(30);
  // Each answer that was lost made a duplicate.
  expect(first.at(-1)).not.toBe(`at ${49 - refused}`);
});

test('delays by chance hold some requests up, and none for longer than asked for', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      world.cluster.faults.chance('produce', { delay: { share: 1, upToMs: 100 } });
      let sent = 0;
      const sending = Array.from({ length: 20 }, () => world.send('delayed', 'x').then(() => (sent += 1)));
      await clock.advance(50);
      expect(sent).toBeGreaterThan(0);
      expect(sent).toBeLessThan(20);
      await clock.advance(50);
      await Promise.all(sending);
      world.cluster.faults.clear();
      await world.send('delayed', 'at once');
    },
    () => ({ ...options, random: createSeededRandom(1) }),
  )();
});

test(
  'clear takes back what has not happened yet',
  inWorld(async ({ cluster, producer }) => {
    cluster.faults.refuse('produce', 'MESSAGE_TOO_LARGE');
    cluster.faults.brokerDown();
    cluster.faults.clear();
    expect(await producer.send({ topic: 't', messages: [{ value: 'x' }] })).toHaveLength(1);
  }),
);
