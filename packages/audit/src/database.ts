import type { DatabaseName } from '@order-pipeline/contracts';
import { connectionConfig, openPool } from '@order-pipeline/service-kit';
import type { Example, Violation } from './report.ts';

/** Values of a statement, as `$1`, `$2`, … */
export type Values = readonly unknown[];

/** A part of a table: the rows whose key is behind `after` and not behind `upTo`, as far as there are such bounds. */
export interface Range {
  readonly after: string | undefined;
  readonly upTo: string | undefined;
}

/** SQL: whether a key is in the range whose values are `$1` and `$2`. */
export const within = (key: string): string =>
  `($1::text IS NULL OR ${key} > $1::text) AND ($2::text IS NULL OR ${key} <= $2::text)`;

/** Those values. */
export const boundsOf = ({ after, upTo }: Range): Values => [after ?? null, upTo ?? null];

/** A database that is read and cannot be written to: each statement is a read-only transaction. */
export interface Reader {
  /** The rows of one statement, all as of one moment. */
  rows<R extends object>(sql: string, values?: Values): Promise<R[]>;
  /**
   * The ranges of a key of text, in the order of its index, each with as many rows as a page has; a single one without
   * bounds where a page has them all. What is read of a range is a statement of its own (`within`), so no snapshot is held
   * for longer than a page takes. A row stays in its range whatever becomes of it, so none is left out.
   */
  ranges(table: string, key: string): AsyncGenerator<Range>;
  /**
   * The rows of a table in the order in which they lie on the disk, in pages, whatever its indexes say. One that is updated
   * meanwhile may come twice, or not at all.
   *
   * @param columns what is selected
   */
  blocks<R extends object>(columns: string, table: string): AsyncGenerator<R[]>;
  /** Whether a table has no more rows than one statement may look at. */
  isSmall(table: string): Promise<boolean>;
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
const POOL_SIZE = 3;
const PAGE_SIZE = 5_000;
/** How many pages of rows one statement may look at where it has to see them all at one moment. */
const SMALL_PAGES = 4;
/** So many rows have room in a block of a table, roughly. */
const ROWS_OF_BLOCK = 40;

/**
 * What each transaction begins with, so that it holds behind PgBouncer as well. Statements of an audit sort and group whole
 * tables; the limits and the plans of the services, which the role may have, are not for them.
 */
const BEGIN = `
  BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
  SET LOCAL work_mem = '32MB';
  SET LOCAL jit = off;
  SET LOCAL statement_timeout = 0;
  SET LOCAL lock_timeout = 0;
  SET LOCAL enable_seqscan = on`;

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
    forget: (): void => {
      lost = undefined;
    },
    explain: (error: unknown): unknown =>
      lost && new Error(`the ${name} database ended the session (${lost.message})`, { cause: error }),
  };
};

const readRanges = async function* (
  rows: Reader['rows'],
  { table, key, size }: { readonly table: string; readonly key: string; readonly size: number },
): AsyncGenerator<Range> {
  for (let after: string | undefined; ;) {
    const [last] = await rows<{ key: string }>(
      `SELECT ${key} AS key FROM ${table} WHERE ${within(key)} ORDER BY ${table}.${key} OFFSET $3 LIMIT 1`,
      [...boundsOf({ after, upTo: undefined }), size - 1],
    );
    yield { after, upTo: last?.key };
    if (!last) return;
    after = last.key;
  }
};

const readBlocks = async function* <R extends object>(
  rows: Reader['rows'],
  columns: string,
  { table, size: pageSize }: { readonly table: string; readonly size: number },
): AsyncGenerator<R[]> {
  const blocks = Math.max(1, Math.round(pageSize / ROWS_OF_BLOCK));
  for (let from = 0; ; from += blocks) {
    const [size] = await rows<{ blocks: number }>(
      `SELECT (pg_relation_size('${table}') / current_setting('block_size')::int)::float8 AS blocks`,
    );
    if (from >= (size?.blocks ?? 0)) return;
    yield await rows<R>(`SELECT ${columns} FROM ${table} WHERE ctid >= $1::tid AND ctid < $2::tid`, [
      `(${from},0)`,
      `(${from + blocks},0)`,
    ]);
  }
};

/**
 * What reads a database by statements.
 *
 * @param pageSize how many rows a statement reads at most, but for those that have to see more at one moment
 */
export const createReader = (
  rows: Reader['rows'],
  close: Reader['close'],
  pageSize: number = PAGE_SIZE,
): Reader => ({
  rows,
  ranges: (table, key) => readRanges(rows, { table, key, size: pageSize }),
  blocks: <R extends object>(columns: string, table: string) =>
    readBlocks<R>(rows, columns, { table, size: pageSize }),
  isSmall: async (table) =>
    (await rows(`SELECT FROM ${table} OFFSET $1 LIMIT 1`, [SMALL_PAGES * pageSize])).length === 0,
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
  close,
});

/** Connections to a database. */
export type Pool = ReturnType<typeof openPool>;
/** What runs a statement. */
interface Session {
  query(sql: string, values?: unknown[]): Promise<{ readonly rows: object[] }>;
}

/** The rows of a statement that runs in a transaction of its own. */
export const readOn = async <R extends object>(
  client: Session,
  sql: string,
  values: Values,
): Promise<R[]> => {
  await client.query(BEGIN);
  const { rows } = await client.query(sql, [...values]);
  await client.query('COMMIT');
  return rows as R[];
};

const readOnce = async <R extends object>(pool: Pool, sql: string, values: Values): Promise<R[]> => {
  const client = await pool.connect();
  try {
    const rows = await readOn<R>(client, sql, values);
    client.release();
    return rows;
  } catch (error) {
    client.release(true);
    throw error;
  }
};

/** Connections for an audit. */
export const openAuditPool = (url: string, onLost: (error: Error) => void): Pool => {
  const pool = openPool(
    {
      ...connectionConfig({ url, applicationName: 'audit' }),
      max: POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    },
    onLost,
  );
  pool.on('connect', (client) => void client.on('error', onLost));
  return pool;
};

/**
 * Opens a database for reading.
 *
 * @param name which one it is, for sentences
 * @param url of the primary server: a replica that lags behind would make things look out of order that are not
 * @param pageSize how many rows a statement reads; default 5,000
 * @throws Error when it cannot be reached
 */
export const openReader = async (name: DatabaseName, url: string, pageSize?: number): Promise<Reader> => {
  const reasons = createReasons(name);
  const pool = openAuditPool(url, reasons.note);
  const rows: Reader['rows'] = async <R extends object>(sql: string, values: Values = []) => {
    try {
      const read = await readOnce<R>(pool, sql, values);
      // One that idled was replaced.
      reasons.forget();
      return read;
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
  return createReader(rows, () => pool.end(), pageSize);
};

/** The one number that a statement selects, as `count`. */
export const countIn = async (reader: Reader, sql: string, values: Values = []): Promise<number> =>
  (await reader.rows<{ count: number }>(sql, values))[0]?.count ?? 0;
