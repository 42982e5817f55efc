import type { PrismaPg } from '@prisma/adapter-pg';
import type { DatabaseName } from '@order-pipeline/contracts';
import type { ServiceContext } from '../service.ts';
import { migrateDatabase } from './migrate.ts';
import { createPrismaAdapter } from './prisma-adapter.ts';

/** What every generated Prisma client has. */
interface Client {
  $disconnect(): Promise<void>;
  $queryRawUnsafe(sql: string): PromiseLike<unknown>;
}

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
): Promise<C> => {
  if (!databasePool) await migrateDatabase(databaseUrl, migrations, logger);
  const client = createClient(createPrismaAdapter(databasePool ?? databaseUrl, name, logger));
  closers.add(`${name} database`, () => client.$disconnect());
  const removeCheck = health.add(`${name} database`, async () => {
    await client.$queryRawUnsafe('SELECT 1');
    return undefined;
  });
  closers.add(`${name} health check`, async () => removeCheck());
  return client;
};
