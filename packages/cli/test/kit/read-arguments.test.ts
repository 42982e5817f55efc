import { afterEach, expect, jest, test } from '@jest/globals';
import {
  CliError,
  Command,
  EXIT,
  helpOf,
  readArguments,
  runCommand,
  wholeNumber,
} from '../../src/kit/index.ts';

afterEach(() => void jest.restoreAllMocks());

const createCommand = () =>
  new Command('count')
    .argument('[what]', 'what to count')
    .option('--to <n>', 'the last number', wholeNumber(1, 9), 3)
    .option('--loud', 'at full volume', false);

test('options that are not given have their defaults', () => {
  const command = createCommand();
  expect(readArguments(command, [])).toBe(true);
  expect(command.opts()).toEqual({ to: 3, loud: false });
});

test('options and arguments are read, also after the -- that package managers hand on', () => {
  const command = createCommand();
  expect(readArguments(command, ['--', 'sheep', '--to', '5', '--loud'])).toBe(true);
  expect(command.opts()).toEqual({ to: 5, loud: true });
  expect(command.processedArgs).toEqual(['sheep']);
});

test('help is printed, whatever else is asked', () => {
  expect(readArguments(createCommand(), ['sheep', '--help'])).toBe(false);
  expect(helpOf(createCommand())).toContain(
    '--to <n>    the last number (default: 3)\n  --loud      at full volume\n',
  );
});

test.each([
  [['--fast'], "unknown option '--fast'"],
  [['--to'], "option '--to <n>' argument missing"],
  [['--to', '0'], "option '--to <n>' argument '0' is invalid. It must be a whole number from 1 to 9."],
  [['a', 'b'], 'too many arguments. Expected 1 argument but got 2.'],
])('%j is refused in a sentence', (args, sentence) => {
  const read = () => readArguments(createCommand(), args);
  expect(read).toThrow(CliError);
  expect(read).toThrow(sentence);
});

test.each([
  { args: ['--to', '5'], printed: '', refused: '', code: EXIT.notDone, runs: 1 },
  { args: ['--help'], printed: helpOf(createCommand()), refused: '', code: EXIT.done, runs: 0 },
  { args: ['--fast'], printed: '', refused: "unknown option '--fast'", code: EXIT.unknown, runs: 0 },
])(
  'a program on $args runs $runs times, and ends with $code',
  async ({ args, printed, refused, code, runs }) => {
    const said = jest.spyOn(console, 'log').mockReturnValue();
    const failed = jest.spyOn(console, 'error').mockReturnValue();
    const run = jest.fn(async () => EXIT.notDone);
    expect(await runCommand(createCommand(), args, run)).toBe(code);
    expect(run).toHaveBeenCalledTimes(runs);
    expect(said.mock.calls.join()).toBe(printed);
    expect(failed.mock.calls.join()).toBe(refused);
  },
);
