import { expect, test } from '@jest/globals';
import type { IResourceConfigEntry } from 'kafkajs';
import { ConfigResourceTypes } from '../src/index.ts';
import {
  committed,
  eventually,
  inTimedWorld,
  inWorld,
  listen,
  withManualClock,
  type World,
} from './support.ts';

const MINUTE_MS = 60_000;

type Configuration = Readonly<Record<string, string>>;

const entriesOf = (configuration: Configuration): IResourceConfigEntry[] =>
  Object.entries(configuration).map(([name, value]) => ({ name, value }));

const create = async ({ kafka }: World, topic: string, configuration: Configuration): Promise<void> => {
  await kafka.admin().createTopics({ topics: [{ topic, configEntries: entriesOf(configuration) }] });
};

const alter = async ({ kafka }: World, name: string, configuration: Configuration): Promise<void> => {
  const resources = [{ type: ConfigResourceTypes.TOPIC, name, configEntries: entriesOf(configuration) }];
  await kafka.admin().alterConfigs({ resources, validateOnly: false });
};

const stateOf = ({ cluster }: World, topic: string) =>
  cluster.inspect().topics.find(({ name }) => name === topic)?.partitions[0];

const boundsOf = (world: World, topic: string) => {
  const { low, high } = stateOf(world, topic) ?? {};
  return [low, high];
};

test(
  'messages are dropped when they are older than retention.ms, and no timer is needed for it',
  inTimedWorld(async (world, clock) => {
    await create(world, 'aging', { 'retention.ms': String(10 * MINUTE_MS) });
    await world.send('aging', 'old');
    await clock.advance(6 * MINUTE_MS);
    await world.send('aging', 'young');
    expect(boundsOf(world, 'aging')).toEqual([0, 2]);
    expect(clock.pending()).toBe(0);
    await clock.advance(5 * MINUTE_MS);
    expect(boundsOf(world, 'aging')).toEqual([1, 2]);
    expect(await world.kafka.admin().fetchTopicOffsets('aging')).toMatchObject([{ low: '1', high: '2' }]);
    const { values } = await listen(world, 'aging', { config: { groupId: 'late' } });
    await eventually(() => expect(values()).toEqual(['young']));
    await clock.advance(6 * MINUTE_MS);
    expect(boundsOf(world, 'aging')).toEqual([2, 2]);
  }),
);

test(
  'a partition keeps at least retention.bytes, and at most one batch more',
  inWorld(async (world) => {
    await create(world, 'sized', { 'retention.bytes': '1000' });
    // 300 bytes each, in the format of Kafka.
    for (let sent = 0; sent < 20; sent += 1) await world.send('sized', 'x'.repeat(230));
    expect(boundsOf(world, 'sized')).toEqual([16, 20]);
  }),
);

test(
  'a cluster can keep a number of messages in each partition, also of what was sent at once',
  inWorld(
    async (world) => {
      const five = ['1', '2', '3', '4', '5'];
      await world.send('counted', ...five);
      expect(boundsOf(world, 'counted')).toEqual([2, 5]);
      const { values } = await listen(world, 'counted');
      await eventually(() => expect(values()).toEqual(['3', '4', '5']));
      await world.send('counted', '6');
      expect(boundsOf(world, 'counted')).toEqual([3, 6]);
    },
    () => ({ retention: { messages: 3 } }),
  ),
);

test('the configuration of a topic counts more than that of the cluster', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      await create(world, 'own', { 'retention.ms': '-1', 'retention.bytes': '-1' });
      await create(world, 'common', {});
      for (const topic of ['own', 'common']) await world.send(topic, 'a', 'b');
      await clock.advance(2 * MINUTE_MS);
      expect([boundsOf(world, 'own'), boundsOf(world, 'common')]).toEqual([
        [0, 2],
        [2, 2],
      ]);
    },
    () => ({ ...options, retention: { ms: MINUTE_MS, bytes: 1 } }),
  )();
});

test(
  'altering the retention counts at once, for what is there already',
  inWorld(async (world) => {
    await create(world, 'altered', {});
    for (const value of ['a', 'b', 'c']) await world.send('altered', value);
    await alter(world, 'altered', { 'retention.bytes': '1' });
    expect(boundsOf(world, 'altered')).toEqual([2, 3]);
    await alter(world, 'altered', {});
    await world.send('altered', 'd');
    expect(boundsOf(world, 'altered')).toEqual([2, 4]);
  }),
);

test(
  'a topic that is only to be compacted keeps everything, whatever its retention',
  inWorld(async (world) => {
    await create(world, 'compacted', { 'cleanup.policy': 'compact', 'retention.bytes': '1' });
    for (const value of ['a', 'b', 'c']) await world.send('compacted', { key: 'k', value });
    expect(boundsOf(world, 'compacted')).toEqual([0, 3]);
  }),
);

test.each([
  { fromBeginning: true, expected: ['kept', 'end'] },
  { fromBeginning: false, expected: ['end'] },
])(
  'a group whose commit has expired continues where it would begin: %o',
  async ({ fromBeginning, expected }) => {
    const { clock, options } = withManualClock();
    await inWorld(
      async (world) => {
        await create(world, 'behind', { 'retention.ms': String(MINUTE_MS) });
        await world.send('behind', 'first', 'expired');
        const first = await listen(world, 'behind', { autoCommit: false });
        await first.consumer.commitOffsets([{ topic: 'behind', partition: 0, offset: '1' }]);
        await first.consumer.disconnect();
        await clock.advance(2 * MINUTE_MS);
        await world.send('behind', 'kept');
        const second = await listen(world, 'behind', { fromBeginning });
        await clock.settle();
        await world.send('behind', 'end');
        await clock.advance(1000);
        expect(second.values()).toEqual(expected);
        expect(committed(world, 'behind')).toBe(4);
      },
      () => options,
    )();
  },
);

test(
  'the memory of what is dropped is given back',
  inWorld(
    async (world) => {
      const batch = Array.from({ length: 100 }, () => 'x'.repeat(10_000));
      for (let sent = 0; sent < 30; sent += 1) await world.send('bounded', ...batch);
      expect(boundsOf(world, 'bounded')).toEqual([2900, 3000]);
      expect(stateOf(world, 'bounded')?.bytes).toBeLessThan(3_000_000);
    },
    () => ({ retention: { messages: 100 } }),
  ),
);

test(
  'messages of an open transaction expire like others, and its end comes all the same',
  inTimedWorld(async (world, clock) => {
    await create(world, 'open', { 'retention.ms': '1000' });
    const producer = world.kafka.producer({ transactionalId: 'tx', idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'open', messages: [{ value: 'expired' }] });
    await clock.advance(2000);
    expect(stateOf(world, 'open')).toMatchObject({ low: 1, high: 1, lastStable: 1 });
    await transaction.commit();
    await world.send('open', 'after');
    const { values } = await listen(world, 'open');
    await eventually(() => expect(values()).toEqual(['after']));
    await producer.disconnect();
  }),
);
