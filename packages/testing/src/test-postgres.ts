import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DatabaseName } from '@order-pipeline/contracts';
import { startEmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { createRuntime } from '@order-pipeline/service-kit';
import { createDatabase, ensureTemplate, withClient } from './create-database.ts';
import { times } from './times.ts';

export interface TestPostgresOptions {
  /** What the databases have for their default; by itself PostgreSQL has READ COMMITTED. */
  readonly isolation?: 'repeatable read' | 'serializable';
}

/** A PostgreSQL for tests. */
export interface TestPostgres {
  /** Creates an empty database whose name begins with `name`, and answers its URL. */
  freshDatabase(name: string): Promise<string>;
  /** Creates a database with the migrations of that name and nothing else, and answers its URL. */
  migratedDatabase(name: DatabaseName): Promise<string>;
  /** Ends the server, or drops the databases that were created on one that was given. */
  stop(): Promise<void>;
}

/** How databases are created on the server at `adminUrl`; `created` is called for each. */
export const databasesOn = (adminUrl: string, created: (url: string) => void) => {
  const templates = new Map<DatabaseName, Promise<string>>();
  const templateOf = (name: DatabaseName): Promise<string> => {
    const template = templates.get(name) ?? ensureTemplate(adminUrl, name);
    templates.set(name, template);
    return template;
  };
  const create = async (name: string, template?: string): Promise<string> => {
    const url = await createDatabase(adminUrl, name, template);
    created(url);
    return url;
  };
  return {
    freshDatabase: (name: string) => create(name),
    migratedDatabase: async (name: DatabaseName) => create(name, await templateOf(name)),
  };
};

const useGiven = (adminUrl: string): TestPostgres => {
  const created: string[] = [];
  return {
    ...databasesOn(adminUrl, (url) => created.push(new URL(url).pathname.slice(1))),
    stop: () =>
      withClient(adminUrl, async (client) => {
        for (const database of created.splice(0)) {
          await client.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
        }
      }),
  };
};

/** Linux's folder in memory. Each database is hundreds of files, and a disk's file system takes a third of what tests compute. */
const MEMORY = '/dev/shm';
/** More than the databases of all workers take; a container may have 64 MB. */
const ROOM_BYTES = 4 * 2 ** 30;

const folderOfServers = async (): Promise<string> => {
  const memory = await statfs(MEMORY).catch(() => undefined);
  return memory && memory.bavail * memory.bsize >= ROOM_BYTES ? MEMORY : tmpdir();
};

const startServer = async () => {
  const dataDir = await mkdtemp(path.join(await folderOfServers(), 'order-pipeline-test-'));
  const postgres = await startEmbeddedPostgres({
    dataDir,
    databases: [],
    log: () => undefined,
    runtime: createRuntime(),
    durability: 'off',
  });
  return {
    url: postgres.url('postgres'),
    stop: async () => {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

const startEmbedded = async (): Promise<TestPostgres> => {
  const { url, stop } = await startServer();
  return { ...databasesOn(url, () => undefined), stop };
};

/**
 * Starts so many embedded servers, one for each worker of jest, so that not every file has to start its own.
 *
 * @returns the environment in which `startTestPostgres` finds them, and what ends them
 */
export const startPostgresOfWorkers = async (workers: number) => {
  const servers = await Promise.all(times(workers, startServer));
  return {
    environment: { TEST_POSTGRES_OF_WORKERS: servers.map(({ url }) => url).join(' ') },
    stop: async (): Promise<void> => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
};

/** jest numbers its workers from 1 on. */
const urlOfWorker = (): string | undefined =>
  process.env['TEST_POSTGRES_OF_WORKERS']?.split(' ')[Number(process.env['JEST_WORKER_ID']) - 1];

/** The same, with another isolation for the default of every database that is created from now on. */
const withIsolation = (postgres: TestPostgres, isolation: string): TestPostgres => {
  const change = async (url: string): Promise<string> => {
    const database = new URL(url).pathname.slice(1);
    await withClient(url, (client) =>
      client.query(`ALTER DATABASE "${database}" SET default_transaction_isolation = '${isolation}'`),
    );
    return url;
  };
  return {
    ...postgres,
    freshDatabase: async (name) => change(await postgres.freshDatabase(name)),
    migratedDatabase: async (name) => change(await postgres.migratedDatabase(name)),
  };
};

/**
 * A PostgreSQL for the tests of one file: the one whose administrator's URL is in TEST_POSTGRES_URL, else that of the
 * worker (`startPostgresOfWorkers`), else an embedded one of its own; no embedded one waits for the disk.
 */
export const startTestPostgres = async ({ isolation }: TestPostgresOptions = {}): Promise<TestPostgres> => {
  const given = process.env['TEST_POSTGRES_URL'] || urlOfWorker();
  const postgres = await (given ? useGiven(given) : startEmbedded());
  return isolation === undefined ? postgres : withIsolation(postgres, isolation);
};
