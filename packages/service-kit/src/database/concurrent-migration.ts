import type pg from 'pg';
import type { Migration } from './migrations.ts';

/** The first line of a migration that makes or drops an index while others write the table. */
const MARK = '-- migrate: concurrently\n';

const STATEMENT =
  /^(?:CREATE (?:UNIQUE )?INDEX CONCURRENTLY "(?<created>\w+)" ON |DROP INDEX CONCURRENTLY IF EXISTS "\w+")[^;]*;?$/;

/** Whether a migration is to run outside of a transaction. */
export const isConcurrent = ({ sql }: Migration): boolean => sql.startsWith(MARK);

/** @throws Error where the file has anything but one statement that can be repeated */
const parse = ({
  name,
  sql,
}: Migration): { readonly statement: string; readonly created: string | undefined } => {
  const statement = sql.replaceAll(/^--.*$/gm, '').trim();
  const match = STATEMENT.exec(statement);
  if (!match)
    throw new Error(
      `The migration ${name} must be one CREATE INDEX CONCURRENTLY "…" ON … or DROP INDEX CONCURRENTLY IF EXISTS "…"`,
    );
  return { statement, created: match.groups?.['created'] };
};

/**
 * Applies a migration outside of a transaction. Where a try before died, it has left an index that is not valid, which is
 * dropped, or one that was only not recorded, which stays.
 *
 * It waits for a lock, and for all transactions that are older, for as long as they take: nobody who reads or writes the
 * table waits behind it.
 *
 * @param client in no transaction
 * @throws Error where the file has anything but one statement that can be repeated
 */
export const applyConcurrently = async (client: pg.Client, migration: Migration): Promise<void> => {
  const { statement, created } = parse(migration);
  if (created !== undefined) {
    const { rows } = await client.query<{ isValid: boolean }>(
      `SELECT indisvalid AS "isValid" FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
       WHERE relname = $1 AND pg_table_is_visible(indexrelid)`,
      [created],
    );
    if (rows[0]?.isValid) return;
    if (rows[0]) await client.query(`DROP INDEX CONCURRENTLY ${client.escapeIdentifier(created)}`);
  }
  await client.query(statement);
};
