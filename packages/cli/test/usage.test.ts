import { expect, test } from '@jest/globals';
import { COMMANDS } from '../src/commands.ts';
import { runOrders } from './run-orders.ts';

const NOWHERE = ['--url', 'http://127.0.0.1:1'];

test.each([
  [['lost'], "unknown command 'lost'"],
  [['dead-letters', 'lost'], "unknown command 'lost'"],
  [['dead-letters', 'show'], "missing required argument 'id'"],
  [['dead-letters', 'list', 'abc'], 'too many arguments'],
  [['dead-letters', 'show', 'a', 'b'], 'too many arguments'],
  [['dead-letters', 'redrive'], 'Say which'],
  [['dead-letters', 'redrive', 'abc', '--all'], 'exclude one another'],
  [['dead-letters', 'redrive', '--all', '--topic', 'ORDER_PLACED'], 'exclude one another'],
  [['dead-letters', 'redrive', '--all', '--force'], '--force goes with an ID only'],
  [['dead-letters', 'discard', 'abc'], 'Say why'],
  [['dead-letters', 'discard', 'abc', '--note', 'x', '--force'], "unknown option '--force'"],
  [['dead-letters', 'list', '--topic', 'ORDERS'], 'Allowed choices are ORDER_PLACED, '],
  [['dead-letters', 'list', '--status', 'open'], 'Allowed choices are OPEN, '],
  [['dead-letters', 'list', '--limit', '0'], 'It must be a whole number from 1 to 100000.'],
  [['stuck', '--url', 'shop'], 'It must be a URL'],
  [['stuck', '--nothing'], "unknown option '--nothing'"],
  [['place', 'item1'], "required option '--user <id>' not specified"],
  [['place', '--user', 'ann'], "missing required argument 'items'"],
  [['place', 'item1=0', '--user', 'ann'], 'It must be a whole number from 1'],
  [['place', '=2', '--user', 'ann'], 'It must be an item'],
  [['list', '--reason', 'TIRED'], 'Allowed choices are'],
  [['users', 'add', 'ann', '--name', 'Ann'], "required option '--email <address>' not specified"],
  [['items', 'restock', 'item1', 'many'], 'It must be a whole number'],
  [['token'], "required option '--user <id>' not specified"],
  [['token', '--user', 'no id!'], 'It must be an id'],
  [['token', '--user', 'ann', '--scope', 'ops:read root'], 'There is no scope root, only users:write, '],
  [['token', '--user', 'ann', '--life', '86401'], 'It must be a whole number from 1 to 86400.'],
  [['token', '--user', 'ann', '--data-dir', '/nowhere'], 'There is no development issuer in /nowhere: start'],
  [['cancel', 'a', '--reason', '\u{1f600}'], 'It must have 1 to 200 characters'],
  [['audit', '--ids', '0'], 'It must be a whole number'],
])('%j is refused in one sentence, with 2', async (args, sentence) => {
  const { code, out, err } = await runOrders(args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(sentence);
  expect(err).not.toMatch(/^error:|\n./);
});

test.each([[[]], [['users']], [['items']], [['dead-letters']]])(
  'without a command after %j the help says what there is, with 2',
  async (args) => {
    const { code, err } = await runOrders(args);
    expect(code).toBe(2);
    expect(err).toMatch(/^Usage: orders .*\n/);
  },
);

test('every command has help, which is no failure', async () => {
  const { code, out } = await runOrders(['--help']);
  expect(code).toBe(0);
  const commands = [...out.matchAll(/^ {2}([a-z][a-z-]+)/gm)].map(([, name = '']) => name);
  expect(commands).toHaveLength(COMMANDS.length);
  for (const command of commands) {
    const help = await runOrders([command, '--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toMatch(new RegExp(`^Usage: orders ${command}`));
  }
});

test('whatever asks the gateway takes --url, --token and --json, and ends with 2 where none answers', async () => {
  const asking = [
    ['stuck'],
    ['show', 'order1'],
    ['list'],
    ['cancel', 'order1'],
    ['watch', 'order1'],
    ['users', 'show', 'ann'],
    ['users', 'add', 'ann', '--name', 'Ann', '--email', 'ann@example.com'],
    ['items', 'list'],
    ['items', 'add', 'item1', '--name', 'Laptop', '--quantity', '5'],
    ['items', 'restock', 'item1', '5'],
    ['dead-letters', 'list'],
    ['dead-letters', 'show', 'abc'],
    ['dead-letters', 'redrive', '--all'],
    ['dead-letters', 'discard', '--all', '--note', 'a test'],
    ['audit'],
  ];
  for (const args of asking) {
    const ended = await runOrders([...args, ...NOWHERE, '--token', 'x', '--json']);
    expect({ args, ...ended }).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('No gateway answers at http://127.0.0.1:1'),
    });
  }
});

test('an order whose outcome is not known says how it can be placed again', async () => {
  const { code, err } = await runOrders(['place', 'item1=2', 'item2', '--user', 'ann', ...NOWHERE]);
  expect(code).toBe(2);
  expect(err).toMatch(
    /^No gateway answers at http:\/\/127\.0\.0\.1:1; with --order [0-9a-f-]{36} again, it is placed once/,
  );
});
