import { expect, test } from '@jest/globals';
import { UsageError } from '@order-pipeline/command-line';
import { parseOptions } from '../src/options.ts';

test('without arguments a hundred seeds run, from the first', () => {
  expect(parseOptions([])).toEqual({
    from: 1,
    count: 100,
    stopOnFailure: false,
    isTraced: false,
    json: undefined,
  });
});

test('one seed can be run again, with its trace', () => {
  expect(parseOptions(['--seed', '77', '--trace'])).toMatchObject({ from: 77, count: 1, isTraced: true });
});

test.each([
  [['--seeds', '0'], '--seeds must be a whole number from 1'],
  [['--from', 'x'], '--from must be a whole number from 0'],
  [['--seed', '1', '--seeds', '2'], '--seed names the only seed'],
  [['--sed', '1'], "Unknown option '--sed'"],
])('%j is refused in one sentence', (args, sentence) => {
  expect(() => parseOptions(args)).toThrow(UsageError);
  expect(() => parseOptions(args)).toThrow(sentence);
});
