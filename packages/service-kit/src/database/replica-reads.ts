import type pg from 'pg';
import type { Logger } from 'pino';
import { causeOf } from '../faults/index.ts';
import { chainOf } from '../faults/judge.ts';
import type { Metrics } from '../metrics.ts';
import type { Runtime } from '../runtime.ts';
import type { ServiceContext } from '../service.ts';
import { milliseconds, urlOf } from '../settings.ts';
import { isPooled } from './connections.ts';
import { isSerializationFailure } from './errors.ts';
import { createPool, type PoolLimits } from './prisma-adapter.ts';
import { createRawSqlOn, type CancellableSql, type RawSql } from './raw-sql.ts';
import { awaitReplayed, readLogPosition, type LogPosition, type NotReplayed } from './replayed.ts';

/** Where orders are read that need not be read from the primary. */
export const replicaSettings = {
  ORDERS_DATABASE_READ_URL: urlOf('postgresql:', 'postgres:')
    .refine((url) => !isPooled(url), 'must be a URL of PostgreSQL itself, without pgbouncer')
    .optional(),
  /** How long a read waits for the replica to have replayed what was committed when the read came. */
  ORDERS_DATABASE_READ_MAX_LAG_MS: milliseconds(100),
};

/** Reads that change nothing and that nothing is decided by. */
export interface Reads {
  /**
   * Runs a read. It sees all that was committed before it began, wherever it runs.
   *
   * @param read may be run twice
   * @param signal ends it where it runs on the primary; on a replica its limits do
   */
  run<T>(read: (sql: RawSql) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Reads from the database itself. */
export const createPrimaryReads = (database: CancellableSql): Reads => ({
  run: (read, signal) => read(database.until(signal)),
});

type Outcome = 'answered' | 'conflict' | 'failed' | 'rested' | NotReplayed;

/** What a read from a replica came to. */
type Tried<T> =
  | { readonly outcome: 'answered'; readonly answer: T }
  | { readonly outcome: Exclude<Outcome, 'answered' | 'rested'>; readonly error?: unknown };

/** For how long a replica is left alone that could not be read, in milliseconds. */
const REST_MS = 1_000;

/** The caller waits for the primary afterwards, so a replica has less time. */
const LIMITS: PoolLimits = { connectMs: 300, statementMs: 500, queryMs: 550 };

const NO_PRIMARY = '55000';
const DEADLOCK = '40P01';

const hasCode = (error: unknown, code: string): boolean =>
  chainOf(error).some((link) => link['code'] === code || link['originalCode'] === code);

/** Whether a replica ended a read because it was in the way of what it has to replay: the next one may succeed. */
export const isRecoveryConflict = (error: unknown): boolean =>
  isSerializationFailure(error) || hasCode(error, DEADLOCK);

export interface ReplicaOptions {
  readonly maxLagMs: number;
  readonly runtime: Pick<Runtime, 'after' | 'monotonic'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Runs a read on one connection to a replica, once that has replayed the position. */
const createTry = (pool: Pick<pg.Pool, 'connect'>, options: ReplicaOptions) => {
  const sqlOn = createRawSqlOn();
  return async <T>(read: (sql: RawSql) => Promise<T>, position: LogPosition): Promise<Tried<T>> => {
    let client: pg.PoolClient | undefined;
    let problem: Error | undefined;
    try {
      client = await pool.connect();
      const sql = sqlOn(client);
      const notReplayed = await awaitReplayed(sql, position, options);
      return notReplayed ? { outcome: notReplayed } : { outcome: 'answered', answer: await read(sql) };
    } catch (error) {
      problem = error as Error;
      return { outcome: isRecoveryConflict(error) ? 'conflict' : 'failed', error };
    } finally {
      client?.release(problem);
    }
  };
};

/** Tells when a replica is no longer read, and when it is again. */
const createNotices = ({ logger }: Pick<ReplicaOptions, 'logger'>) => {
  let said: string | undefined;
  return ({ outcome, ...tried }: Tried<unknown>): void => {
    if (outcome === 'conflict') return;
    if (outcome === 'answered') {
      if (said !== undefined) logger.info('the replica is read again');
      said = undefined;
      return;
    }
    if (said === outcome) return;
    said = outcome;
    const cause = 'error' in tried && tried.error !== undefined ? causeOf(tried.error) : {};
    logger.warn({ outcome, ...cause }, 'the replica is not read for now, the primary is');
  };
};

/**
 * Reads from a replica what it can answer as of now: a reader sees what was committed before, its own writes too,
 * through whichever instance it made them. Where the replica cannot, for whatever reason, the primary is read. One that
 * could not is left alone for a second, and then tried by one read.
 *
 * The primary is asked how far its log is written before each read, which costs it no more than a look into its memory.
 */
export const createReplicaReads = (
  primary: CancellableSql,
  pool: Pick<pg.Pool, 'connect'>,
  options: ReplicaOptions,
): Reads => {
  const { runtime, metrics } = options;
  const counter = metrics.counter('replica_reads_total');
  const tryReplica = createTry(pool, options);
  const notice = createNotices(options);
  let restsUntil = -Infinity;

  /** Nothing where the server that is to be the primary is none: it is read all the same, as without a replica. */
  const positionOf = async (signal: AbortSignal | undefined): Promise<LogPosition | undefined> => {
    try {
      return await readLogPosition(primary.until(signal));
    } catch (error) {
      if (hasCode(error, NO_PRIMARY)) return undefined;
      throw error;
    }
  };
  const rest = (): void => {
    restsUntil = runtime.monotonic() + REST_MS;
  };

  return {
    run: async (read, signal) => {
      const fallBack = (outcome: Outcome) => {
        counter.add({ outcome });
        return read(primary.until(signal));
      };
      if (runtime.monotonic() < restsUntil) return fallBack('rested');
      const hasRested = restsUntil !== -Infinity;
      // The others do without it until this one knows.
      if (hasRested) rest();
      const position = await positionOf(signal);
      if (!position) return fallBack('failed');
      const tried = await tryReplica(read, position);
      notice(tried);
      if (tried.outcome === 'conflict') return fallBack('conflict');
      if (tried.outcome !== 'answered') {
        rest();
        return fallBack(tried.outcome);
      }
      restsUntil = -Infinity;
      counter.add({ outcome: 'answered' });
      return tried.answer;
    },
  };
};

/**
 * Opens the replica of a service's database where one is named, until the service closes. It is no part of readiness:
 * without it everything is read from the primary.
 */
export const openReads = (
  context: Pick<ServiceContext<unknown>, 'runtime' | 'logger' | 'metrics' | 'closers'>,
  name: string,
  database: CancellableSql,
  { url, maxLagMs }: { readonly url: string | undefined; readonly maxLagMs: number },
): Reads => {
  const { runtime, logger, metrics, closers } = context;
  // There, if empty, also where no replica is.
  metrics.counter('replica_reads_total');
  if (url === undefined) return createPrimaryReads(database);
  const pool = createPool(url, `${name} reads`, logger, runtime, LIMITS);
  closers.add(`${name} replica`, () => pool.end());
  return createReplicaReads(database, pool, { ...context, maxLagMs });
};
