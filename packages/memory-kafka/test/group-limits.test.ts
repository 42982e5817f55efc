import { expect, test } from '@jest/globals';
import { createCluster, logLevel } from '../src/index.ts';
import { eventually, inWorld, Kafka, listen, withManualClock } from './support.ts';

// What a cluster asks of its groups, and its options for that.

test('without a delay, members that start together get into one generation', () =>
  inWorld(async (world) => {
    await world.createTopic('together', 4);
    await Promise.all([1, 2, 3, 4].map(() => listen(world, 'together')));
    expect(world.cluster.inspect().groups[0]).toMatchObject({ state: 'Stable', generation: 1 });
  })());

test('initialRebalanceDelayMs: an empty group waits for more members, and once more for each that comes', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      await world.createTopic('gathering', 4);
      const group = () => world.cluster.inspect().groups[0];
      const joining = [listen(world, 'gathering')];
      await clock.settle();
      await clock.advance(2000);
      joining.push(listen(world, 'gathering'));
      await clock.settle();
      await clock.advance(3999);
      expect(group()).toMatchObject({ state: 'PreparingRebalance', generation: 0 });
      await clock.advance(1);
      await Promise.all(joining);
      expect(group()).toMatchObject({ state: 'Stable', generation: 1 });
      expect(group()?.members).toHaveLength(2);
    },
    () => ({ ...options, initialRebalanceDelayMs: 3000 }),
  )();
});

/** The type of the error with which a member with such a session crashes; undefined if it joins. */
const crashOf = async (sessionTimeout: number, options = {}): Promise<unknown> => {
  const kafka = new Kafka({ brokers: ['x:1'], cluster: createCluster(options), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: 'g', sessionTimeout, heartbeatInterval: 1 });
  const outcomes: unknown[] = [];
  consumer.on(consumer.events.CRASH, ({ payload }) => outcomes.push(Reflect.get(payload.error, 'type')));
  consumer.on(consumer.events.GROUP_JOIN, () => outcomes.push(undefined));
  await consumer.subscribe({ topics: ['t'] });
  await consumer.run({ eachMessage: async () => undefined });
  await eventually(() => expect(outcomes).toHaveLength(1));
  await consumer.disconnect();
  return outcomes[0];
};

test('minSessionTimeoutMs: shorter sessions are refused, than 6 seconds if nothing is said', async () => {
  expect(await crashOf(5999)).toBe('INVALID_SESSION_TIMEOUT');
  expect(await crashOf(6000)).toBeUndefined();
  expect(await crashOf(5, { minSessionTimeoutMs: 5 })).toBeUndefined();
});
