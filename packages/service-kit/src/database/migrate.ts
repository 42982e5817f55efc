import { createHash, randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import { openClient } from './connections.ts';

/** The lock that Prisma's own migrate takes, so that the two never run at once. */
const PRISMA_MIGRATE_LOCK = 72707369;
const CONNECT_TIMEOUT_MS = 5_000;

/** The longest that the lock is waited for, in milliseconds. */
const LOCK_LIMIT_MS = 10_000;

/** Prisma's table of applied migrations, as `prisma migrate` creates it. */
const MIGRATIONS_TABLE = `
  CREATE TABLE _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const readMigrations = async (folder: URL): Promise<Migration[]> => {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(new URL(`${name}/migration.sql`, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
};

/** Only where it is missing: even `IF NOT EXISTS` takes the right to create tables, which not every role has. */
const createMigrationsTable = async (client: pg.Client): Promise<void> => {
  const { rows } = await client.query<{ isThere: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS "isThere"`,
  );
  if (!rows[0]?.isThere) await client.query(MIGRATIONS_TABLE);
};

/** Lets a role read and write every row of the schema, and neither change the schema nor what is known of migrations. */
const grantRows = async (client: pg.Client, role: string): Promise<void> => {
  const name = client.escapeIdentifier(role);
  await client.query(`
    GRANT USAGE ON SCHEMA public TO ${name};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${name};
    REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM ${name}`);
};

const appliedMigrations = async (client: pg.Client): Promise<Map<string, string>> => {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
};

const apply = async (client: pg.Client, { name, sql, checksum }: Migration): Promise<void> => {
  await client.query('BEGIN');
  await client.query(sql);
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, now(), 1)`,
    [randomUUID(), checksum, name],
  );
  await client.query('COMMIT');
};

/** Waits for another instance that migrates, and not for ever: whoever waits says so and tries again. */
const lock = async (client: pg.Client): Promise<void> => {
  await client.query(`SET lock_timeout = ${LOCK_LIMIT_MS}`);
  await client.query('SELECT pg_advisory_lock($1)', [PRISMA_MIGRATE_LOCK]);
  await client.query('RESET lock_timeout');
};

/**
 * Brings the database at `url` up to the migrations in `folder`, each in a transaction of its own, under an advisory
 * lock, recorded as `prisma migrate deploy` does. `prisma migrate` itself needs an engine that has to be downloaded.
 *
 * @param folder ends in a slash
 * @param signal ends the connection, whatever it does
 * @param rowsFor the role that is let to every row afterwards, where it is another than that of the URL
 * @throws Error when a migration fails, or one that was applied has been changed since; what is transient when the
 *   database cannot be reached, or another instance migrates it for longer than 10 s
 */
export const migrateDatabase = async (
  url: string,
  folder: URL,
  logger: Logger,
  signal?: AbortSignal,
  rowsFor?: string,
): Promise<void> => {
  const client = await openClient(
    { url, applicationName: 'migrations' },
    { connectionTimeoutMillis: CONNECT_TIMEOUT_MS },
  );
  const end = () => void client.end().catch(() => undefined);
  signal?.addEventListener('abort', end);
  try {
    signal?.throwIfAborted();
    await lock(client);
    await createMigrationsTable(client);
    const applied = await appliedMigrations(client);
    for (const migration of await readMigrations(folder)) {
      const checksum = applied.get(migration.name);
      if (checksum === migration.checksum) continue;
      if (checksum !== undefined)
        throw new Error(`The migration ${migration.name} was changed after it was applied`);
      await apply(client, migration);
      logger.info({ migration: migration.name }, 'migration applied');
    }
    if (rowsFor !== undefined) await grantRows(client, rowsFor);
  } finally {
    signal?.removeEventListener('abort', end);
    // Closing the session rolls back what is open and frees the lock.
    await client.end();
  }
};
