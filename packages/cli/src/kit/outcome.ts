import type { Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';

/** What a command found or did. */
export interface Outcome {
  /** For people. */
  readonly text: string;
  /** The same as data, for `--json`. */
  readonly data: unknown;
  /** Whether all that was asked is done; it is, if not given. */
  readonly isDone?: boolean;
}

/** Prints an outcome, and sets the exit code that it has. */
export const report = async (
  cli: Cli,
  json: boolean,
  { text, data, isDone = true }: Outcome,
): Promise<void> => {
  await cli.print(json ? JSON.stringify(data, undefined, 2) : text);
  if (!isDone) cli.exitWith(EXIT.notDone);
};
