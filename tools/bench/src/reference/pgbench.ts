import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CliError } from '@order-pipeline/cli/kit';

const TIMEOUT_MS = 120_000;

/** Scripts of pgbench, one transaction each. */
export type ScriptName = 'place-order' | 'compare-and-set';

/** Eight clients, as many as the connections that keep two cores busy. */
export const PGBENCH_CLIENTS = 8;
const THREADS = 2;

export interface PgbenchTask {
  readonly script: ScriptName;
  /** Of all clients together, a multiple of `PGBENCH_CLIENTS`. */
  readonly transactions: number;
  /** Variables of the script. */
  readonly variables?: Readonly<Record<string, number>>;
}

/** The arguments of pgbench that are always the same. */
export const PGBENCH_SETTINGS: readonly string[] = [
  '--no-vacuum',
  '--protocol=prepared',
  `--client=${PGBENCH_CLIENTS}`,
  `--jobs=${THREADS}`,
];

/** The arguments of pgbench, except for where the database is. */
export const pgbenchArguments = (task: PgbenchTask, scriptFile: string): string[] => [
  ...PGBENCH_SETTINGS,
  `--transactions=${task.transactions / PGBENCH_CLIENTS}`,
  `--file=${scriptFile}`,
  ...Object.entries(task.variables ?? {}).map(([name, value]) => `--define=${name}=${value}`),
];

/**
 * The transactions a second that pgbench tells of, without the time to connect.
 *
 * @throws CliError when it tells of none, or not all were made
 */
export const parsePgbench = (output: string): number => {
  const rate = /^tps = ([\d.]+) \(without initial connection time\)$/m.exec(output)?.[1];
  const made = /^number of transactions actually processed: (\d+)\/(\d+)$/m.exec(output);
  const failed = /^number of failed transactions: (\d+)/m.exec(output)?.[1];
  if (rate === undefined || made === null) throw new CliError(`pgbench printed no rate:\n${output}`);
  if (made[1] !== made[2] || Number(failed ?? 0) > 0)
    throw new CliError(`Not every transaction of pgbench was made:\n${output}`);
  return Number(rate);
};

/** As `16.4`. */
export const pgbenchVersion = async (program: string): Promise<string> => {
  const { stdout } = await promisify(execFile)(program, ['--version']);
  return /\d[\d.]*/.exec(stdout)?.[0] ?? 'unknown';
};

/** Where a script is, on this machine. */
export const scriptPath = (script: ScriptName): string =>
  fileURLToPath(new URL(`${script}.sql`, import.meta.url));

/** Makes transactions on a database, and answers how many it made a second. */
export type Pgbench = (task: PgbenchTask) => Promise<number>;

/**
 * pgbench on this machine.
 *
 * @param program its path
 * @param url of the database
 */
export const createPgbench =
  (program: string, url: string): Pgbench =>
  async (task) => {
    const running = promisify(execFile)(program, [...pgbenchArguments(task, scriptPath(task.script)), url], {
      timeout: TIMEOUT_MS,
    });
    const { stdout } = await running.catch((error: { readonly stderr?: string }) => {
      throw new CliError(`pgbench failed:\n${error.stderr}`);
    });
    return parsePgbench(stdout);
  };
