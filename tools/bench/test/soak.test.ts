import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { FLAWLESS } from '../src/correctness/correctness.ts';
import { linePlotOf } from '../src/report/line-plot.ts';
import { rowOf } from '../src/report/report.ts';
import {
  memoryOf,
  parseProcesses,
  processorMsIn,
  processorTimesOf,
  timeBetween,
  treeOf,
} from '../src/system/process-tree.ts';
import { startSampling, thirdsOf } from '../src/soak/sampling.ts';
import { flatnessOf } from '../src/soak/soak.ts';

const MIB = 2 ** 20;
const flat = Array.from({ length: 30 }, () => 400);

test('memory that stays is flat, whatever the beginning was', () => {
  const rising = [...Array.from({ length: 10 }, (_, index) => 40 * index), ...flat.slice(10)];
  expect(rowOf(flatnessOf(rising, FLAWLESS))).toMatchObject({ ratio: 1, met: true });
});

test('memory that continues to rise is not flat', () => {
  const rising = flat.map((value, index) => value + 40 * index);
  expect(rowOf(flatnessOf(rising, FLAWLESS)).met).toBe(false);
});

test('a single spike does not count', () => {
  expect(rowOf(flatnessOf(flat.with(25, 4_000), FLAWLESS)).met).toBe(true);
});

test('flat memory does not count where something went wrong', () => {
  expect(rowOf(flatnessOf(flat, { ...FLAWLESS, lost: 1 })).met).toBe(false);
});

test('thirds are of one length', () => {
  const { middle, last } = thirdsOf([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([middle, last]).toEqual([
    [3, 4],
    [5, 6],
  ]);
});

test('a tree has what a process started, and what that started, and nobody else', () => {
  const processes = parseProcesses(
    `    1     0  1000\n   10     1  2000\n  20    10   300\n 30  20  40\n 40 1 5\n`,
  );
  expect(treeOf(processes, 10).map(({ pid }) => pid)).toEqual([10, 20, 30]);
  expect(processes[1]).toEqual({ pid: 10, parent: 1, residentBytes: 2_000 * 1_024 });
});

test('the memory of this very process is found', async () => {
  const held = Buffer.alloc(64 * MIB, 1);
  const { root } = await memoryOf(process.pid);
  expect(root).toBeGreaterThan(held.length);
});

test('samples are taken until it is stopped, and none after that', async () => {
  let taken = 0;
  const sampling = startSampling(async () => ++taken, 1);
  while (taken < 3) await pause(1);
  const samples = await sampling.stop();
  expect(samples.slice(0, 3)).toEqual([1, 2, 3]);
  expect(samples).toHaveLength(taken);
});

test('a sample that cannot be taken is reported at the end', async () => {
  const sampling = startSampling(() => Promise.reject(new Error('no such process')), 1);
  await expect(sampling.stop()).rejects.toThrow('no such process');
});

test('the line ends where the last value is', () => {
  const svg = linePlotOf({ title: 'memory', unit: 'MiB', everyS: 2, values: [0, 100, 50] });
  const points = /points="([^"]+)"/
    .exec(svg)?.[1]
    ?.split(' ')
    .map((point) => point.split(',').map(Number));
  expect(points).toHaveLength(3);
  const [zero, most, half] = (points ?? []).map(([, y]) => y ?? 0);
  expect(half).toBeCloseTo(((zero ?? 0) + (most ?? 0)) / 2);
  expect(svg).toContain('>4 s<');
});

test('the processor time of a thread is the first of its numbers, in nanoseconds', () => {
  expect(processorMsIn('3000500000 77 12\n')).toBe(3_000.5);
});

test('the processor time of a process grows while it works, and is that of its work', async () => {
  const before = await processorTimesOf(process.pid);
  if (!before) return;
  const worked = process.cpuUsage();
  while (process.cpuUsage(worked).user < 100_000) Math.sqrt(2);
  const after = await processorTimesOf(process.pid);
  expect(timeBetween(before, after).root).toBeGreaterThan(90);
});

test('what a process has used that has ended makes the others no quicker, and one that has begun counts from its beginning', () => {
  const before = {
    root: 10,
    others: new Map([
      [1, 100],
      [2, 5_000],
    ]),
  };
  const after = {
    root: 12,
    others: new Map([
      [1, 130],
      [3, 7],
    ]),
  };
  expect(timeBetween(before, after)).toEqual({ root: 2, others: 37 });
});
