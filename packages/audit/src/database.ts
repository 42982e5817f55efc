import type { DatabaseName } from '@order-pipeline/contracts';
import { connectionConfig, openPool } from '@order-pipeline/service-kit';
import type pg from 'pg';
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
  /** The time by the database's own clock, in milliseconds since the epoch. */
  now(): Promise<number>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** One for a stream, one for what is looked at again meanwhile. */
const POOL_SIZE = 3;
const PAGE_SIZE = 5_000;

/** What each session sets at its start. Statements of an audit sort and group whole tables. */
const SESSION = [
  'default_transaction_read_only=on',
  String.raw`default_transaction_isolation=repeatable\ read`,
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

/** Makes errors that say why a session of a database ended, and not only that it cannot be used any more. */
const createReasons = (name: DatabaseName) => {
  let lost: Error | undefined;
  return {
    note: (error: Error): void => {
      lost ??= error;
    },
    explain: (error: unknown): unknown =>
      lost && new Error(`the ${name} database ended the session (${lost.message})`, { cause: error }),
  };
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
 * @param name which one it is, for sentences
 * @param url of the primary server: a replica that lags behind would make things look out of order that are not
 * @throws Error when it cannot be reached
 */
export const openReader = async (name: DatabaseName, url: string): Promise<Reader> => {
  const reasons = createReasons(name);
  const pool = openPool(
    {
      ...connectionConfig({ url, applicationName: 'audit', settings: SESSION }),
      max: POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    },
    reasons.note,
  );
  pool.on('connect', (client) => void client.on('error', reasons.note));
  const rows: Reader['rows'] = async <R extends object>(sql: string, values: Values = []) => {
    try {
      return (await pool.query<R>(sql, [...values])).rows;
    } catch (error) {
      throw reasons.explain(error) ?? error;
    }
  };
  try {
    await rows('SELECT 1');
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    rows,
    pages: async function* <R extends object>(sql: string) {
      try {
        yield* streamPages<R>(pool, sql);
      } catch (error) {
        throw reasons.explain(error) ?? error;
      }
    },
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
    now: async () => {
      const [row] = await rows<{ now: number }>(
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
      );
      return row?.now ?? Number.NaN;
    },
    close: () => pool.end(),
  };
};

/** The one number that a statement selects, as `count`. */
export const countIn = async (reader: Reader, sql: string, values: Values = []): Promise<number> =>
  (await reader.rows<{ count: number }>(sql, values))[0]?.count ?? 0;
