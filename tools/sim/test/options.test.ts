import { availableParallelism } from 'node:os';
import { expect, test } from '@jest/globals';
import { CliError } from '@order-pipeline/cli/kit';
import { freshSeedOf } from '../src/fresh-seed.ts';
import { parseOptions } from '../src/options.ts';

test('without arguments a hundred seeds run, from the first', () => {
  expect(parseOptions([])).toEqual({
    from: 1,
    count: 100,
    jobs: availableParallelism(),
    stopOnFailure: false,
    isTraced: false,
    json: undefined,
  });
});

test('one seed can be run again, with its trace', () => {
  expect(parseOptions(['--seed', '77', '--trace'])).toMatchObject({ from: 77, count: 1, isTraced: true });
});

test('seeds whose order matters, and a few, run one after the other', () => {
  for (const args of [['--trace'], ['--stop-on-failure'], ['--seed', '3'], ['--seeds', '9']])
    expect(parseOptions(args)).toMatchObject({ jobs: 1 });
  expect(parseOptions(['--jobs', '3', '--seeds', '4'])).toMatchObject({ jobs: 3 });
});

test('all services can have a number of instances together', () => {
  expect(parseOptions(['--instances', '50'])).toMatchObject({ instances: 50 });
});

test('fresh seeds follow from a text', () => {
  const options = parseOptions(['--fresh', '36096e5', '--seeds', '20']);
  expect(options).toMatchObject({ from: freshSeedOf('36096e5'), count: 20 });
  expect(parseOptions(['--fresh', '36096e5', '--seeds', '20'])).toEqual(options);
});

test.each([
  [['--seeds', '0'], "option '--seeds <k>' argument '0' is invalid. It must be a whole number from 1"],
  [['--from', 'x'], "option '--from <n>' argument 'x' is invalid. It must be a whole number from 0"],
  [['--jobs', '0'], "option '--jobs <j>' argument '0' is invalid. It must be a whole number from 1"],
  [
    ['--instances', '7'],
    "option '--instances <n>' argument '7' is invalid. It must be a whole number from 8",
  ],
  [['--jobs', '2', '--trace'], '--trace and --stop-on-failure go with one job'],
  [['--seed', '1', '--seeds', '2'], '--seed names the only seed'],
  [['--seed', '1', '--fresh', 'x'], '--seed names the only seed'],
  [['--from', '1', '--fresh', 'x'], '--from and --fresh both name'],
  [['--sed', '1'], "unknown option '--sed'"],
])('%j is refused in one sentence', (args, sentence) => {
  expect(() => parseOptions(args)).toThrow(CliError);
  expect(() => parseOptions(args)).toThrow(sentence);
});
