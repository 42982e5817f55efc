import type { Runtime } from '@order-pipeline/service-kit';
import path from 'node:path';
import process from 'node:process';
import type { Logger } from 'pino';
import { collectDefaultMetrics } from 'prom-client';
import { runMigrationJob, type MigrationPlan } from './migration-job.ts';
import type { Plan } from './plan.ts';
import { nextStopRequest, type StopRequest } from './stop-requests.ts';
import { startPlanned, type System } from './system.ts';

/** The longest that a stop may take once no further requests are taken; what is not closed then is left to the operating system. */
export const STOP_LIMIT_MS = 10_000;

export interface LifeOptions {
  readonly plan: Plan;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Tells the person at the terminal. */
  readonly say: (sentence: string) => void;
  /** Whether a package manager's script started this process. */
  readonly byScript: boolean;
}

const runningLines = ({ url, metricsUrl, infrastructure }: System, plan: Plan): string[] => {
  const names = plan.services.map(({ service }) => service.name);
  const gateway = names.includes('api-gateway');
  return [
    `Running: ${names.join(', ')}`,
    ...(gateway ? [`  API      ${url}/api`, `  console  ${url}/console/`, `  docs     ${url}/docs`] : []),
    `  health   ${url}/health/ready`,
    `  metrics  ${metricsUrl}/metrics`,
    ...(infrastructure.postgresPid === undefined ? [] : [`  data     ${path.resolve(plan.dataDir)}`]),
    'Stop with Ctrl-C.',
  ];
};

const untilStopped = async (
  options: LifeOptions,
  requested: Promise<StopRequest>,
  signal: AbortSignal,
): Promise<0 | 1> => {
  const { plan, runtime, logger, say } = options;
  const system = await startPlanned(plan, { runtime, logger, progress: say, signal });
  collectDefaultMetrics({ register: system.registry });
  for (const line of runningLines(system, plan)) say(line);
  const broken = system.failed.then((sentence): StopRequest => {
    say(sentence);
    return { sentence: 'Stopping', exitCode: 1, error: new Error(sentence) };
  });
  const { exitCode, error } = await Promise.race([requested, broken]);
  if (error !== undefined) logger.fatal({ err: error }, 'the system cannot go on');
  else await system.leave();
  await system.stop();
  return exitCode;
};

/**
 * Migrates databases, and nothing else.
 *
 * @returns the exit code: 0 when all of them are up to their migrations, 1 when it was asked to end before
 * @throws StartError when a migration fails
 */
export const migrateAndEnd = async (
  options: Pick<LifeOptions, 'runtime' | 'logger' | 'say' | 'byScript'> & { readonly job: MigrationPlan },
): Promise<0 | 1> => {
  const { job, runtime, logger, say, byScript } = options;
  const stopping = new AbortController();
  void nextStopRequest(runtime, byScript).then(({ sentence }) => {
    say(sentence);
    stopping.abort();
  });
  return (await runMigrationJob(job, { runtime, logger, signal: stopping.signal })) ? 0 : 1;
};

/**
 * Starts what is planned and runs until the process is asked to end.
 *
 * @returns the exit code
 * @throws StartError when it could not start
 */
export const runProcess = async (options: LifeOptions): Promise<0 | 1> => {
  const { plan, runtime, say, byScript } = options;
  const starting = new AbortController();
  const requested = nextStopRequest(runtime, byScript);
  void requested.then(({ sentence }) => {
    say(sentence);
    starting.abort();
    runtime.after(plan.shutdownDelayMs + STOP_LIMIT_MS, () => {
      say(`Not everything stopped within ${STOP_LIMIT_MS / 1_000} s`);
      process.exit(1);
    });
  });
  try {
    return await untilStopped(options, requested, starting.signal);
  } catch (error) {
    if (starting.signal.aborted && error === starting.signal.reason) return (await requested).exitCode;
    throw error;
  }
};
