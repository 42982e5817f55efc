// What a call costs where there is very much of something: in work, not in time.
import { expect, test } from '@jest/globals';
import { createCluster, type Clock } from '../src/index.ts';
import { createFifo } from '../src/turns.ts';
import { createWorld, eventually, listen } from './support.ts';

/** Milliseconds of the processor for as many rounds as it takes to let `total` wait, `atOnce` at a time. */
const costOfWaiting = (total: number, atOnce: number): number => {
  const before = process.cpuUsage();
  for (let done = 0; done < total; done += atOnce) {
    const waiting = createFifo<number>();
    for (let item = 0; item < atOnce; item += 1) waiting.push(item);
    for (let item = 0; item < atOnce; item += 1)
      if (waiting.shift() !== item) throw new Error('in another order');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

test('to wait among 150,000 costs about what it costs to wait among 5,000', () => {
  costOfWaiting(5000, 5000);
  const few = costOfWaiting(150_000, 5000);
  expect(costOfWaiting(150_000, 150_000)).toBeLessThan(5 * few);
});

/** A clock that counts how often somebody looks at the time of day. */
const countingClock = (): { clock: Clock; looks: () => number } => {
  const { clock } = createCluster();
  let looks = 0;
  const wallClock = (): number => {
    looks += 1;
    return clock.wallClock();
  };
  return { clock: { ...clock, wallClock }, looks: () => looks };
};

test('of 2,000 partitions those without anything new are not read', async () => {
  const { clock, looks } = countingClock();
  // With a retention, every read looks at the time.
  const world = await createWorld({ clock, retention: { ms: 1_000_000 } });
  try {
    await world.createTopic('wide', 2000);
    const { values } = await listen(world, 'wide');
    await world.send('wide', { partition: 7, value: 'a' });
    await eventually(() => expect(values()).toEqual(['a']));
    const before = looks();
    await world.send('wide', { partition: 8, value: 'b' });
    await eventually(() => expect(values()).toEqual(['a', 'b']));
    expect(looks() - before).toBeLessThan(500);
  } finally {
    await world.close();
  }
});
