import pg from 'pg';
import type { Example, Violation } from './report.ts';

/** Values of a statement, as `$1`, `$2`, … */
export type Values = readonly unknown[];

/** A database that is read and cannot be written to: the session itself is read-only. */
export interface Reader {
  /** The rows of one statement, all as of one moment. */
  rows<R extends object>(sql: string, values?: Values): Promise<R[]>;
  /** The rows of one statement, all as of one moment, in pages, however many there are. */
  pages<R extends object>(sql: string): AsyncGenerator<R[]>;
  /**
   * The violations that a statement selects.
   *
   * @param wrong selects the columns problem, id and detail (text; detail may be null)
   * @param exampleCount how many ids of each problem are listed
   */
  violations(wrong: string, values: Values, exampleCount: number): Promise<Violation[]>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** One for a stream, one for what is looked at again meanwhile. */
const POOL_SIZE = 3;
const PAGE_SIZE = 5_000;

/** What each session is told at its start. Statements of an audit sort and group whole tables. */
const SESSION = [
  'default_transaction_read_only=on',
  String.raw`default_transaction_isolation=repeatable\ read`,
  'TimeZone=UTC',
  'work_mem=32MB',
  'jit=off',
];

interface Ranked {
  readonly problem: string;
  readonly count: number;
  readonly id: string;
  readonly detail: string | null;
}

const exampleOf = ({ id, detail }: Ranked): Example => (detail === null ? { id } : { id, detail });

const groupByProblem = (rows: readonly Ranked[]): Violation[] => {
  const groups = new Map<string, Ranked[]>();
  for (const row of rows) groups.set(row.problem, [...(groups.get(row.problem) ?? []), row]);
  return [...groups].map(([problem, found]) => ({
    problem,
    count: found[0]?.count ?? 0,
    examples: found.map(exampleOf),
  }));
};

const streamPages = async function* <R extends object>(pool: pg.Pool, sql: string): AsyncGenerator<R[]> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`DECLARE audited NO SCROLL CURSOR FOR ${sql}`);
    for (;;) {
      const { rows } = await client.query<R>(`FETCH ${PAGE_SIZE} FROM audited`);
      if (rows.length === 0) return;
      yield rows;
    }
  } finally {
    // The session ends with its transaction, also where the stream was left half read.
    client.release(true);
  }
};

/**
 * Opens a database for reading.
 *
 * @param url of the primary server: a replica that lags behind would make things look out of order that are not
 * @throws Error when it cannot be reached
 */
export const openReader = async (url: string): Promise<Reader> => {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'audit',
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    options: SESSION.map((setting) => `-c ${setting}`).join(' '),
  });
  // A lost connection fails its query; an error event that nobody hears would end the process.
  pool.on('error', () => undefined);
  const rows: Reader['rows'] = async <R extends object>(sql: string, values: Values = []) =>
    (await pool.query<R>(sql, [...values])).rows;
  try {
    await rows('SELECT 1');
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    rows,
    pages: (sql) => streamPages(pool, sql),
    violations: async (wrong, values, exampleCount) =>
      groupByProblem(
        await rows<Ranked>(
          `WITH wrong (problem, id, detail) AS (${wrong}), ranked AS (
             SELECT problem, id, detail, (count(*) OVER (PARTITION BY problem))::float8 AS count,
                    row_number() OVER (PARTITION BY problem ORDER BY id) AS place
             FROM wrong WHERE problem IS NOT NULL
           )
           SELECT problem, count, id, detail FROM ranked WHERE place <= $${values.length + 1} ORDER BY problem, place`,
          [...values, exampleCount],
        ),
      ),
    close: () => pool.end(),
  };
};

/** The one number that a statement selects, as `count`. */
export const countIn = async (reader: Reader, sql: string, values: Values = []): Promise<number> =>
  (await reader.rows<{ count: number }>(sql, values))[0]?.count ?? 0;
