import type { PrismaPg } from '@prisma/adapter-pg';
import type { DatabaseName } from '@order-pipeline/contracts';
import type { ServiceContext } from '../service.ts';
import { migrateForService } from './migrate.ts';
import { checkMigrations, withMigrationClient } from './migrations.ts';
import { startOpening, type Opening } from './opening.ts';
import { isPooled, isPoolPooled } from './connections.ts';
import { createPool, createPrismaAdapter, POOLED_SETTINGS } from './prisma-adapter.ts';
import { keepPooledSettings } from './pooled-settings.ts';
import { measurePool } from './pool-metrics.ts';
import { measureServer } from './server-metrics.ts';
import { createRawSql, type CancellableSql, type RawSql } from './raw-sql.ts';

/** What every generated Prisma client has. */
interface Client {
  $disconnect(): Promise<void>;
  $transaction(...args: never[]): unknown;
}

/** The typed API of the models of a Prisma client. */
export type ModelsOf<C extends Client> = Omit<C, `$${string}`>;

/** The database of a service: single statements, the typed API of its models, and the transactions of its Prisma client. */
export type DatabaseOf<C extends Client> = RawSql &
  Pick<C, '$transaction'> & {
    /**
     * For statements on single rows that no measured path is made of (docs/decisions/0036).
     *
     * @throws AppError UNAVAILABLE until the database is open
     */
    models(): ModelsOf<C>;
  };

/** The same, whose statements can be cancelled. */
export type OpenDatabase<C extends Client> = DatabaseOf<C> & CancellableSql;

const OPEN: Pick<Opening, 'problem' | 'check'> = { problem: () => undefined, check: () => undefined };

const gatedSql = ({ check }: Pick<Opening, 'check'>, sql: RawSql): RawSql => ({
  $queryRaw: async (query, ...values) => {
    check();
    return sql.$queryRaw(query, ...values);
  },
  $executeRaw: async (query, ...values) => {
    check();
    return sql.$executeRaw(query, ...values);
  },
});

/** The same, whose statements, models and transactions are UNAVAILABLE until the database is open. */
const gated = <C extends Client>(
  { check }: Pick<Opening, 'check'>,
  sql: CancellableSql,
  client: C,
): OpenDatabase<C> => ({
  ...gatedSql({ check }, sql),
  until: (signal) => gatedSql({ check }, sql.until(signal)),
  models: () => {
    check();
    return client;
  },
  $transaction: async (...args: never[]) => {
    check();
    return client.$transaction(...args);
  },
});

/** Brings the database up to its migrations, or throws until somebody else has; the sessions of PgBouncer are seen to as well. */
const open = async (
  context: ServiceContext<unknown>,
  migrations: URL,
  signal: AbortSignal,
): Promise<void> => {
  const { databaseUrl, awaitsMigrations, logger } = context;
  if (awaitsMigrations) await checkMigrations(databaseUrl, migrations, signal);
  else await migrateForService(context, migrations, logger, signal);
  if (isPooled(databaseUrl))
    await withMigrationClient(databaseUrl, signal, (client) => keepPooledSettings(client, POOLED_SETTINGS));
};

/** Opens the database, now or as soon as it is there. */
const migrate = async (
  context: ServiceContext<unknown>,
  name: DatabaseName,
  migrations: URL,
): Promise<Opening> => {
  const { logger, runtime, closers, failed } = context;
  const opening = startOpening({
    database: name,
    open: (signal) => open(context, migrations, signal),
    runtime,
    logger,
    failed: (error) => {
      logger.fatal({ err: error, database: name }, 'database could not be opened');
      failed?.(error);
    },
  });
  closers.add(`opening of ${name}`, async () => opening.stop());
  await opening.tried;
  return opening;
};

/**
 * Opens the database of a service: brings it up to its migrations, connects, and watches it at the readiness probe, until
 * the service closes. One that is not there is waited for while the service runs: until then what it is asked is
 * UNAVAILABLE, and the probe says why.
 *
 * @param migrations the folder of the migrations, with a slash at the end
 * @param createClient makes the service's own generated client
 * @throws Error when the database cannot be migrated
 */
export const openDatabase = async <C extends Client>(
  context: ServiceContext<unknown>,
  name: DatabaseName,
  migrations: URL,
  createClient: (adapter: PrismaPg) => C,
): Promise<OpenDatabase<C>> => {
  const { databaseUrl, databasePool, logger, runtime, health, closers } = context;
  const opening = databasePool ? OPEN : await migrate(context, name, migrations);
  const pool = databasePool ?? createPool(databaseUrl, name, logger, runtime);
  const client = createClient(createPrismaAdapter(pool, name, logger));
  const sql = createRawSql(pool);
  measurePool(pool, context.metrics);
  measureServer(gatedSql(opening, sql), context.metrics, runtime);
  closers.add(`${name} database`, async () => {
    await client.$disconnect();
    if (!databasePool) await pool.end();
  });
  // Another client of PgBouncer may have changed them.
  const look = () =>
    isPoolPooled(pool) ? keepPooledSettings(pool, POOLED_SETTINGS) : sql.$queryRaw`SELECT 1`;
  const removeCheck = health.add(`${name} database`, async () => {
    if (opening.problem() === undefined) await look();
    return opening.problem();
  });
  closers.add(`${name} health check`, async () => removeCheck());
  return gated(opening, sql, client);
};
