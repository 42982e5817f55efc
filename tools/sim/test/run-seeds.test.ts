import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { times } from '@order-pipeline/testing';
import { COMES_TO_ITS_END } from '../src/findings.ts';
import { forkRunner } from '../src/forked-runner.ts';
import { shareOut } from '../src/run-seeds.ts';
import { cutOff, type Runner, type SeedRun } from '../src/runner.ts';

const fine = (seed: number): SeedRun => {
  const { result } = cutOff(seed, '');
  return { result: { ...result, findings: [] }, hangs: false };
};

/** Runners that note which seeds they ran; of some seeds they say otherwise. */
const runnersOf = (count: number, others: Readonly<Record<number, SeedRun>> = {}) => {
  const ran: number[][] = times(count, () => []);
  const runners = ran.map((seeds): Runner => ({
    run: async (seed) => {
      seeds.push(seed);
      await new Promise(setImmediate);
      return others[seed] ?? fine(seed);
    },
    stop: async () => undefined,
  }));
  return { ran, runners };
};

const range = (count: number, stopOnFailure = false) => ({ from: 5, count, stopOnFailure });

test('every seed is run once, by runners that share them, and the results are in order', async () => {
  const { ran, runners } = runnersOf(3);
  const done: number[] = [];
  const results = await shareOut(range(10), runners, (_, count) => void done.push(count));
  expect(results.map(({ seed }) => seed)).toEqual(times(10, (index) => 5 + index));
  expect(ran.flat().toSorted((a, b) => a - b)).toEqual(times(10, (index) => 5 + index));
  for (const seeds of ran) expect(seeds.length).toBeGreaterThan(1);
  expect(done).toEqual(times(10, (index) => index + 1));
});

test('a failure ends the run only where that is asked for', async () => {
  const failed = { 6: { ...cutOff(6, 'a reason'), hangs: false } };
  expect(await shareOut(range(10), runnersOf(1, failed).runners, () => undefined)).toHaveLength(10);
  const results = await shareOut(range(10, true), runnersOf(1, failed).runners, () => undefined);
  expect(results.map(({ seed }) => seed)).toEqual([5, 6]);
});

test('after a seed that hangs no other is begun', async () => {
  const { ran, runners } = runnersOf(2, { 6: cutOff(6, 'it hangs') });
  const results = await shareOut(range(100), runners, () => undefined);
  expect(results.length).toBeLessThan(5);
  expect(ran.flat()).toHaveLength(results.length);
});

test('a seed whose process ends has not come to its end, and neither has any that follows', async () => {
  const runner = await forkRunner({}, fileURLToPath(new URL('ending-child.mjs', import.meta.url)));
  expect(await runner.run(1)).toMatchObject({ hangs: false, result: { seed: 1 } });
  const { result, hangs } = await runner.run(2);
  expect(hangs).toBe(true);
  expect(result.findings).toMatchObject([{ promise: COMES_TO_ITS_END, detail: 'its process ended with 7' }]);
  expect((await runner.run(3)).hangs).toBe(true);
  await runner.stop();
});
