import { expect, test } from '@jest/globals';
import { parseOptions as parse } from '../src/options.ts';

const parseOptions = (args: readonly string[], environment: Record<string, string> = {}) =>
  parse(args, environment);

test('without arguments all orders walk through a system of the demo’s own', () => {
  expect(parseOptions([])).toEqual({
    url: undefined,
    token: undefined,
    run: undefined,
    orderCount: 5_009,
    concurrency: 64,
    cancelEvery: 100,
  });
});

test('every option is taken, also after the -- that package managers hand on', () => {
  const args = [
    '--',
    '--url',
    'http://127.0.0.1:3000/',
    '--run',
    'r1',
    '--orders',
    '40',
    '--concurrency',
    '8',
  ];
  expect(parseOptions([...args, '--cancel-every', '0'])).toEqual({
    url: 'http://127.0.0.1:3000',
    token: undefined,
    run: 'r1',
    orderCount: 40,
    concurrency: 8,
    cancelEvery: 0,
  });
});

test('the token of a gateway is that of the option, or else of the environment', () => {
  const url = ['--url', 'http://a'];
  const environment = { ORDERS_TOKEN: 'of the environment' };
  expect(parseOptions(url, environment)).toMatchObject({ token: 'of the environment' });
  expect(parseOptions([...url, '--token', 'given'], environment)).toMatchObject({ token: 'given' });
  expect(parseOptions([], environment)).toMatchObject({ token: undefined });
});

test('--help is for help, whatever else is there', () => {
  expect(parseOptions(['--orders', '5', '--help'])).toBe('help');
});

test.each([
  [
    ['--orders', '0'],
    "option '--orders <n>' argument '0' is invalid. It must be a whole number from 1 to 5009.",
  ],
  [
    ['--orders', '1e3'],
    "option '--orders <n>' argument '1e3' is invalid. It must be a whole number from 1 to 5009.",
  ],
  [
    ['--concurrency', '5000'],
    "option '--concurrency <n>' argument '5000' is invalid. It must be a whole number from 1 to 1024.",
  ],
  [
    ['--cancel-every', 'no'],
    "option '--cancel-every <n>' argument 'no' is invalid. It must be a whole number from 0 to 5009.",
  ],
  [['--url', 'localhost:3000'], 'It must be a URL that starts with http:// or https://.'],
  [['--url', 'http://a', '--run', 'a b'], 'It must be 1 to 32 of the characters A-Z a-z 0-9.'],
  [['--run', 'a'], '--run goes with --url: a system started for the demo has no other runs'],
  [['--token', 'a'], '--token goes with --url: a system started for the demo asks for none'],
  [['--fast'], "unknown option '--fast'"],
])('%j is refused in a sentence', (args, sentence) => {
  expect(() => parseOptions(args)).toThrow(sentence);
});
