import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endTree } from './processes.ts';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What one run of jest brought. */
export interface Report {
  readonly counts: Counts;
  /** The full names of the tests that passed, by the path of their file. */
  readonly passedByFile: ReadonlyMap<string, readonly string[]>;
}

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that could not even be run. */
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const JEST = createRequire(import.meta.url).resolve('jest/bin/jest');

const countsOf = (report: JestReport): Counts => ({
  passed: report.numPassedTests,
  failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
  skipped: report.numPendingTests + report.numTodoTests,
});

const passedByFileOf = ({ testResults }: JestReport): Map<string, string[]> =>
  new Map(
    testResults.map(({ name, assertionResults }) => [
      name,
      assertionResults.filter(({ status }) => status === 'passed').map(({ fullName }) => fullName),
    ]),
  );

/** How long what may take; a run that takes longer is ended and has failed. */
export interface Limits {
  /** From its report to its end: what is left open keeps jest from ending. */
  readonly exitMs: number;
  /** The whole run. */
  readonly runMs: number;
}

const MINUTE_MS = 60_000;
const LIMITS: Limits = { exitMs: 30_000, runMs: 40 * MINUTE_MS };
const LOOK_EVERY_MS = 250;

/** Resolves with a sentence once jest has taken longer than it may; never, if it ends before. */
const overrun = async (file: string, { exitMs, runMs }: Limits, ended: AbortSignal): Promise<string> => {
  const began = performance.now();
  let reported: number | undefined;
  for (;;) {
    await pause(LOOK_EVERY_MS, undefined, { signal: ended });
    const now = performance.now();
    if (now - began > runMs) return `took longer than ${runMs / MINUTE_MS} minutes`;
    if (reported === undefined && existsSync(file)) reported = now;
    if (reported !== undefined && now - reported > exitMs) {
      return `did not end within ${exitMs / 1_000} s of its report: a test left something open (a server, a connection, a timer)`;
    }
  }
};

/** Runs jest to its end, and answers its exit code and what ended it, if it had to be ended. */
const waitFor = async (jest: ChildProcess, file: string, limits: Limits) => {
  const ended = new AbortController();
  const exit = once(jest, 'exit').finally(() => ended.abort());
  const tooLong = overrun(file, limits, ended.signal).catch(() => undefined);
  const reason = await Promise.race([exit.then(() => undefined), tooLong]);
  if (reason !== undefined && jest.pid !== undefined) await endTree(jest.pid);
  const [code] = (await exit) as [number | null];
  return { exitCode: code ?? 1, reason };
};

/**
 * Runs jest in a process of its own and answers what it brought. A run that gave no report, or that had to be ended
 * because it left something open or took too long, counts as a failure.
 *
 * @param jest the script of jest
 */
export const runJest = async (
  arguments_: readonly string[],
  environment: Record<string, string>,
  { limits = LIMITS, jest = JEST }: { readonly limits?: Limits; readonly jest?: string } = {},
): Promise<Report> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-jest-'));
  const file = path.join(folder, 'report.json');
  const options = ['--no-warnings', '--experimental-vm-modules', jest, '--json', `--outputFile=${file}`];
  const child = spawn(process.execPath, [...options, ...arguments_], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  try {
    const { exitCode, reason } = await waitFor(child, file, limits);
    if (reason !== undefined) console.log(`The run ${reason}. It was ended, and counts as a failure.`);
    const report = JSON.parse(await readFile(file, 'utf8')) as JestReport;
    const counts = countsOf(report);
    const wasEnded = reason !== undefined || (exitCode !== 0 && counts.failed === 0);
    return {
      counts: wasEnded ? { ...counts, failed: counts.failed + 1 } : counts,
      passedByFile: passedByFileOf(report),
    };
  } catch {
    return { counts: { passed: 0, failed: 1, skipped: 0 }, passedByFile: new Map() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
