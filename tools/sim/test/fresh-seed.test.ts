import { expect, test } from '@jest/globals';
import { freshSeedOf, MAX_SEED } from '../src/fresh-seed.ts';

test('a text stands for the same seeds each time, another one for others, and none for the fixed ones', () => {
  const texts = Array.from({ length: 1_000 }, (_, index) => `commit ${index}`);
  const seeds = texts.map(freshSeedOf);
  expect(texts.map(freshSeedOf)).toEqual(seeds);
  expect(new Set(seeds).size).toBe(texts.length);
  expect(Math.min(...seeds)).toBeGreaterThanOrEqual(1_000_000);
  expect(Math.max(...seeds)).toBeLessThan(MAX_SEED - 99_999);
});
