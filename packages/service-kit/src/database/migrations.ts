import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import type pg from 'pg';
import { unavailable } from '../app-error.ts';
import { isPooled, openClient } from './connections.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** Migrations set their own limits; the role may have those of a service (`keepPooledSettings`). */
const SETTINGS = ['statement_timeout=0', 'lock_timeout=0', 'enable_seqscan=on'];

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** The migrations in a folder, in the order in which they are applied. */
export const readMigrations = async (folder: URL): Promise<Migration[]> => {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(new URL(`${name}/migration.sql`, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
};

/**
 * The checksums of what is applied; of nothing where this role is not let to know it yet. It reads the catalog itself: what
 * a session remembers of names (`to_regclass`) may be of before somebody else made the table.
 */
const appliedMigrations = async (client: pg.Client): Promise<Map<string, string>> => {
  const { rows: known } = await client.query<{ isKnown: boolean }>(
    `SELECT has_table_privilege(oid, 'SELECT') AS "isKnown" FROM pg_class
     WHERE relname = '_prisma_migrations' AND pg_table_is_visible(oid)`,
  );
  if (!known[0]?.isKnown) return new Map();
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
};

/**
 * Those of the migrations that a database lacks. What it has beyond them is of a later release, and no reason to refuse it.
 *
 * @throws Error when one that was applied has been changed since
 */
export const pendingMigrations = async (
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<Migration[]> => {
  const applied = await appliedMigrations(client);
  return migrations.filter(({ name, checksum }) => {
    const found = applied.get(name);
    if (found !== undefined && found !== checksum)
      throw new Error(`The migration ${name} was changed after it was applied`);
    return found === undefined;
  });
};

/** A connection that says in the server's lists that it is about migrations, until the signal is aborted. */
export const withMigrationClient = async (
  url: string,
  signal: AbortSignal | undefined,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> => {
  const client = await openClient(
    { url, applicationName: 'migrations', settings: isPooled(url) ? [] : SETTINGS },
    { connectionTimeoutMillis: CONNECT_TIMEOUT_MS },
  );
  const end = () => void client.end().catch(() => undefined);
  signal?.addEventListener('abort', end);
  try {
    signal?.throwIfAborted();
    await work(client);
  } finally {
    signal?.removeEventListener('abort', end);
    // Closing the session rolls back what is open and frees its locks.
    await client.end();
  }
};

/**
 * Looks whether somebody else has brought the database at `url` up to the migrations in `folder`. It changes nothing.
 *
 * @param signal ends the connection, whatever it does
 * @throws AppError UNAVAILABLE, with a sentence that names the first, while migrations are missing; what is transient when
 *   the database cannot be reached; Error when one that was applied has been changed since
 */
export const checkMigrations = (url: string, folder: URL, signal?: AbortSignal): Promise<void> =>
  withMigrationClient(url, signal, async (client) => {
    const pending = await pendingMigrations(client, await readMigrations(folder));
    const [first, ...others] = pending;
    if (!first) return;
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    throw unavailable(`waits for the migration ${first.name}${more}`);
  });
