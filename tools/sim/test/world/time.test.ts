import { expect, test } from '@jest/globals';
import { createTime } from '../../src/world/time.ts';

const startTime = (settled: () => Promise<void> = async () => undefined, limitMs = 5_000) =>
  createTime({ startAt: 1_000, settled, limitMs });

test('events happen in the order of their moments, and those of one moment as they were planned', async () => {
  const time = startTime();
  const seen: [string, number][] = [];
  const note = (name: string) => () => void seen.push([name, time.now()]);
  time.after(20, note('late'));
  time.after(10, note('first'));
  time.after(10, note('second'));
  await time.runUntil(() => seen.length === 3);
  expect(seen).toEqual([
    ['first', 1_010],
    ['second', 1_010],
    ['late', 1_020],
  ]);
});

test('all that an event sets off is carried out before the next one', async () => {
  const time = startTime();
  const seen: string[] = [];
  time.after(1, () => {
    void (async () => {
      for (const step of ['a', 'b', 'c']) {
        await Promise.resolve();
        seen.push(step);
      }
    })();
  });
  time.after(1, () => void seen.push('next'));
  await time.runUntil(() => seen.includes('next'));
  expect(seen).toEqual(['a', 'b', 'c', 'next']);
});

test('time stops while something real is under way', async () => {
  let finish = (): void => undefined;
  const underWay = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const time = startTime(() => underWay);
  let isOver = false;
  time.after(1, () => {
    isOver = true;
  });
  const run = time.runUntil(() => isOver);
  await new Promise((resolve) => setImmediate(resolve));
  expect([isOver, time.now()]).toEqual([false, 1_000]);
  finish();
  await run;
  expect([isOver, time.now()]).toEqual([true, 1_001]);
});

test('what is cancelled, or belongs to somebody dead, does not happen', async () => {
  const time = startTime();
  const seen: string[] = [];
  const dead = { isDead: () => true, stalledUntil: () => 0 };
  time.after(1, () => void seen.push('dead'), dead);
  time.after(2, () => void seen.push('cancelled'))();
  time.after(3, () => void seen.push('alive'));
  await time.runUntil(() => seen.includes('alive'));
  expect(seen).toEqual(['alive']);
});

test('what belongs to somebody stalled happens when the stall is over', async () => {
  const time = startTime();
  const stalled = { isDead: () => false, stalledUntil: () => 1_500 };
  let at = 0;
  time.after(10, () => void (at = time.now()), stalled);
  await time.runUntil(() => at > 0);
  expect(at).toBe(1_500);
});

test('a world in which nothing is left to happen says so instead of waiting for ever', async () => {
  await expect(startTime().runUntil(() => false)).rejects.toThrow('nothing is left to happen');
});

test('a simulation that does not end is ended once it has spent its processor time', async () => {
  const limitMs = 20;
  const time = startTime(undefined, limitMs);
  const again = (): void => void time.after(1, again);
  again();
  const before = process.cpuUsage();
  await expect(time.runUntil(() => false)).rejects.toThrow(`within ${limitMs} ms of CPU time`);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeGreaterThanOrEqual(limitMs);
});
