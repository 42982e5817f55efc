import type { Runtime } from '@order-pipeline/service-kit';
import type { ExitCode } from './exit-code.ts';

/** What a program has of the world around it; tests give their own. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly runtime: Runtime;
  /** Writes a text and a line break on the standard output. */
  print(text: string): Promise<void>;
  /** Writes a line on the standard error: progress, and what is wrong. */
  say(line: string): void;
}

/** What commands are given. */
export interface Cli extends Surroundings {
  /** Has `close` called when the command ends, however it ends: also when it is interrupted. */
  onClose(close: () => Promise<unknown>): void;
  /** What the program ends with, unless the command fails; `EXIT.done`, if it is not called. */
  exitWith(code: ExitCode): void;
}
