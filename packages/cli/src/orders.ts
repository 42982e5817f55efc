import process from 'node:process';
import { nextStopRequest } from '@order-pipeline/launcher/stop-requests.ts';
import { createRuntime } from '@order-pipeline/service-kit';
import type { Surroundings } from './kit/cli.ts';
import { CliError } from './kit/cli-error.ts';
import type { ExitCode } from './kit/exit-code.ts';
import { runCommands } from './kit/run.ts';
import { createProgram } from './program.ts';

const print = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.once('error', reject);
    process.stdout.write(`${text}\n`, () => resolve());
  });

/** Rejects when the process is asked to end, and with an error that nobody caught. */
const untilInterrupted = async ({ environment, runtime, say }: Surroundings): Promise<never> => {
  const byScript = environment['npm_lifecycle_event'] !== undefined;
  const { sentence, error } = await nextStopRequest(runtime, byScript);
  if (error !== undefined) throw error;
  say(sentence);
  throw new CliError('The command was stopped before its end.');
};

/** Runs `orders` as a process does, and answers its exit code. */
export const runOrders = (
  args: readonly string[],
  environment: Surroundings['environment'],
): Promise<ExitCode> => {
  const surroundings: Surroundings = {
    environment,
    runtime: createRuntime(),
    print,
    say: (line) => void process.stderr.write(`${line}\n`),
  };
  return runCommands(createProgram, args, surroundings, untilInterrupted(surroundings));
};
