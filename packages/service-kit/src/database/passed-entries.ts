import { sqltag, type Sql } from '@prisma/client/runtime/client';

/** Parts of a statement that counts how many entries of an index it passes, those of dead rows included. */
export interface PassedEntries {
  /** The first of its WITH queries. */
  readonly before: Sql;
  /** True; a condition of what reads the index, which is thus carried out after `before`. */
  readonly isBegun: Sql;
  /** What it selects from: a row with the number, `passed`, beside each row of its query `found`, or beside nulls. */
  readonly besideFound: Sql;
}

/**
 * PostgreSQL counts them in each connection, for its statistics. Where it does not, or where there is no such index, the number is 0.
 *
 * @param index its name
 */
export const passedEntries = (index: string): PassedEntries => {
  const entries = sqltag`coalesce(pg_stat_get_xact_tuples_returned(to_regclass(${index})), 0)`;
  return {
    before: sqltag`before AS MATERIALIZED (SELECT ${entries} AS entries)`,
    isBegun: sqltag`(SELECT entries FROM before) >= 0`,
    // A CASE decides before it computes: everything has been found by then.
    besideFound: sqltag`(
      SELECT (CASE WHEN (SELECT count(*) FROM found) >= 0 THEN ${entries} - (SELECT entries FROM before) END)::float8 AS passed
    ) AS counted LEFT JOIN found ON true`,
  };
};

/** A row of such a statement; where nothing was found, there is one whose other columns are null. */
export type PassedRow<T> = { readonly passed: number } & (T | { readonly [K in keyof T]: null });

/**
 * What such a statement has found, and how many entries it has passed.
 *
 * @param key a column that no row has without a value
 */
export const splitPassed = <T extends object>(
  rows: readonly PassedRow<T>[],
  key: keyof T,
): { readonly found: readonly T[]; readonly passed: number } => ({
  found: rows.filter((row): row is { readonly passed: number } & T => row[key] !== null),
  passed: rows[0]?.passed ?? 0,
});
