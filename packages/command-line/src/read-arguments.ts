import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from './usage-error.ts';

/**
 * Reads the arguments of a command.
 *
 * @param args without node and the script
 * @param config what `parseArgs` of node:util is told of the options
 * @returns the values of the options, and the positionals
 * @throws UsageError with the sentence of `parseArgs`
 */
export const readArguments = <T extends Omit<ParseArgsConfig, 'args'>>(
  args: readonly string[],
  config: T,
) => {
  try {
    // Some package managers hand on the -- that sets a command's arguments apart from their own.
    return parseArgs({ ...config, args: args.filter((argument) => argument !== '--') });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};
