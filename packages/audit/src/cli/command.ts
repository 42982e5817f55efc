import { UsageError } from '@order-pipeline/command-line';
import { GatewayError } from '@order-pipeline/gateway-client';
import { nextStopRequest } from '@order-pipeline/launcher/stop-requests.ts';
import { createRuntime, SettingsError, withTimeout } from '@order-pipeline/service-kit';
import process from 'node:process';
import { auditSystem } from '../audit-system.ts';
import { auditGateway } from '../http/audit-gateway.ts';
import type { AuditReport } from '../report.ts';
import { HELP, parseOptions, type Options } from './options.ts';
import { reportLines } from './print.ts';
import { openTarget, TargetError, type Environment } from './target.ts';

/** Why an audit ended before its end, for the person who asked for it: one sentence. */
class Interrupted extends Error {}

/** PostgreSQL ends within 14 s, whatever it does. */
const CLOSE_LIMIT_MS = 15_000;

const runtime = createRuntime();
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What was opened for the audit, however far it came. */
interface Opened {
  closers: (() => Promise<unknown>)[];
}

const audit = async (
  { url, exampleCount, limits }: Options,
  environment: Environment,
  opened: Opened,
): Promise<AuditReport> => {
  const progress = (part: string): void => say(`Checking ${part}`);
  if (url !== undefined) return auditGateway({ url, runtime, limits, exampleCount, progress });
  const target = await openTarget(environment, runtime, say, (close) => opened.closers.push(close));
  return auditSystem({ ...target, runtime, limits, exampleCount, progress });
};

/** Closes also what is still being opened. What does not close is told; it says nothing of the data. */
const closeAll = async ({ closers }: Opened): Promise<void> => {
  const closing = Promise.all(closers.map((close) => close()));
  try {
    await withTimeout(runtime, CLOSE_LIMIT_MS, closing, () => new Error('PostgreSQL does not end'));
  } catch (error) {
    say(`Not everything was closed: ${sentenceOf(error)}`);
  }
};

/** Rejects when the process is asked to end, and with an error that nobody caught. */
const untilInterrupted = async (environment: Environment): Promise<never> => {
  const { sentence, error } = await nextStopRequest(
    runtime,
    environment['npm_lifecycle_event'] !== undefined,
  );
  if (error !== undefined) throw error;
  say(sentence);
  throw new Interrupted('The audit was stopped before its end.');
};

const write = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.once('error', reject);
    process.stdout.write(`${text}\n`, () => resolve());
  });

const run = async (args: readonly string[], environment: Environment): Promise<0 | 1> => {
  const options = parseOptions(args);
  if (options === 'help') {
    await write(HELP);
    return 0;
  }
  const opened: Opened = { closers: [] };
  const interrupted = untilInterrupted(environment);
  let report: AuditReport;
  try {
    report = await Promise.race([audit(options, environment, opened), interrupted]);
  } finally {
    await closeAll(opened);
  }
  await write(options.json ? JSON.stringify(report, undefined, 2) : reportLines(report).join('\n'));
  return report.clean ? 0 : 1;
};

const sentenceOf = (error: unknown): string =>
  error instanceof Error && error.message !== '' ? error.message : String(error);

/**
 * Runs the command.
 *
 * @returns its exit code: 0 or 1 only for data that was looked at
 */
export const runCommand = async (args: readonly string[], environment: Environment): Promise<0 | 1 | 2> => {
  try {
    return await run(args, environment);
  } catch (error) {
    const isSentence = [GatewayError, Interrupted, SettingsError, TargetError, UsageError].some(
      (known) => error instanceof known,
    );
    say(isSentence ? sentenceOf(error) : `The audit could not be made: ${sentenceOf(error)}`);
    return 2;
  }
};
