import { expect, test } from '@jest/globals';
import { findSeed, type Range } from '../mutants/hunt.ts';
import { COMES_TO_ITS_END } from '../src/findings.ts';

/** Runs seeds of which some break promises, and notes which were asked for. */
const runnerOf = (broken: Readonly<Record<number, readonly string[]>>) => {
  const asked: Range[] = [];
  const run = async (range: Range) => {
    asked.push(range);
    const seeds = Array.from({ length: range.count }, (_, index) => range.from + index);
    const failing = seeds.findIndex((seed) => broken[seed] !== undefined);
    const seed = seeds[failing];
    const findings = (broken[seed ?? -1] ?? []).map((promise) => ({ promise, ids: [], detail: '' }));
    return {
      seeds: failing < 0 ? seeds.length : failing + 1,
      failures: seed === undefined ? [] : [{ seed, findings }],
    };
  };
  return { asked, run };
};

test('a bug is found by the first seed that breaks a promise', async () => {
  const { run } = runnerOf({ 102: ['the audit is clean', 'the audit is clean'] });
  expect(await findSeed({ from: 100, count: 60 }, run)).toEqual({
    seed: 102,
    promises: ['the audit is clean'],
    seeds: 3,
  });
});

test('a seed that only did not come to its end does not count, and the search continues behind it', async () => {
  const { run, asked } = runnerOf({ 101: [COMES_TO_ITS_END], 105: [COMES_TO_ITS_END, 'the audit is clean'] });
  expect(await findSeed({ from: 100, count: 10 }, run)).toEqual({
    seed: 105,
    promises: ['the audit is clean'],
    seeds: 6,
  });
  expect(asked).toEqual([
    { from: 100, count: 10 },
    { from: 102, count: 8 },
  ]);
});

test('a bug that no seed shows has survived, also where the last seed did not come to its end', async () => {
  expect(await findSeed({ from: 1, count: 5 }, runnerOf({}).run)).toEqual({ promises: [], seeds: 5 });
  const last = runnerOf({ 5: [COMES_TO_ITS_END] });
  expect(await findSeed({ from: 1, count: 5 }, last.run)).toEqual({ promises: [], seeds: 5 });
});
