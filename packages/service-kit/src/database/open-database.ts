import type { PrismaPg } from '@prisma/adapter-pg';
import type { DatabaseName } from '@order-pipeline/contracts';
import type { ServiceContext } from '../service.ts';
import { migrateForService } from './migrate.ts';
import { checkMigrations } from './migrations.ts';
import { startOpening, type Opening } from './opening.ts';
import { createPool, createPrismaAdapter } from './prisma-adapter.ts';
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

/** Brings the database up to its migrations, or waits until somebody else has, now or as soon as it is there. */
const migrate = async (
  context: ServiceContext<unknown>,
  name: DatabaseName,
  migrations: URL,
): Promise<Opening> => {
  const { databaseUrl, awaitsMigrations, logger, runtime, closers, failed } = context;
  const opening = startOpening({
    database: name,
    open: (signal) =>
      awaitsMigrations
        ? checkMigrations(databaseUrl, migrations, signal)
        : migrateForService(context, migrations, logger, signal),
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
  const removeCheck = health.add(`${name} database`, async () => {
    if (opening.problem() === undefined) await sql.$queryRaw`SELECT 1`;
    return opening.problem();
  });
  closers.add(`${name} health check`, async () => removeCheck());
  return gated(opening, sql, client);
};
