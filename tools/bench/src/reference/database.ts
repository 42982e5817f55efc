import { readdir, readFile } from 'node:fs/promises';
import { DATABASE_NAMES } from '@order-pipeline/contracts';
import { withDatabase } from '../system/databases.ts';
import { PGBENCH_CLIENTS } from './pgbench.ts';

const PRISMA = new URL('../../../../prisma/', import.meta.url);

/** Users and items that place-order.sql takes its own from. */
const ROWS = 1_000;
const STOCK = 1_000_000_000;

/** The migrations of a service, in the order in which it applies them. */
const readMigrations = async (service: string): Promise<string[]> => {
  const folder = new URL(`${service}/migrations/`, PRISMA);
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.toSorted().map((migration) => readFile(new URL(`${migration}/migration.sql`, folder), 'utf8')),
  );
};

/**
 * Gives an empty database the tables and indexes of all services together, with users and items. Each service has a schema
 * of its own, since some tables are there in several; a name without a schema is found in the first that has it.
 */
export const fillReference = async (url: string): Promise<void> => {
  const services = await Promise.all(
    DATABASE_NAMES.map(async (name) => ({ name, migrations: await readMigrations(name) })),
  );
  await withDatabase(url, async ({ run }) => {
    for (const { name, migrations } of services) {
      await run(`CREATE SCHEMA ${name}; SET search_path TO ${name}`);
      for (const sql of migrations) await run(sql);
    }
    const path = DATABASE_NAMES.join(', ');
    await run(`
      SET search_path TO ${path};
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path TO ${path}', current_database()); END $$`);
    await run(`
      INSERT INTO users (id, name, email)
      SELECT 'user-' || i, 'Sriram', 'user-' || i || '@example.com' FROM generate_series(1, ${ROWS}) i;
      INSERT INTO items (id, name, initial_qty, stocked_qty, available_qty, reserved_qty, consumed_qty, created_at)
      SELECT 'item-' || i, 'Laptop', ${STOCK}, ${STOCK}, ${STOCK}, 0, 0, now() FROM generate_series(1, ${ROWS}) i;
    `);
    await run('VACUUM ANALYZE');
  });
};

/**
 * Puts orders there that wait for a step, in the place of all that were there.
 *
 * @param count a multiple of `PGBENCH_CLIENTS`
 */
export const fillSteps = (url: string, count: number): Promise<void> =>
  withDatabase(url, async ({ run }) => {
    await run('TRUNCATE orders');
    await run(`
      INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
      SELECT 'step-' || client || '-' || n, 'user-' || n % ${ROWS}, 'PENDING',
        jsonb_build_array(jsonb_build_object('itemId', 'item-' || n % ${ROWS}, 'quantity', 1)),
        gen_random_uuid()::text, now(), now(), now()
      FROM generate_series(0, ${PGBENCH_CLIENTS - 1}) client, generate_series(1, ${count / PGBENCH_CLIENTS}) n`);
    await run('VACUUM ANALYZE orders');
  });

/** How many orders were moved by compare-and-set, of those that `fillSteps` has put there. */
export const countSteps = (url: string): Promise<number> =>
  withDatabase(url, async ({ rows }) => {
    const [row] = await rows<{ count: number }>(
      `SELECT count(*)::float8 AS count FROM orders WHERE status = 'PROCESSING'`,
    );
    return row?.count ?? 0;
  });
