import { createRuntime, SettingsError } from '@order-pipeline/service-kit';
import process from 'node:process';
import { createLogger } from './logger.ts';
import { planSystem } from './plan.ts';
import { live } from './process-life.ts';
import { StartError } from './start-error.ts';

// launcher [service ...]: runs the named services in this process, or all of them.

const terminal = process.stdout.isTTY;
// Elsewhere stdout has the log, in JSON lines, and nothing else.
const out = terminal ? process.stdout : process.stderr;
// A terminal that was closed must not keep the work from being finished.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const complain = (error: unknown): void => {
  const lines =
    error instanceof SettingsError ? error.problems : error instanceof StartError ? [error.message] : [error];
  for (const line of lines) console.error(line);
};

const main = async (): Promise<number> => {
  // oxlint-disable-next-line no-restricted-properties -- the one place where it is read
  const environment = process.env;
  try {
    const plan = planSystem(
      process.argv.slice(2).filter((argument) => argument !== '--'),
      environment,
    );
    return await live({
      plan,
      runtime: createRuntime(),
      logger: createLogger(plan.logLevel, terminal),
      say: (sentence) => void out.write(`${sentence}\n`),
      byScript: environment['npm_lifecycle_event'] !== undefined,
    });
  } catch (error) {
    complain(error);
    return 1;
  }
};

process.exit(await main());
