import { CommanderError, Help, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { CliError } from './cli-error.ts';

/** Some package managers hand on the `--` that sets a script's arguments apart from their own. */
export const ownArguments = (args: readonly string[]): string[] =>
  args.filter((argument) => argument !== '--');

/** What commander refuses in one line, without its `error: `. */
export const sentenceOf = ({ message }: CommanderError): string =>
  message.replace(/^error: /, '').replaceAll('\n', ' ');

/** Has help say nothing of flags that are off unless they are given: that is what flags are. */
export const configureHelp = (command: CommandUnknownOpts): void =>
  void command.configureHelp({
    optionDescription: (option) =>
      option.defaultValue === false ? option.description : Help.prototype.optionDescription(option),
  });

/** Whether help was asked for, and has been printed. */
export const isHelp = (error: unknown): boolean =>
  error instanceof CommanderError && error.code === 'commander.helpDisplayed';

/**
 * Reads the arguments of a program that is one command.
 *
 * @param args without node and the script
 * @returns whether they are there; false where help was asked for, which is not printed
 * @throws CliError with one sentence on what is wrong
 */
export const readArguments = (command: CommandUnknownOpts, args: readonly string[]): boolean => {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  try {
    command.parse(ownArguments(args), { from: 'user' });
    return true;
  } catch (error) {
    if (isHelp(error)) return false;
    throw error instanceof CommanderError ? new CliError(sentenceOf(error)) : error;
  }
};

/** The help of a command, for a person. */
export const helpOf = (command: CommandUnknownOpts): string => {
  let help = '';
  configureHelp(command);
  command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
  return help.trimEnd();
};
