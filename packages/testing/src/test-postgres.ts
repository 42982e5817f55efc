import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { createRuntime, openClient } from '@order-pipeline/service-kit';
import type pg from 'pg';

/** A PostgreSQL for tests. */
export interface TestPostgres {
  /** Creates an empty database whose name begins with `name`, and answers its URL. */
  freshDatabase(name: string): Promise<string>;
  /** Ends the server, or drops the databases that were created on one that was given. */
  stop(): Promise<void>;
}

const withClient = async (url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> => {
  const client = await openClient({ url, applicationName: 'test' });
  try {
    await use(client);
  } finally {
    await client.end();
  }
};

const freshDatabaseOn = async (adminUrl: string, name: string): Promise<string> => {
  const database = `${name}_${randomBytes(6).toString('hex')}`;
  await withClient(adminUrl, (client) => client.query(`CREATE DATABASE "${database}"`));
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
};

const useGiven = (adminUrl: string): TestPostgres => {
  const created: string[] = [];
  return {
    freshDatabase: async (name) => {
      const url = await freshDatabaseOn(adminUrl, name);
      created.push(new URL(url).pathname.slice(1));
      return url;
    },
    stop: () =>
      withClient(adminUrl, async (client) => {
        for (const database of created.splice(0)) {
          await client.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
        }
      }),
  };
};

const startEmbedded = async (): Promise<TestPostgres> => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-test-'));
  const postgres = await startEmbeddedPostgres({
    dataDir,
    databases: [],
    log: () => undefined,
    runtime: createRuntime(),
    durability: 'off',
  });
  return {
    freshDatabase: (name) => freshDatabaseOn(postgres.url('postgres'), name),
    stop: async () => {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

/**
 * A PostgreSQL for the tests of one file: an embedded one that waits for no disk, or the one whose administrator's URL
 * is in TEST_POSTGRES_URL.
 */
export const startTestPostgres = async (): Promise<TestPostgres> => {
  const given = process.env['TEST_POSTGRES_URL'];
  return given ? useGiven(given) : startEmbedded();
};
