import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { settingsProblems } from '@order-pipeline/testing';
import { z } from 'zod';
import { milliseconds, parseSettings, renamedTo, urlOf, wholeNumber } from '../src/index.ts';

const schema = z.object({
  INTERVAL_MS: milliseconds(60_000),
  PORT: wholeNumber(0, 65_535).default(3_000),
  ORDERS_URL: urlOf('http:', 'https:').optional(),
});

const problemsOf = (environment: Record<string, string | undefined>): readonly string[] =>
  settingsProblems(() => parseSettings(schema, environment));

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

test('all problems are reported together, one line each', () => {
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

describe('a secret in a file', () => {
  const withSecret = z
    .object({
      OPERATOR_TOKEN: z.string().min(4, 'is too short').optional(),
      PORT: wholeNumber(0, 9).optional(),
    })
    .superRefine(() => undefined)
    .transform((settings) => settings);
  const folder = mkdtempSync(path.join(tmpdir(), 'secret-files-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const fileWith = (content: string): string => {
    const file = path.join(folder, `secret-${content.length}-${Buffer.from(content).toString('hex')}`);
    writeFileSync(file, content);
    return file;
  };
  const read = (environment: Record<string, string>) => parseSettings(withSecret, environment);
  const refusal = (environment: Record<string, string>): readonly string[] =>
    settingsProblems(() => read(environment));

  test.each(['S3cret', 'S3cret\n', 'S3cret\r\n'])('is taken without the end of its line: %j', (content) => {
    expect(read({ OPERATOR_TOKEN_FILE: fileWith(content) })).toEqual({ OPERATOR_TOKEN: 'S3cret' });
  });

  test('keeps all else that is in it', () => {
    expect(read({ OPERATOR_TOKEN_FILE: fileWith(' S3 cret\n\n') })).toEqual({ OPERATOR_TOKEN: ' S3 cret\n' });
  });

  test('is not taken where it is set as well', () => {
    expect(refusal({ OPERATOR_TOKEN_FILE: fileWith('S3cret'), OPERATOR_TOKEN: 'S3cret' })).toEqual([
      'OPERATOR_TOKEN_FILE and OPERATOR_TOKEN are both set: unset one of them',
    ]);
  });

  test.each([
    ['names a file that is not there', () => path.join(folder, 'S3cret')],
    ['names a file that is not there', () => path.join(fileWith('x'), 'S3cret')],
    ['names a folder, not a file', () => folder],
    ['names an empty file', () => fileWith('')],
    ['names an empty file', () => fileWith('\n')],
    ['names a file that cannot be read', () => 'S3cret\u0000'],
  ])('is asked for when its file %s', (problem, file) => {
    expect(refusal({ OPERATOR_TOKEN_FILE: file(), PORT: 'x' })).toEqual([
      `OPERATOR_TOKEN_FILE ${problem}`,
      'PORT must be a whole number from 0 to 9, not "x"',
    ]);
  });

  test('is checked as if it were set, and never printed', () => {
    expect(refusal({ OPERATOR_TOKEN_FILE: fileWith('abc\n') })).toEqual(['OPERATOR_TOKEN is too short']);
  });

  test('that has to be set is reported once', () => {
    const needed = z.object({ OPERATOR_TOKEN: z.string({ error: 'must be set' }) });
    expect(() => parseSettings(needed, { OPERATOR_TOKEN_FILE: '/nowhere' })).toThrow(
      /^OPERATOR_TOKEN_FILE names a file that is not there$/,
    );
  });

  test('is nothing that other settings have', () => {
    expect(read({ PORT_FILE: fileWith('7') })).toEqual({});
  });
});
