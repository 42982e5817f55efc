import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import type { Logger } from 'pino';
import { causeOf } from '../faults/index.ts';
import { createRuntime, type Runtime } from '../runtime.ts';
import { connectionConfig, isPooled, openPool } from './connections.ts';
import type { SessionSettings } from './pooled-settings.ts';
import { createStatementNames } from './raw-sql.ts';
import { RenewedPool } from './renewed-pool.ts';

/**
 * The most connections that one instance of a service keeps to its database. Work comes in batches, so few are enough;
 * each is a process of the server.
 */
export const POOL_SIZE = 6;
export const CONNECT_TIMEOUT_MS = 1_500;
/** The longest that one statement may take; the database ends it, and the pool gives up on it a little later. */
export const STATEMENT_TIMEOUT_MS = 1_500;
/**
 * The longest that a statement waits for a lock: shorter than the one above, so that a row that somebody keeps locked is
 * distinguished from a database that hangs, and the others of its batch can go on without it.
 */
export const LOCK_TIMEOUT_MS = 500;
const QUERY_TIMEOUT_MS = 1_700;

/** How long the connections of a pool wait, in milliseconds. */
export interface PoolLimits {
  readonly connectMs: number;
  readonly statementMs: number;
  /** For the server's answer: a little longer than it may take for the statement. */
  readonly queryMs: number;
}

const LIMITS: PoolLimits = {
  connectMs: CONNECT_TIMEOUT_MS,
  statementMs: STATEMENT_TIMEOUT_MS,
  queryMs: QUERY_TIMEOUT_MS,
};

type PrismaPgOptions = NonNullable<ConstructorParameters<typeof PrismaPg>[1]>;

/**
 * What the sessions of a service have, beside the limit of a statement. A plan is kept, so one that was made while a table
 * was small must not be to read it all; and each plan is to enter the index that has the order that is asked for, as it
 * pays off wherever the disk has no head to move.
 */
const SETTINGS = [`lock_timeout=${LOCK_TIMEOUT_MS}ms`, 'enable_seqscan=off', 'random_page_cost=1.1'];

/**
 * All that a session of a service has, where PgBouncer's are used: there nobody can give it at the start. Prisma reads every
 * timestamp as if the session were in UTC.
 */
export const POOLED_SETTINGS: SessionSettings = {
  ...Object.fromEntries(SETTINGS.map((setting) => setting.split('=') as [string, string])),
  statement_timeout: `${STATEMENT_TIMEOUT_MS}ms`,
  default_transaction_isolation: 'read committed',
  TimeZone: 'UTC',
};

/** With a limit on every wait. */
const poolConfig = (url: string, applicationName: string, limits: PoolLimits): pg.PoolConfig => ({
  ...connectionConfig({ url, applicationName, settings: isPooled(url) ? [] : SETTINGS }),
  max: POOL_SIZE,
  connectionTimeoutMillis: limits.connectMs,
  statement_timeout: limits.statementMs,
  query_timeout: limits.queryMs,
  keepAlive: true,
});

const warnOfLoss = (logger: Logger, error: unknown): void =>
  logger.warn(causeOf(error), 'database connection lost');

/** Connections to a database, opened as they are needed and replaced as `RenewedPool` has it. */
export const createPool = (
  url: string,
  applicationName: string,
  logger: Logger,
  runtime: Pick<Runtime, 'monotonic'> = createRuntime(),
  limits: PoolLimits = LIMITS,
): pg.Pool =>
  openPool(
    poolConfig(url, applicationName, limits),
    (error) => warnOfLoss(logger, error),
    (config) => new RenewedPool(config, runtime),
  );

const SCHEMA_OF_TABLES = `
  SELECT coalesce(
    (SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE relname = '_prisma_migrations' AND pg_table_is_visible(pg_class.oid)),
    current_schema()
  ) AS name`;

/**
 * Prisma's typed API writes the schema before the name of each table. It is the one in which migrations and raw statements
 * find the tables, wherever a URL, a role or a database leads them.
 */
class SchemaFindingAdapter extends PrismaPg {
  readonly #pool: pg.Pool;
  readonly #options: PrismaPgOptions;

  constructor(pool: pg.Pool, options: PrismaPgOptions) {
    super(pool, options);
    this.#pool = pool;
    this.#options = options;
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const { rows } = await this.#pool.query<{ name: string | null }>({ text: SCHEMA_OF_TABLES });
    if (typeof rows[0]?.name === 'string') this.#options.schema = rows[0].name;
    return super.connect();
  }
}

/**
 * How a Prisma client reaches PostgreSQL.
 *
 * @param database its URL, or connections to it that belong to somebody else
 */
export const createPrismaAdapter = (
  database: string | pg.Pool,
  applicationName: string,
  logger: Logger,
): PrismaPg => {
  const own = typeof database === 'string';
  const pool = own ? createPool(database, applicationName, logger) : database;
  const nameOf = createStatementNames(pool);
  return new SchemaFindingAdapter(pool, {
    disposeExternalPool: own,
    statementNameGenerator: ({ sql }) => nameOf(sql),
    onConnectionError: (error) => warnOfLoss(logger, error),
  });
};
