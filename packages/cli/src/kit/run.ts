import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { withTimeout } from '@order-pipeline/service-kit';
import type { Cli, Surroundings } from './cli.ts';
import { CliError } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { exitCodeOf, failureText } from './failures.ts';
import { configureHelp, isHelp, ownArguments, sentenceOf } from './read-arguments.ts';

/** A PostgreSQL that was started for a command ends within 14 s, whatever it does. */
const CLOSE_LIMIT_MS = 15_000;

const everyCommand = (command: CommandUnknownOpts): CommandUnknownOpts[] => [
  command,
  ...command.commands.flatMap(everyCommand),
];

/** Has help written as everything else is, and errors thrown instead of a process that ends. */
const tame = (program: CommandUnknownOpts, write: (text: string) => void): void => {
  for (const command of everyCommand(program)) {
    configureHelp(command);
    command.exitOverride().configureOutput({
      writeOut: write,
      // The help of a command that was called without its subcommand; what else is wrong is printed in one sentence.
      writeErr: write,
      outputError: () => undefined,
    });
  }
};

const parse = async (
  program: CommandUnknownOpts,
  args: readonly string[],
  cli: Surroundings,
): Promise<void> => {
  let help = '';
  tame(program, (text) => {
    help += text;
  });
  try {
    await program.parseAsync(ownArguments(args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (isHelp(error)) return cli.print(help.trimEnd());
    throw new CliError(error.code === 'commander.help' ? help.trimEnd() : sentenceOf(error));
  }
};

const closeAll = async (closers: readonly (() => Promise<unknown>)[], cli: Surroundings): Promise<void> => {
  const closing = Promise.all(closers.map((close) => close()));
  try {
    await withTimeout(cli.runtime, CLOSE_LIMIT_MS, closing, () => new Error('it takes too long'));
  } catch (error) {
    // It changes nothing of what was found or done.
    cli.say(`Not everything was closed: ${(error as Error).message}`);
  }
};

/**
 * Runs a program of commands.
 *
 * @param create makes its commands
 * @param args without node and the script
 * @param interrupted rejects when the command is to end before it has come to its end
 * @returns its exit code
 */
export const runCommands = async (
  create: (cli: Cli) => CommandUnknownOpts,
  args: readonly string[],
  surroundings: Surroundings,
  interrupted?: Promise<never>,
): Promise<ExitCode> => {
  const closers: (() => Promise<unknown>)[] = [];
  let exitCode: ExitCode = EXIT.done;
  let failure: string | undefined;
  const cli: Cli = {
    ...surroundings,
    onClose: (close) => void closers.push(close),
    exitWith: (code) => {
      exitCode = code;
    },
  };
  const done = parse(create(cli), args, cli);
  try {
    await (interrupted ? Promise.race([done, interrupted]) : done);
  } catch (error) {
    failure = failureText(error);
    exitCode = exitCodeOf(error);
  }
  await closeAll(closers, cli);
  if (failure !== undefined) cli.say(failure);
  return exitCode;
};
