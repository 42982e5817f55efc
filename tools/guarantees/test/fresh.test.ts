import { expect, test } from '@jest/globals';
import { freshHeld, freshSentence, withFreshRun, type FreshRun } from '../src/fresh.ts';

const run = (from: number, seeds: number, ...broken: number[]): FreshRun => ({
  at: `2026-01-0${from / 1_000}`,
  from,
  seeds,
  broken,
});

test('the seeds of all runs have held as long as none breaks a promise', () => {
  const runs = [run(1_000, 1_500), run(2_000, 100)];
  expect(freshHeld(runs)).toEqual({ held: 1_600, last: undefined });
  expect(freshSentence(runs)).toContain('1,600 in a row have held and none has broken a promise');
});

test('counting begins anew behind the last seed that broke a promise', () => {
  const runs = [run(1_000, 100), run(2_000, 100, 2_010, 2_030), run(3_000, 50)];
  expect(freshHeld(runs)).toEqual({ held: 69 + 50, last: { seed: 2_030, at: '2026-01-02' } });
  expect(freshSentence(runs)).toContain(
    '119 in a row have held since seed 2030 broke a promise (2026-01-02)',
  );
});

test('seeds that are run a second time are counted once', () => {
  const runs = withFreshRun(withFreshRun([], run(1_000, 100, 1_050)), run(1_000, 100));
  expect(runs).toEqual([run(1_000, 100)]);
});
