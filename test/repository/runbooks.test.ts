import { describe, expect, test } from '@jest/globals';
import { runOrders } from '../../packages/cli/test/run-orders.ts';
import { filesIn, read } from './files.ts';

const NOWHERE = 'http://127.0.0.1:1';

/** The commands of `orders` that runbooks name, each once: those behind the program's name. */
const COMMANDS = [
  ...new Set(
    filesIn('docs/runbooks').flatMap((page) =>
      [...read(page).matchAll(/`npx -y pnpm orders ([^`]+)`/g)].map(([, command = '']) => command),
    ),
  ),
];

/** The arguments of a command, as a shell splits them. */
const argumentsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain);

test('the arguments of a command are split', () => {
  expect(argumentsOf("dead-letters discard LETTER --note 'WHAT IT WAS'")).toEqual([
    'dead-letters',
    'discard',
    'LETTER',
    '--note',
    'WHAT IT WAS',
  ]);
  expect(COMMANDS.length).toBeGreaterThan(8);
});

describe('what runbooks say to run', () => {
  test.each(COMMANDS)('orders %s is a command, with these arguments', async (command) => {
    const args = argumentsOf(command.replace('http://127.0.0.1:3000', NOWHERE));
    const isHelp = args.includes('--help');
    const { code, out, err } = await runOrders(
      isHelp || args.includes('--url') ? args : [...args, '--url', NOWHERE],
    );
    expect(code).toBe(isHelp ? 0 : 2);
    // All of it is right but for that nobody is there.
    if (isHelp) expect(out).toContain('Usage: orders');
    else expect(err).toContain(NOWHERE);
  });
});
