import type { PrismaPg } from '@prisma/adapter-pg';
import type { DatabaseName } from '@order-pipeline/contracts';
import type { ServiceContext } from '../service.ts';
import { migrateDatabase } from './migrate.ts';
import { createPool, createPrismaAdapter } from './prisma-adapter.ts';
import { createRawSql, type RawSql } from './raw-sql.ts';

/** What every generated Prisma client has. */
interface Client {
  $disconnect(): Promise<void>;
  $transaction(...args: never[]): unknown;
}

/** The database of a service: single statements, and the transactions of its Prisma client. */
export type DatabaseOf<C extends Client> = RawSql & Pick<C, '$transaction'>;

/**
 * Opens the database of a service: brings it up to its migrations, connects, and watches it at the readiness probe, until
 * the service closes.
 *
 * @param migrations the folder of the migrations, with a slash at the end
 * @param createClient makes the service's own generated client
 * @throws Error when the database cannot be reached or migrated
 */
export const openDatabase = async <C extends Client>(
  { databaseUrl, databasePool, logger, health, closers }: ServiceContext<unknown>,
  name: DatabaseName,
  migrations: URL,
  createClient: (adapter: PrismaPg) => C,
): Promise<DatabaseOf<C>> => {
  if (!databasePool) await migrateDatabase(databaseUrl, migrations, logger);
  const pool = databasePool ?? createPool(databaseUrl, name, logger);
  const client = createClient(createPrismaAdapter(pool, name, logger));
  const sql = createRawSql(pool);
  closers.add(`${name} database`, async () => {
    await client.$disconnect();
    if (!databasePool) await pool.end();
  });
  const removeCheck = health.add(`${name} database`, async () => {
    await sql.$queryRaw`SELECT 1`;
    return undefined;
  });
  closers.add(`${name} health check`, async () => removeCheck());
  return { ...sql, $transaction: client.$transaction.bind(client) as C['$transaction'] };
};
