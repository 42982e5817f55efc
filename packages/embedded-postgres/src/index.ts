import type { Runtime } from '@order-pipeline/service-kit';
import { chooseLaunch } from './account.ts';
import { clusterOf, ensureCluster } from './cluster.ts';
import { acquireDataDirLock } from './data-dir-lock.ts';
import { databaseUrl, ensureDatabases } from './databases.ts';
import { endLeftovers } from './leftovers.ts';
import { findPrograms, type Programs } from './programs.ts';
import { openServerLog } from './server-log.ts';
import type { Durability } from './server-settings.ts';
import { startServer, type Server } from './server.ts';

export { acquireDataDirLock } from './data-dir-lock.ts';
export { findEmbeddedPostgres, type FoundPostgres } from './find.ts';
export { serverProcesses } from './processes.ts';

export type EmbeddedPostgresOptions = {
  /** The cluster lives in `<dataDir>/postgres`; the folder is created where it is missing. */
  readonly dataDir: string;
  /** The databases that shall exist; further ones that exist are left alone. */
  readonly databases: readonly string[];
  /** Called with what is being done, in words for a person. */
  readonly log: (line: string) => void;
  readonly runtime: Pick<Runtime, 'monotonic' | 'after' | 'hex'>;
  /** Default `full`. */
  readonly durability?: Durability;
  /** Default 60. */
  readonly maxConnections?: number;
  /** Default: those of the installed platform package. */
  readonly programs?: Programs;
  /** Settings of the server, over those that it gets here. */
  readonly settings?: Readonly<Record<string, string>>;
};

export type EmbeddedPostgres = {
  /** The URL of a database, with the password in it; the same until stop(). */
  url(database: string): string;
  /** The server's process. */
  readonly pid: number;
  /** Resolves with a sentence when the server ends without stop(); otherwise never. */
  readonly exited: Promise<string>;
  /**
   * Shuts the server down, open transactions rolled back, and gives the folder free; when it returns, no process is left. Takes well under
   * a second; a server that does not obey is ended after 8 s.
   */
  stop(): Promise<void>;
};

/**
 * Starts a real PostgreSQL on the files in `dataDir`, reachable on a free port of 127.0.0.1 only. Creates the cluster at first use and the
 * named databases where they are missing; ends a server that a killed start left running on the files.
 * @throws Error whose message is for the person who started it: another start has the folder, the files are another version's, …
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const lock = await acquireDataDirLock(options.dataDir);
  try {
    const { server, password } = await startLocked(options, lock.dataDir);
    return {
      url: (database) => databaseUrl(server.port, password, database),
      pid: server.pid,
      exited: server.exited,
      stop: () => server.stop().finally(() => lock.release()),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

type Started = { readonly server: Server; readonly password: string };

async function startLocked(options: EmbeddedPostgresOptions, dataDir: string): Promise<Started> {
  const { log, runtime, durability = 'full', maxConnections = 60 } = options;
  const cluster = clusterOf(dataDir);
  const programs = options.programs ?? (await findPrograms());
  const unclean = await endLeftovers(cluster, runtime, log);
  const launch = await chooseLaunch(programs, dataDir, cluster);
  const password = await ensureCluster({ dataDir, launch, programs, durability, runtime, log });
  log(unclean ? 'starting PostgreSQL, which recovers its files after the crash' : 'starting PostgreSQL');
  const serverLog = await openServerLog(dataDir, launch);
  const server = await startServer({
    cluster,
    programs,
    launch,
    durability,
    maxConnections,
    settings: options.settings ?? {},
    serverLog,
    clock: runtime,
  });
  try {
    const created = await ensureDatabases(server.port, password, options.databases);
    if (created.length > 0) log(`created the databases ${created.join(', ')}`);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { server, password };
}
