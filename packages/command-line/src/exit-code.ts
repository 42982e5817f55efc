import { UsageError } from './usage-error.ts';

/**
 * Runs a command that answers its exit code. A failure is told on the standard error and makes it 1: wrong arguments in
 * their sentence, anything else with where it came from.
 */
export const exitCodeOf = async (run: () => Promise<number>): Promise<number> => {
  try {
    return await run();
  } catch (error) {
    console.error(error instanceof UsageError ? error.message : error);
    return 1;
  }
};
