import { expect, test } from '@jest/globals';
import { CliError, Command, helpOf, readArguments, wholeNumber } from '../../src/kit/index.ts';

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
