import { createRuntime, SettingsError } from '@order-pipeline/service-kit';
import process from 'node:process';
import { createLogger } from './logger.ts';
import { isMigrationJob, planMigrations } from './migration-job.ts';
import { planSystem } from './plan.ts';
import { migrateAndEnd, runProcess } from './process-life.ts';
import { StartError } from './start-error.ts';

// launcher [service ...]: runs the named services in this process, or all of them; with MIGRATE=job it migrates their
// databases and ends.

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

const say = (sentence: string): void => void out.write(`${sentence}\n`);

const main = async (): Promise<number> => {
  // oxlint-disable-next-line no-restricted-properties -- the one place where it is read
  const environment = process.env;
  const names = process.argv.slice(2).filter((argument) => argument !== '--');
  const own = { runtime: createRuntime(), say, byScript: environment['npm_lifecycle_event'] !== undefined };
  try {
    if (isMigrationJob(environment)) {
      const job = planMigrations(names, environment);
      return await migrateAndEnd({ ...own, job, logger: createLogger(job.logLevel, terminal) });
    }
    const plan = planSystem(names, environment);
    return await runProcess({ ...own, plan, logger: createLogger(plan.logLevel, terminal) });
  } catch (error) {
    complain(error);
    return 1;
  }
};

process.exit(await main());
