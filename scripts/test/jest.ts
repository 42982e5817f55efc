import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

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

/** Runs jest in a process of its own and answers what it brought; a run that gave no report counts as a failure. */
export const runJest = async (
  arguments_: readonly string[],
  environment: Record<string, string>,
): Promise<Report> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-jest-'));
  const file = path.join(folder, 'report.json');
  const options = ['--no-warnings', '--experimental-vm-modules', JEST, '--json', `--outputFile=${file}`];
  const exitCode = await new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, [...options, ...arguments_], {
      stdio: 'inherit',
      env: { ...process.env, ...environment },
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
  try {
    const report = JSON.parse(await readFile(file, 'utf8')) as JestReport;
    const counts = countsOf(report);
    return {
      counts: exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts,
      passedByFile: passedByFileOf(report),
    };
  } catch {
    return { counts: { passed: 0, failed: 1, skipped: 0 }, passedByFile: new Map() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
