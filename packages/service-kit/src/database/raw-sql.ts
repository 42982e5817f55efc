import { createHash } from 'node:crypto';
import { sqltag, type RawValue, type Sql } from '@prisma/client/runtime/client';
import type pg from 'pg';
import { isPoolPooled } from './connections.ts';
import { queryUntil } from './query-until.ts';

/** What runs SQL: a database, or a transaction of Prisma's. Values are bound, never put into the text. */
export interface RawSql {
  $queryRaw<T = unknown>(query: TemplateStringsArray | Sql, ...values: RawValue[]): Promise<T>;
  /** Answers how many rows were touched. */
  $executeRaw(query: TemplateStringsArray | Sql, ...values: RawValue[]): Promise<number>;
}

/** A database that can be stopped. */
export interface CancellableSql extends RawSql {
  /**
   * The same, whose statements end when `signal` is aborted, with UNAVAILABLE: one that runs is cancelled in the database,
   * none is begun. Without a signal it changes nothing.
   */
  until(signal: AbortSignal | undefined): RawSql;
}

/** How many statements are prepared; ours are few, for what varies in them are their values. */
const MAX_PREPARED = 500;

/**
 * Names statements by their text, so that PostgreSQL reads and plans each once a connection and not at every call. Those
 * beyond the number go unnamed, and all behind PgBouncer: the next one of a client meets another connection of the server.
 */
export const createStatementNames = (pool?: pg.Pool): ((text: string) => string) => {
  if (pool && isPoolPooled(pool)) return () => '';
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    if (names.size >= MAX_PREPARED) return '';
    const name = createHash('sha256').update(text).digest('base64url');
    names.set(text, name);
    return name;
  };
};

type Send = (statement: pg.QueryConfig) => Promise<pg.QueryResult<object>>;

const over = (nameOf: ReturnType<typeof createStatementNames>, send: Send): RawSql => {
  const run = (query: TemplateStringsArray | Sql, values: RawValue[]) => {
    const { text, values: bound } = 'sql' in query ? query : sqltag(query, ...values);
    return send({ name: nameOf(text), text, values: bound });
  };
  return {
    $queryRaw: async <T>(query: TemplateStringsArray | Sql, ...values: RawValue[]) =>
      (await run(query, values)).rows as T,
    $executeRaw: async (query, ...values) => (await run(query, values)).rowCount ?? 0,
  };
};

/** Makes what runs statements on one connection to PostgreSQL itself, all of which name them alike. */
export const createRawSqlOn = (): ((client: Pick<pg.PoolClient, 'query'>) => RawSql) => {
  const nameOf = createStatementNames();
  return (client) => over(nameOf, (statement) => client.query<object>(statement));
};

/**
 * Runs statements, each a transaction of its own, on the connections that Prisma uses too, without the way through its
 * client, which takes as long as the statement itself. A value of PostgreSQL comes as its driver gives it: int8 as text.
 */
export const createRawSql = (pool: pg.Pool): CancellableSql => {
  const nameOf = createStatementNames(pool);
  const plain = over(nameOf, (statement) => pool.query<object>(statement));
  return {
    ...plain,
    until: (signal) => (signal ? over(nameOf, (statement) => queryUntil(pool, statement, signal)) : plain),
  };
};
