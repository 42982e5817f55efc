import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { exitCodeOf, UsageError } from '../src/index.ts';

const told: unknown[] = [];
beforeEach(() => {
  jest.spyOn(console, 'error').mockImplementation((...all: unknown[]) => void told.push(...all));
});
afterEach(() => {
  jest.restoreAllMocks();
  told.length = 0;
});

test('the exit code of a command is its own', async () => {
  expect(await exitCodeOf(async () => 3)).toBe(3);
  expect(told).toEqual([]);
});

test('wrong arguments are told in their sentence', async () => {
  const run = () => Promise.reject(new UsageError('--seeds must be a number'));
  expect(await exitCodeOf(run)).toBe(1);
  expect(told).toEqual(['--seeds must be a number']);
});

test('any other failure is told whole', async () => {
  const failure = new Error('no such file');
  expect(await exitCodeOf(() => Promise.reject(failure))).toBe(1);
  expect(told).toEqual([failure]);
});
