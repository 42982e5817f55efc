import { expect, test } from '@jest/globals';
import { UsageError } from '@order-pipeline/command-line';
import { parseOptions } from '../src/options.ts';

const DEFAULTS = { url: 'http://127.0.0.1:3000', token: undefined, by: 'ann' };
const parse = (...args: string[]) => parseOptions(args, DEFAULTS);

test('the list is of those that are open, unless said otherwise', () => {
  expect(parse('list')).toEqual({
    command: { name: 'list', status: 'OPEN', filter: {}, limit: 100 },
    url: 'http://127.0.0.1:3000',
    token: undefined,
    json: false,
  });
  const args = [
    '--topic',
    'ORDER_PLACED',
    '--group',
    'workflow',
    '--reason',
    'not JSON',
    '--order',
    'order-1',
  ];
  expect(parse('list', '--status', 'ALL', '--limit', '5', ...args)).toMatchObject({
    command: {
      status: undefined,
      limit: 5,
      filter: { topic: 'ORDER_PLACED', group: 'workflow', reason: 'not JSON', orderId: 'order-1' },
    },
  });
});

test('what is done is done by the user of the machine, unless another name is given', () => {
  expect(parse('redrive', 'abc')).toMatchObject({
    command: { name: 'redrive', choice: { letterId: 'abc' }, by: 'ann', dryRun: false, force: false },
  });
  expect(parse('--', 'redrive', '--all', '--dry-run', '--by', 'bob', '--note', 'mended')).toMatchObject({
    command: { choice: { filter: {} }, by: 'bob', note: 'mended', dryRun: true },
  });
  expect(() => parseOptions(['redrive', 'abc'], { ...DEFAULTS, by: undefined })).toThrow('Say who you are');
});

test('the gateway and the token are taken from the options first', () => {
  const given = { ...DEFAULTS, token: 'a-token-of-the-shell' };
  expect(parseOptions(['list'], given)).toMatchObject({ token: 'a-token-of-the-shell' });
  const args = ['list', '--url', 'https://shop.example.com/x', '--token', 'another-token-at-all', '--json'];
  expect(parseOptions(args, given)).toMatchObject({
    url: 'https://shop.example.com',
    token: 'another-token-at-all',
    json: true,
  });
});

test('help is help, whatever else is asked', () => {
  expect(parse('--help')).toBe('help');
  expect(parse('list', '--help')).toBe('help');
});

test.each([
  [[], 'Say what to do'],
  [['lost'], 'There is no command "lost"'],
  [['show'], 'Say which: show ID'],
  [['list', 'abc'], 'list takes no ID'],
  [['show', 'a', 'b'], 'One ID at a time'],
  [['redrive'], 'Say which'],
  [['redrive', 'abc', '--all'], 'exclude one another'],
  [['redrive', '--all', '--topic', 'ORDER_PLACED'], 'exclude one another'],
  [['redrive', '--all', '--force'], '--force goes with redrive ID only'],
  [['discard', 'abc'], 'Say why'],
  [['discard', 'abc', '--note', 'x', '--force'], '--force goes with redrive ID only'],
  [['list', '--topic', 'ORDERS'], '--topic must be one of ORDER_PLACED, '],
  [['list', '--status', 'open'], '--status must be one of OPEN, '],
  [['list', '--limit', '0'], '--limit must be a whole number'],
  [['list', '--url', 'shop'], '--url must be a URL'],
  [['list', '--nothing'], '--nothing'],
] as const)('%j is refused in one sentence', (args, sentence) => {
  expect(() => parse(...args)).toThrow(UsageError);
  expect(() => parse(...args)).toThrow(sentence);
});
