import { expect, test } from '@jest/globals';
import { FLAWLESS } from '../src/correctness/correctness.ts';
import { pageOf, tableOf } from '../src/report/markdown.ts';
import { plotOf } from '../src/report/plot.ts';
import { rowOf, type Figure, type Report } from '../src/report/report.ts';
import { goRounds, inTurns, median, percentile } from '../src/rounds.ts';

const faster: Figure = {
  name: 'sends',
  unit: 'messages/s',
  result: [100, 300, 200],
  baseline: { name: 'the other', values: [10, 10, 40] },
  target: { times: 8 },
};

const report: Report = {
  name: 'example',
  command: 'pnpm bench example',
  about: ['What was done.'],
  at: '2026-01-01T00:00:00.000Z',
  machine: { cores: '2' },
  figures: [faster, { name: 'start', unit: 'ms', result: [12, 30, 9], target: { below: 12 } }],
};

test('the median is the middle, or between the two middle ones', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test('measures take turns, and the first round does not count', async () => {
  const order: string[] = [];
  const measure = (name: string) => async () => order.push(name);
  expect(await inTurns([measure('a'), measure('b')], 2)).toEqual([
    [3, 5],
    [4, 6],
  ]);
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
});

test('a ratio is the median of the ratios of each round, not the ratio of the medians', () => {
  expect(rowOf(faster)).toMatchObject({ result: 200, ratio: 10, met: true, target: '≥ 8 ×' });
  expect(rowOf({ ...faster, target: { times: 11 } }).met).toBe(false);
});

test('what has to stay below a limit does not meet it by reaching it', () => {
  expect(report.figures.map((figure) => rowOf(figure).met)).toEqual([true, false]);
});

test('the table names every figure, what it is held against, and what is not met', () => {
  expect(tableOf(report).split('\n')).toEqual([
    '| benchmark | result         | baseline                  | ratio | target  | met    |',
    '| --------- | -------------- | ------------------------- | ----- | ------- | ------ |',
    '| sends     | 200 messages/s | 10 messages/s (the other) | 10 ×  | ≥ 8 ×   | yes    |',
    '| start     | 12 ms          |                           |       | < 12 ms | **no** |',
  ]);
  expect(pageOf(report, 'example.svg')).toContain('![Ratios and their targets](example.svg)');
});

test('what is only reported has no target that it could miss, and no bar', () => {
  const reported: Figure = { ...faster, target: { reported: true } };
  expect(rowOf(reported)).toMatchObject({ met: true, target: 'reported', ratio: 10 });
  expect(rowOf({ ...reported, correctness: { ...FLAWLESS, lost: 1 } }).met).toBe(false);
  expect(plotOf({ ...report, figures: [reported] })).not.toContain('sends');
});

test('the picture has a bar for each ratio, which ends beyond the mark where the target is met', () => {
  const svg = plotOf(report);
  const bars = [...svg.matchAll(/<rect x="250" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
  const marks = [...svg.matchAll(/<line x1="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(bars).toHaveLength(1);
  expect(250 + (bars[0] ?? 0)).toBeGreaterThan(marks[0] ?? Infinity);
});

test('what must not be more than so many times the baseline is met up to there', () => {
  const slower = { ...faster, result: [12, 12, 48], target: { timesAtMost: 1.2 } };
  expect(rowOf(slower)).toMatchObject({ ratio: 1.2, met: true, target: '≤ 1.2 ×' });
  expect(rowOf({ ...slower, result: [12, 13, 49] }).met).toBe(false);
});

test('a figure does not count where something went wrong, and the table says what', () => {
  const wrong = { ...FLAWLESS, lost: 1_234 };
  expect(rowOf({ ...faster, correctness: FLAWLESS }).met).toBe(true);
  expect(rowOf({ ...faster, correctness: wrong }).met).toBe(false);
  const table = tableOf({ ...report, figures: [{ ...faster, correctness: wrong }] }).split('\n');
  expect(table[0]).toContain('| refused wrongly | lost  | doubled | oversold | met    |');
  expect(table[2]).toContain('| 0               | 1,234 | 0       | 0        | **no** |');
});

test('the page tells of its settings, and how its figures came about', () => {
  const page = pageOf({ ...report, settings: { RATE_LIMIT: 'off' }, method: 'One run.' }, 'example.svg');
  expect(page).toContain('- RATE_LIMIT: off');
  expect(page).toContain('2026-01-01T00:00:00.000Z. One run.');
});

test('a percentile is the least value that so many do not exceed', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentile(values, 99)).toBe(198);
  expect(percentile([7], 99)).toBe(7);
});

test('rounds are numbered, and the one that warms up is not among the results', async () => {
  expect(await goRounds(3, async (number) => number)).toEqual([1, 2, 3]);
});
