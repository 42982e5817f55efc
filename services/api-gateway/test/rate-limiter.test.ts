import { expect, test } from '@jest/globals';
import { createRateLimiter, retryAfter } from '../src/rate-limiter.ts';

const start = (burst: number, intervalMs: number) => {
  let now = 0.25;
  const limiter = createRateLimiter({ runtime: { monotonic: () => now }, burst, intervalMs });
  const takeMany = (times: number, key = 'a') =>
    Array.from({ length: times }, () => limiter.take(key)).filter((wait) => wait === 0).length;
  const pass = (ms: number): void => {
    now += ms;
  };
  return { limiter, takeMany, pass };
};

test.each([1, 3, 7, 1_000, 999_983])(
  'of %i a second so many pass at once, and then one in each interval',
  (burst) => {
    const { takeMany, pass } = start(burst, 1_000 / burst);
    expect(takeMany(burst + 10)).toBe(burst);
    for (let turn = 0; turn < 5; turn += 1) {
      pass(1_000 / burst);
      expect(takeMany(3)).toBe(1);
    }
    pass(1_000);
    expect(takeMany(burst + 10)).toBe(burst);
  },
);

test('where one second ends and the next begins, no more pass than at any other time', () => {
  const { takeMany, pass } = start(100, 10);
  pass(999);
  expect(takeMany(500)).toBe(100);
  pass(2);
  expect(takeMany(500)).toBe(0);
});

test('who comes again after the wait has it, and not before', () => {
  const { limiter, takeMany, pass } = start(2, 6_000);
  takeMany(2);
  const wait = limiter.waitMs('a');
  expect(limiter.take('a')).toBe(wait);
  pass(wait - 1);
  expect(takeMany(1)).toBe(0);
  pass(1);
  expect(takeMany(2)).toBe(1);
});

test('to look takes nothing, and keys do not share', () => {
  const { limiter, takeMany } = start(1, 1_000);
  expect([limiter.waitMs('a'), limiter.waitMs('a')]).toEqual([0, 0]);
  expect([takeMany(2, 'a'), takeMany(2, 'b')]).toEqual([1, 1]);
});

test('of very many keys the latest are remembered', () => {
  const { limiter, takeMany } = start(1, 1_000);
  for (let key = 0; key < 250_000; key += 1) limiter.take(String(key));
  expect(takeMany(1, '249999')).toBe(0);
  expect(takeMany(1, '150001')).toBe(0);
  expect(takeMany(1, '0')).toBe(1);
});

test.each([
  [1, '1'],
  [1_000, '1'],
  [1_001, '2'],
  [0.001, '1'],
])('a wait of %d ms is %s s in Retry-After', (ms, seconds) => {
  expect(retryAfter(ms)).toBe(seconds);
});
