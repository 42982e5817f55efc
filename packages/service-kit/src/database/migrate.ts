import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Logger } from 'pino';
import { applyConcurrently, isConcurrent } from './concurrent-migration.ts';
import { isPooled } from './connections.ts';
import { pendingMigrations, readMigrations, withMigrationClient, type Migration } from './migrations.ts';

/** The lock that Prisma's own migrate takes, so that the two never run at once. */
const PRISMA_MIGRATE_LOCK = 72707369;

/**
 * The longest that a migration waits for a lock, in milliseconds. A statement behind it in the queue for a table waits as
 * long, so it is rolled back then and tried again later.
 */
const LOCK_LIMIT_MS = 10_000;

/** Prisma's table of applied migrations, as `prisma migrate` creates it. */
const MIGRATIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

/** Lets a role read and write every row of the schema, and neither change the schema nor what is known of migrations. */
const grantRows = async (client: pg.Client, role: string | undefined): Promise<void> => {
  if (role === undefined) return;
  const name = client.escapeIdentifier(role);
  await client.query(`
    GRANT USAGE ON SCHEMA public TO ${name};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${name};
    REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM ${name}`);
};

/** @param outside does something on a connection that is in no transaction */
const apply = async (
  client: pg.Client,
  migration: Migration,
  outside: (work: (other: pg.Client) => Promise<void>) => Promise<void>,
): Promise<void> => {
  const { name, sql, checksum } = migration;
  // The transaction of the lock stays open meanwhile, and idles, so an index need not wait for it; for others who wait for the
  // lock it does, until they give up.
  if (isConcurrent(migration)) await outside((other) => applyConcurrently(other, migration));
  else await client.query(sql);
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, now(), 1)`,
    [randomUUID(), checksum, name],
  );
};

/**
 * Does something in a transaction, alone among all who migrate this database. The lock is the transaction's, so it is free
 * whatever becomes of the session, also behind a pooler that gives it to somebody else.
 */
const alone = async (client: pg.Client, work: () => Promise<void>): Promise<void> => {
  await client.query('BEGIN');
  await client.query(`SET LOCAL lock_timeout = ${LOCK_LIMIT_MS}`);
  await client.query('SELECT pg_advisory_xact_lock($1)', [PRISMA_MIGRATE_LOCK]);
  await work();
  await client.query('COMMIT');
};

/** The role that a database's URL names. */
const roleIn = (url: string): string => decodeURIComponent(new URL(url).username);

/**
 * Brings the database at `url` up to the migrations in `folder`, each in a transaction of its own, or outside of one where
 * it begins with `-- migrate: concurrently`, under an advisory lock, recorded as `prisma migrate deploy` does. `prisma migrate` itself needs an engine that has to be downloaded.
 *
 * @param folder ends in a slash
 * @param signal ends the connection, whatever it does
 * @param rowsFor the role that is let to every row, with the migration that makes it, where it is another than that of the URL
 * @throws Error when a migration fails, or one that was applied has been changed since; what is transient when the
 *   database cannot be reached, or a lock is waited for longer than 10 s: another instance migrates, or a table is in use
 */
export const migrateDatabase = (
  url: string,
  folder: URL,
  logger: Logger,
  signal?: AbortSignal,
  rowsFor?: string,
): Promise<void> =>
  withMigrationClient(url, signal, async (client) => {
    const migrations = await readMigrations(folder);
    const applyNext = async (): Promise<void> => {
      // Another instance may have applied it by now.
      const [next] = await pendingMigrations(client, migrations);
      if (!next) return;
      await client.query(MIGRATIONS_TABLE);
      await apply(client, next, (work) => withMigrationClient(url, signal, work));
      await grantRows(client, rowsFor);
      logger.info({ migration: next.name }, 'migration applied');
    };
    while ((await pendingMigrations(client, migrations)).length > 0) await alone(client, applyNext);
    if (rowsFor !== undefined) await alone(client, () => grantRows(client, rowsFor));
  });

/**
 * The same for a service whose own role may be kept from changing the schema, or which has PgBouncer before its database:
 * then by `migrationUrl`, whose role lets the service's to every row where it is another one.
 *
 * @throws Error when it leads to PgBouncer as well
 */
export const migrateForService = (
  { databaseUrl, migrationUrl }: { readonly databaseUrl: string; readonly migrationUrl?: string | undefined },
  folder: URL,
  logger: Logger,
  signal?: AbortSignal,
): Promise<void> => {
  const url = migrationUrl ?? databaseUrl;
  if (isPooled(url)) throw new Error('Migrations need a URL of PostgreSQL itself, not of PgBouncer');
  const role = roleIn(databaseUrl);
  return migrateDatabase(url, folder, logger, signal, roleIn(url) === role ? undefined : role);
};
