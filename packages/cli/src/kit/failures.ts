import { GatewayError } from '@order-pipeline/gateway-client';
import { SettingsError } from '@order-pipeline/service-kit';
import { CliError } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

const isSentence = (error: unknown): error is Error =>
  error instanceof CliError || error instanceof GatewayError || error instanceof SettingsError;

/** What is printed of a failure: its sentence, or where it came from, for those who debug the command. */
export const failureText = (error: unknown): string => {
  if (isSentence(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};

/** What a command ends with that failed. */
export const exitCodeOf = (error: unknown): ExitCode =>
  error instanceof CliError ? error.exitCode : EXIT.unknown;

/**
 * Runs a program that answers its exit code; a failure is printed on the standard error.
 *
 * @returns the exit code, that of the failure where there is one
 */
export const runProgram = async (run: () => Promise<ExitCode>): Promise<ExitCode> => {
  try {
    return await run();
  } catch (error) {
    console.error(failureText(error));
    return exitCodeOf(error);
  }
};
