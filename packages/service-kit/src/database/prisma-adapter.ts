import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import type { Logger } from 'pino';

/**
 * The most connections that one instance of a service keeps to its database. Work comes in batches, so few are enough;
 * each is a process of the server.
 */
export const POOL_SIZE = 6;
export const CONNECT_TIMEOUT_MS = 1_500;
/** The longest that one statement may take; the database ends it, and the pool gives up on it a little later. */
export const STATEMENT_TIMEOUT_MS = 1_500;
const QUERY_TIMEOUT_MS = 1_700;

/** With a limit on every wait. */
const poolConfig = (url: string, applicationName: string): pg.PoolConfig => ({
  connectionString: url,
  application_name: applicationName,
  max: POOL_SIZE,
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  query_timeout: QUERY_TIMEOUT_MS,
  keepAlive: true,
  // Prisma reads every timestamp as if the session were in UTC.
  options: '-c TimeZone=UTC',
});

/**
 * How a Prisma client reaches PostgreSQL.
 *
 * @param database its URL, or connections to it that belong to somebody else
 */
export const createPrismaAdapter = (
  database: string | pg.Pool,
  applicationName: string,
  logger: Logger,
): PrismaPg =>
  new PrismaPg(typeof database === 'string' ? poolConfig(database, applicationName) : database, {
    onPoolError: (error) => logger.warn({ err: error }, 'a database connection was lost'),
    onConnectionError: (error) => logger.warn({ err: error }, 'a database connection was lost'),
  });
