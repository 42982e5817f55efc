import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { EXIT, type ExitCode } from './exit-code.ts';
import { runProgram } from './failures.ts';
import { helpOf, readArguments } from './read-arguments.ts';

/**
 * Runs a program that is one command, or prints its help; a failure is printed on the standard error.
 *
 * @param args without node and the script
 * @param run called once the command has its arguments
 * @returns the exit code: that of `run`, of the failure, or 0 after help
 */
export const runCommand = (
  command: CommandUnknownOpts,
  args: readonly string[],
  run: () => Promise<ExitCode>,
): Promise<ExitCode> =>
  runProgram(async () => {
    if (readArguments(command, args)) return run();
    console.log(helpOf(command));
    return EXIT.done;
  });
