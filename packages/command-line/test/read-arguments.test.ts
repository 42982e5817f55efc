import { expect, test } from '@jest/globals';
import { readArguments, UsageError } from '../src/index.ts';

const config = {
  allowPositionals: true,
  options: { count: { type: 'string', default: '3' }, loud: { type: 'boolean', default: false } },
} as const;

test('options that are not given have their defaults', () => {
  expect(readArguments([], config)).toMatchObject({ values: { count: '3', loud: false }, positionals: [] });
});

test('options and positionals are read, also after the -- that package managers hand on', () => {
  expect(readArguments(['--', 'a', '--count', '5', '--loud'], config)).toMatchObject({
    values: { count: '5', loud: true },
    positionals: ['a'],
  });
});

test.each([
  [['--fast'], config, "Unknown option '--fast'"],
  [['--count'], config, "Option '--count <value>' argument missing"],
  [['a'], { options: config.options }, "Unexpected argument 'a'"],
])('%j is refused in a sentence', (args, known, sentence) => {
  expect(() => readArguments(args, known)).toThrow(UsageError);
  expect(() => readArguments(args, known)).toThrow(sentence);
});
