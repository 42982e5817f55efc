import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { milliseconds, parseSettings, renamedTo, SettingsError, urlOf, wholeNumber } from '../src/index.ts';

const schema = z.object({
  INTERVAL_MS: milliseconds(60_000),
  PORT: wholeNumber(0, 65_535).default(3_000),
  ORDERS_URL: urlOf('http:', 'https:').optional(),
});

const problemsOf = (environment: Record<string, string | undefined>): readonly string[] => {
  try {
    parseSettings(schema, environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

test('what is set is read, and what is not has its default', () => {
  expect(parseSettings(schema, { INTERVAL_MS: '250', OTHER: 'x' })).toEqual({
    INTERVAL_MS: 250,
    PORT: 3_000,
  });
});

test('a variable that is set to nothing counts as unset', () => {
  expect(parseSettings(schema, { INTERVAL_MS: '', PORT: undefined, ORDERS_URL: '' })).toEqual({
    INTERVAL_MS: 60_000,
    PORT: 3_000,
  });
});

test.each(['0', '-1', '1.5', '1e3', '0x10', ' 5', '5 ', '2147483648', 'soon', '99999999999999999999'])(
  'a number of milliseconds cannot be %j',
  (value) => {
    expect(problemsOf({ INTERVAL_MS: value })).toEqual([
      `INTERVAL_MS must be a whole number of milliseconds from 1 to 2147483647, not ${JSON.stringify(value)}`,
    ]);
  },
);

test.each(['orders:3000', 'ftp://orders', '//orders', 'http//orders'])('a URL cannot be %j', (value) => {
  expect(problemsOf({ ORDERS_URL: value })).toEqual([
    `ORDERS_URL must be a URL that starts with http:// or https://, not ${JSON.stringify(value)}`,
  ]);
});

test('all problems are told together, one line each', () => {
  expect(problemsOf({ INTERVAL_MS: 'x', PORT: '65536', ORDERS_URL: 'x' })).toEqual([
    'INTERVAL_MS must be a whole number of milliseconds from 1 to 2147483647, not "x"',
    'PORT must be a whole number from 0 to 65535, not "65536"',
    'ORDERS_URL must be a URL that starts with http:// or https://, not "x"',
  ]);
});

test('a start that sets a renamed variable is refused with its new name', () => {
  const renamed = z.object({ OLD_MS: renamedTo('NEW_MS'), NEW_MS: milliseconds(5) });
  expect(() => parseSettings(renamed, { OLD_MS: '7' })).toThrow(
    'OLD_MS was renamed NEW_MS and must be unset, not "7"',
  );
  expect(parseSettings(renamed, { OLD_MS: '', NEW_MS: '7' })).toMatchObject({ NEW_MS: 7 });
});

test('a variable that has to be set is named when it is not', () => {
  const strict = z.object({ NAME: z.string({ error: 'must be set' }) });
  expect(() => parseSettings(strict, {})).toThrow('NAME must be set');
});
