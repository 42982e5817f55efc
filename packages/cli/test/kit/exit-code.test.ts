import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { GatewayError } from '@order-pipeline/gateway-client';
import { SettingsError } from '@order-pipeline/service-kit';
import { CliError, EXIT, runProgram } from '../../src/kit/index.ts';

const printed: unknown[] = [];
beforeEach(() => {
  jest.spyOn(console, 'error').mockImplementation((...all: unknown[]) => void printed.push(...all));
});
afterEach(() => {
  jest.restoreAllMocks();
  printed.length = 0;
});

test('the exit code of a program is its own', async () => {
  expect(await runProgram(async () => EXIT.notDone)).toBe(1);
  expect(printed).toEqual([]);
});

test.each([
  [new CliError('--seeds must be a number'), 2],
  [new CliError('it is not PENDING', EXIT.notDone), 1],
  [new GatewayError('No gateway answers'), 2],
  [new SettingsError(['DATA_DIR must be a folder']), 2],
])('%s is printed as a sentence, and ends with %d', async (error, code) => {
  const fail = async () => {
    throw error;
  };
  expect(await runProgram(fail)).toBe(code);
  expect(printed).toEqual([error.message]);
});

test('any other failure is printed with where it came from', async () => {
  const failure = new Error('no such file');
  expect(await runProgram(() => Promise.reject(failure))).toBe(2);
  expect(printed).toEqual([failure.stack]);
});
