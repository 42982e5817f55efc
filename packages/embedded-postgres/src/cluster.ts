import { mkdir, mkdtemp, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Runtime } from '@order-pipeline/service-kit';
import { adoptTree, handOver } from './account.ts';
import { runProgram, type Launch, type Programs } from './programs.ts';
import type { Durability } from './server-settings.ts';

/** The superuser of the cluster: the only role there is. */
export const SUPERUSER = 'postgres';

export type ClusterOptions = {
  readonly dataDir: string;
  readonly launch: Launch;
  readonly programs: Programs;
  readonly durability: Durability;
  readonly runtime: Pick<Runtime, 'hex'>;
  readonly log: (line: string) => void;
};

const STAGE_PREFIX = 'postgres.new-';
const NO_SYNC = ['--no-sync', '--no-instructions'];
/** The same order and the same character classes on every machine, with no locale of the operating system involved. */
const LOCALE = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

export const clusterOf = (dataDir: string): string => path.join(dataDir, 'postgres');

/**
 * Makes sure that `<dataDir>/postgres` is a cluster that these programs can open, creating it where it is missing. It is made beside its
 * place and renamed when it is whole (and, unless durability is off, on the disk), so that a crash never leaves half of one.
 * @returns the superuser's password, which is kept in the cluster itself: one does not come without the other.
 * @throws Error with one sentence when the files cannot be created or are not ours to use.
 */
export async function ensureCluster(options: ClusterOptions): Promise<string> {
  const cluster = clusterOf(options.dataDir);
  await removeStages(options.dataDir);
  if (await isMissing(cluster)) await createCluster(options, cluster);
  await refuseOtherVersion(options, cluster);
  await adoptTree(cluster, options.launch);
  return readPassword(cluster);
}

async function isMissing(cluster: string): Promise<boolean> {
  const entries = await readdir(cluster).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw new Error(
      `The database files in ${cluster} cannot be read: start as the user they belong to, or set another DATA_DIR.`,
      { cause: error },
    );
  });
  if (entries.length === 0 || entries.includes('PG_VERSION')) return entries.length === 0;
  throw new Error(
    `${cluster} holds files that are no PostgreSQL database: move them away, or set another DATA_DIR.`,
  );
}

async function createCluster(options: ClusterOptions, cluster: string): Promise<void> {
  options.log('creating the database files (first start)');
  const stage = await mkdtemp(path.join(options.dataDir, STAGE_PREFIX));
  try {
    await handOver(stage, options.launch);
    const made = await initialise(options, stage);
    await rename(made, cluster);
    if (options.durability === 'full') await syncFolder(options.dataDir);
  } finally {
    await rm(stage, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function initialise(options: ClusterOptions, stage: string): Promise<string> {
  const { launch } = options;
  const [made, password] = [path.join(stage, 'cluster'), path.join(stage, 'password')];
  await mkdir(made, { mode: 0o700 });
  await handOver(made, launch);
  await writeFile(password, `${options.runtime.hex(24)}\n`, { mode: 0o600 });
  await handOver(password, launch);
  const who = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${password}`];
  await initdb(options, ['-D', made, ...who, ...LOCALE, ...NO_SYNC]);
  await rename(password, passwordFileOf(made));
  if (options.durability === 'full') await initdb(options, ['-D', made, '--sync-only']);
  return made;
}

async function initdb({ launch, programs }: ClusterOptions, args: string[]): Promise<void> {
  const { code, output } = await runProgram(launch, programs.initdb, args);
  if (code !== 0)
    throw new Error(`The database files could not be created: ${output.split('\n').slice(-3).join(' ')}`);
}

/** What an interrupted first start left. A stage that resists is only dead weight, and the next start tries again. */
async function removeStages(dataDir: string): Promise<void> {
  const stages = (await readdir(dataDir)).filter((entry) => entry.startsWith(STAGE_PREFIX));
  await Promise.allSettled(
    stages.map((stage) => rm(path.join(dataDir, stage), { recursive: true, force: true, maxRetries: 5 })),
  );
}

async function refuseOtherVersion({ launch, programs }: ClusterOptions, cluster: string): Promise<void> {
  const made = (await readFile(path.join(cluster, 'PG_VERSION'), 'utf8')).trim();
  const { output } = await runProgram(launch, programs.postgres, ['--version']);
  const ours = / (\d+)/.exec(output)?.[1];
  if (made === ours) return;
  throw new Error(
    `The database files in ${cluster} were made by PostgreSQL ${made} and this is PostgreSQL ${ours}: ` +
      'dump them with the old version and load them into the new one, or set another DATA_DIR.',
  );
}

const passwordFileOf = (cluster: string): string => path.join(cluster, 'superuser-password');

/** @throws Error with one sentence when it cannot be read. */
export async function readPassword(cluster: string): Promise<string> {
  const file = passwordFileOf(cluster);
  const password = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (password === '') throw new Error(`The password of the database is missing: ${file} cannot be read.`);
  return password;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}
