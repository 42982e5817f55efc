import type { PrismaClient } from '../src/generated/client.ts';

/** How a list of orders is distinguished from other statements. */
const LIST = '%ORDER BY orders.seq DESC LIMIT%';

/** How many lists hang. */
export const readHanging = async (database: PrismaClient): Promise<number> => {
  const [row] = await database.$queryRaw<{ hanging: number }[]>`
    SELECT count(*)::int AS hanging FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'PgSleep' AND query LIKE ${LIST}`;
  return row?.hanging ?? 0;
};

/**
 * Lets every list of orders hang in the database until it is ended, and nothing else. The table gives its name to a view.
 *
 * @returns what undoes it
 */
export const hangLists = async (database: PrismaClient): Promise<() => Promise<void>> => {
  const run = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await database.$executeRawUnsafe(statement);
  };
  await run([
    `CREATE FUNCTION hangs() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
       IF current_query() LIKE '${LIST}' AND current_query() NOT LIKE '%pg_stat_activity%'
       THEN PERFORM pg_sleep(3600); END IF;
       RETURN true;
     END $$`,
    'ALTER TABLE orders RENAME TO stored_orders',
    'CREATE VIEW orders AS SELECT * FROM stored_orders WHERE (SELECT hangs())',
  ]);
  return () => run(['DROP VIEW orders', 'ALTER TABLE stored_orders RENAME TO orders', 'DROP FUNCTION hangs']);
};
