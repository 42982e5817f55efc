import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { runJest, type Limits } from '../../scripts/test/jest.ts';

const FAKE = fileURLToPath(new URL('fake-jest.mjs', import.meta.url));
const LONG: Limits = { exitMs: 600_000, runMs: 600_000 };

let folder: string;
const printed: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-runs-'));
  jest.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});

afterEach(async () => {
  jest.restoreAllMocks();
  printed.length = 0;
  await rm(folder, { recursive: true });
});

const run = async (arguments_: readonly string[], limits: Limits) => {
  const { counts } = await runJest([...arguments_, folder], {}, { limits, jest: FAKE });
  return counts;
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The program that the run started, which has to be gone. */
const expectNothingLeft = async (): Promise<void> => {
  const pid = Number(await readFile(path.join(folder, 'pid'), 'utf8'));
  expect(pid).toBeGreaterThan(0);
  await eventually(() => expect(isAlive(pid)).toBe(false));
};

test('a run that reports and ends counts as it reports', async () => {
  expect(await run(['report', 'closed'], LONG)).toEqual({ passed: 1, failed: 0, skipped: 0 });
  expect(printed).toEqual([]);
});

test('a run that does not end after its report is ended with what it started, and has failed', async () => {
  const counts = await run(['report', 'open'], { ...LONG, exitMs: 500 });
  expect(counts).toEqual({ passed: 1, failed: 1, skipped: 0 });
  expect(printed).toEqual([
    expect.stringMatching(/did not end within 0.5 s of its report: .* left something open/),
  ]);
  await expectNothingLeft();
});

test('a run that takes too long is ended with what it started, and has failed', async () => {
  const counts = await run(['silent', 'open'], { ...LONG, runMs: 6_000 });
  expect(counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(printed).toEqual([expect.stringMatching(/took longer than 0.1 minutes/)]);
  await expectNothingLeft();
});

test('a run that gives no report has failed', async () => {
  expect(await run(['silent', 'closed'], LONG)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(existsSync(path.join(folder, 'pid'))).toBe(false);
});
