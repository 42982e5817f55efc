import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { perDatabase } from '@order-pipeline/contracts';
import { fileURLToPath } from 'node:url';
import { findEmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { CliError } from '@order-pipeline/cli/kit';
import { DAY_MS } from '@order-pipeline/service-kit';
import type { BenchContext } from '../context/context.ts';
import { startServer } from './child.ts';
import { createDatabase } from './databases.ts';
import type { System } from './system.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** What users run: every service in a process of its own, on the embedded PostgreSQL and the broker in memory. */
export interface EmbeddedSystem extends System {
  readonly pid: number;
  /** Where its files are. */
  readonly dataDir: string;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** What it is for, as in `the system of <name>`. */
  readonly name: string;
  readonly workflowIntervalMs: number;
  /** Options of Node, before the program. */
  readonly nodeOptions?: readonly string[];
  /** The checkout whose system it is; default: this one. */
  readonly root?: string;
  /** Settings beside those of every system. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** How the system says where it is. */
const ADDRESS = /^ {2}API +(http:\S+)\/api$/m;

/** What is set beside the place and the port. */
export const embeddedSettings = (workflowIntervalMs: number): Record<string, string> => ({
  RATE_LIMIT: 'off',
  LOG_LEVEL: 'info',
  WORKFLOW_INTERVAL_MS: String(workflowIntervalMs),
  // Orders that wait for the workflow's turn on purpose are not stuck.
  REPUBLISH_AFTER_MS: String(DAY_MS),
});

/** The URLs of the databases of the embedded PostgreSQL in a folder, by their names. */
const urlsOf = async (dataDir: string): Promise<(name: string) => string> => {
  const found = await findEmbeddedPostgres(dataDir);
  if (found.state !== 'running') throw new CliError(`The PostgreSQL in ${dataDir} does not run.`);
  return found.url;
};

interface RunningServer {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** A system on embedded parts that runs, with its databases; it removes its files once it is stopped. */
export const embeddedSystem = async (
  { url, pid, stop }: RunningServer,
  dataDir: string,
  removed: () => Promise<void>,
): Promise<EmbeddedSystem> => {
  const urlOf = await urlsOf(dataDir);
  return {
    url,
    pid,
    dataDir,
    databases: perDatabase(urlOf),
    createDatabase: (database) => createDatabase(urlOf('postgres'), database),
    stop: async () => {
      await stop();
      await removed();
    },
  };
};

/** Starts the whole system as `npx -y pnpm start` does, on new files of its own, and waits until it is ready. */
export const startEmbeddedSystem = async (
  { life }: Pick<BenchContext, 'life'>,
  { name, workflowIntervalMs, nodeOptions = [], root = ROOT, environment = {} }: EmbeddedOptions,
): Promise<EmbeddedSystem> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-bench-'));
  const removed = life.opened(`the files of ${name}`, () => rm(folder, { recursive: true, maxRetries: 5 }));
  const dataDir = path.join(folder, 'data');
  const server = await startServer(
    { life },
    {
      name: `the system of ${name}`,
      args: [...nodeOptions, 'scripts/start.mjs'],
      cwd: root,
      // The last one makes it end when the benchmark does, as it ends with the package manager that started it.
      environment: {
        ...embeddedSettings(workflowIntervalMs),
        ...environment,
        DATA_DIR: dataDir,
        npm_lifecycle_event: 'start',
      },
      folder,
    },
    ADDRESS,
  );
  return embeddedSystem(server, dataDir, removed);
};
