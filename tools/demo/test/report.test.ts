import { expect, test } from '@jest/globals';
import { isFine, percentile, reportLines, type Result } from '../src/report.ts';

const result: Result = {
  orderCount: 2_000,
  concurrency: 64,
  placement: {
    earlierCount: 0,
    cancelled: new Set(['o1']),
    tooLateCount: 0,
    refused: new Map(),
    tookMs: 4_000,
  },
  postponedCount: 0,
  walkTimesMs: [500, 1_500],
  checks: [{ about: 'Orders', sentence: 'all are there', problems: [] }],
};

test('the report has the speed, the times and what was checked', () => {
  expect(reportLines(result)).toEqual([
    '',
    'Placed     2,000 orders in 4.00 s: 500 orders/s, 64 at a time',
    'Cancelled  1 order',
    'Delivered  2 orders, from placed to delivered: p50 0.50 s, p99 1.50 s',
    '',
    'Checked against the file:',
    '  ✔ Orders     all are there',
  ]);
});

test('no speed is claimed for orders that were placed in an earlier run', () => {
  const lines = reportLines({ ...result, placement: { ...result.placement, earlierCount: 1_200 } });
  expect(lines).toContain('Placed     2,000 orders, 1,200 of them in an earlier run');
});

test('refusals, late cancellations and waits are reported', () => {
  const refused = new Map([['o2', '409 no']]);
  const placement = { ...result.placement, refused, tooLateCount: 3 };
  const lines = reportLines({ ...result, placement, postponedCount: 7 });
  expect(lines).toContain('Refused    1 order');
  expect(lines).toContain('Cancelled  1 order; for 3 more it was too late');
  expect(lines).toContain('Waited     7 times, as the gateway asked for it (429 or 503)');
});

test('of many problems the first ten are shown, and how many more there are', () => {
  const problems = Array.from({ length: 25 }, (_, index) => `problem ${index + 1}`);
  const failed = { ...result, checks: [{ about: 'Units', sentence: 'right', problems }] };
  expect(isFine(result)).toBe(true);
  expect(isFine(failed)).toBe(false);
  expect(reportLines(failed).slice(-12)).toEqual([
    '  ✘ Units      25 problems',
    ...problems.slice(0, 10).map((problem) => `      ${problem}`),
    '      and 15 more',
  ]);
});

test('percentiles are values that were measured, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([percentile(hundred, 50), percentile(hundred, 99), percentile([7], 50)]).toEqual([50, 99, 7]);
});
