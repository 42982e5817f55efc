import { stat } from 'node:fs/promises';
import path from 'node:path';
import { clusterOf, readPassword } from './cluster.ts';
import { databaseUrl } from './databases.ts';
import { isDataDirLocked } from './data-dir-lock.ts';
import { readPidFile, serverProcesses, sharesNetwork } from './processes.ts';

/** What there is of a PostgreSQL in a data folder. */
export type FoundPostgres =
  | { readonly state: 'missing' }
  | { readonly state: 'stopped' }
  /** It runs, and the process that started it has died. The next start ends it. */
  | { readonly state: 'abandoned' }
  /** `url` answers the URL of a database, with the password in it. */
  | { readonly state: 'running'; readonly url: (database: string) => string };

/**
 * Looks whether PostgreSQL runs on the files in `dataDir`, whichever process started it, and how it is reached. Changes nothing.
 * @throws Error with one sentence when it is about to start or to end, or its password cannot be read.
 */
export async function findEmbeddedPostgres(dataDir: string): Promise<FoundPostgres> {
  const folder = path.resolve(dataDir);
  const cluster = clusterOf(folder);
  const made = await stat(path.join(cluster, 'PG_VERSION')).catch(() => undefined);
  if (made === undefined) return { state: 'missing' };
  const running = serverProcesses(cluster);
  if (running.length === 0) return { state: 'stopped' };
  if (running.every((pid) => sharesNetwork(pid)) && !(await isDataDirLocked(folder)))
    return { state: 'abandoned' };
  const file = readPidFile(cluster);
  if (file === undefined || !file.ready || !running.includes(file.pid))
    throw new Error(`PostgreSQL on ${cluster} is about to start or to end: try again in a moment.`);
  const password = await readPassword(cluster);
  return { state: 'running', url: (database) => databaseUrl(file.port, password, database) };
}
