import { expect, test } from '@jest/globals';
import type { Clock } from '../src/index.ts';
import { committed, eventually, inTimedWorld, inWorld, listen, withManualClock } from './support.ts';

test('a handler longer than the session without a heartbeat: evicted, handled twice, late commit refused', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      await world.send('evicted', 'slow', 'next');
      const handled: string[] = [];
      let finish: () => void = () => undefined;
      const slow = await listen(world, 'evicted', {
        onMessage: async ({ value }) => {
          handled.push(`first ${value}`);
          if (handled.length === 1) await new Promise<void>((resolve) => (finish = resolve));
        },
      });
      await clock.settle();
      await clock.advance(29_999);
      expect(world.cluster.inspect().groups[0]?.members).toHaveLength(1);
      await clock.advance(2);
      expect(world.cluster.inspect().groups[0]?.members).toHaveLength(0);
      const other = await listen(world, 'evicted', {
        onMessage: ({ value }) => void handled.push(`second ${value}`),
      });
      await eventually(() => expect(committed(world, 'evicted')).toBe(2));
      await slow.consumer
        .commitOffsets([{ topic: 'evicted', partition: 0, offset: '1' }])
        .catch(() => undefined);
      expect(committed(world, 'evicted')).toBe(2);
      await other.consumer.disconnect();
      finish();
      await clock.settle();
      await clock.settle();
      expect(handled).toEqual(['first slow', 'second slow', 'second next']);
      expect(committed(world, 'evicted')).toBe(2);
    },
    () => ({ ...options }),
  )();
});

test(
  'with heartbeats a long handler keeps its place',
  inTimedWorld(async (world, clock) => {
    await world.send('kept', 'a');
    const consumer = world.consumer();
    const beats: number[] = [];
    const start = clock.wallClock();
    consumer.on(consumer.events.HEARTBEAT, () => beats.push(clock.wallClock() - start));
    await consumer.subscribe({ topics: ['kept'], fromBeginning: true });
    let handled = 0;
    await consumer.run({
      eachMessage: async ({ heartbeat }) => {
        for (let i = 0; i < 60; i += 1) {
          await clock.advance(1000);
          await heartbeat();
        }
        handled += 1;
      },
    });
    await eventually(() => expect(committed(world, 'kept')).toBe(1));
    expect(handled).toBe(1);
    // Sixty calls, but no more than one request in heartbeatInterval.
    expect(beats.slice(0, 4)).toEqual([3000, 6000, 9000, 12_000]);
  }),
);

test(
  'an idle member stays in the group',
  inTimedWorld(async (world, clock) => {
    const { values } = await listen(world, 'idle');
    await clock.advance(200_000);
    expect(world.cluster.inspect().groups[0]).toMatchObject({ state: 'Stable', generation: 1 });
    await world.send('idle', 'still here');
    await eventually(() => expect(values()).toEqual(['still here']));
  }),
);

test(
  'who does not come back to a rebalance in time is left out of it',
  inTimedWorld(async (world, clock) => {
    await world.createTopic('stuck', 2);
    await world.send('stuck', 'block');
    let finish: () => void = () => undefined;
    await listen(world, 'stuck', {
      config: { rebalanceTimeout: 10_000 },
      onMessage: () => new Promise<void>((resolve) => (finish = resolve)),
    });
    await clock.settle();
    const joining = listen(world, 'stuck', { config: { rebalanceTimeout: 10_000 } });
    await clock.advance(9999);
    expect(world.cluster.inspect().groups[0]).toMatchObject({ state: 'PreparingRebalance' });
    await clock.advance(2);
    await joining;
    expect(world.cluster.inspect().groups[0]?.members).toMatchObject([{ assignment: { stuck: [0, 1] } }]);
    finish();
    await clock.settle();
  }),
);

test.each([-31, 31])(
  'a wall clock that is set by %i days evicts nobody, and sets no timer beyond the longest',
  async (days) => {
    const { clock } = withManualClock();
    const LONGEST_TIMER_MS = 2 ** 31 - 1;
    let aheadMs = 0;
    const timers: number[] = [];
    const stepped: Clock = {
      ...clock,
      wallClock: () => clock.wallClock() + aheadMs,
      after: (ms, fn, isIdle) => {
        timers.push(ms);
        return clock.after(ms, fn, isIdle);
      },
    };
    await inWorld(
      async (world) => {
        const consumer = world.consumer();
        let beats = 0;
        consumer.on(consumer.events.HEARTBEAT, () => (beats += 1));
        const { values } = await listen(world, 'stepped', { consumer });
        await clock.advance(10_000);
        aheadMs = days * 24 * 3_600_000;
        const before = beats;
        await clock.advance(100_000);
        // One in heartbeatInterval, as before.
        expect(beats - before).toBeGreaterThanOrEqual(20);
        expect(beats - before).toBeLessThan(40);
        expect(world.cluster.inspect().groups[0]).toMatchObject({ state: 'Stable', generation: 1 });
        await world.send('stepped', 'still here');
        await eventually(() => expect(values()).toEqual(['still here']));
        expect(Math.max(...timers)).toBeLessThan(LONGEST_TIMER_MS);
      },
      () => ({ clock: stepped }),
    )();
  },
);
