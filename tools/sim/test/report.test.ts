import { expect, test } from '@jest/globals';
import { figuresOf } from '../src/figures.ts';
import { failureLines, seedsLine, summaryLines } from '../src/report.ts';
import type { SeedResult } from '../src/run-seed.ts';

const result = (seed: number, changes: Partial<SeedResult> = {}): SeedResult => ({
  seed,
  findings: [],
  faults: { 'process: crash': 2 },
  crashPoints: [{ service: 'orders', point: 'orders.afterStoreBeforeAnswer', reached: 3, crashed: 1 }],
  orders: { asked: 5, DELIVERED: 4 },
  spans: 0,
  virtualMs: 60_000,
  healedAfterMs: 1_000 * seed,
  ...changes,
});

const broken = result(2, {
  findings: [{ promise: 'nothing is sold beyond the stock', ids: ['item-1'], detail: '12 of 10' }],
});

test('the figures of a run are those of its seeds together', () => {
  expect(figuresOf([result(1), broken], 1, 2_000)).toEqual({
    from: 1,
    seeds: 2,
    failures: [{ seed: 2, findings: broken.findings }],
    virtualMs: 120_000,
    realMs: 2_000,
    longestHealingMs: 2_000,
    orders: { asked: 10, DELIVERED: 8 },
    faults: { 'process: crash': 4 },
    crashPoints: [{ service: 'orders', point: 'orders.afterStoreBeforeAnswer', reached: 6, crashed: 2 }],
  });
});

test('a seed that failed is reported with the promise, the ids, and how to see it again', () => {
  const text = failureLines(broken).join('\n');
  for (const part of ['nothing is sold beyond the stock', 'item-1', '12 of 10', 'pnpm sim --seed 2 --trace'])
    expect(text).toContain(part);
});

test('seeds of more instances are repeated with as many', () => {
  expect(failureLines(broken, { instances: 50 }).join('\n')).toContain('--seed 2 --instances 50 --trace');
  expect(seedsLine({ from: 1, count: 9, instances: 50 })).toContain('--from 1 --seeds 9 --instances 50');
  expect(seedsLine({ from: 1, count: 9 })).not.toContain('--instances');
});

test('the last line says whether every promise was kept', () => {
  expect(summaryLines(figuresOf([result(1)], 1, 0)).at(-1)).toContain('every promise was kept');
  expect(summaryLines(figuresOf([result(1), broken], 1, 0)).at(-1)).toContain('seeds 2');
});
