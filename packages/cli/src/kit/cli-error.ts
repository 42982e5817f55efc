import { EXIT, type ExitCode } from './exit-code.ts';

/** Why a command ends, for the person who ran it: one sentence, printed without a stack. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  /** @param exitCode what the command ends with; that nothing is known, if not given */
  constructor(sentence: string, exitCode: ExitCode = EXIT.unknown) {
    super(sentence);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}
