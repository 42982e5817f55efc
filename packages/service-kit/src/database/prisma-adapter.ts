import { PrismaPg } from '@prisma/adapter-pg';
import type { Logger } from 'pino';

/**
 * The most connections that one instance of a service keeps to its database. Work comes in batches, so few are enough;
 * each is a process of the server.
 */
const POOL_SIZE = 6;
const CONNECT_TIMEOUT_MS = 1_500;
/** The longest that one statement may take; the database ends it, and the pool gives up on it a little later. */
const STATEMENT_TIMEOUT_MS = 1_500;
const QUERY_TIMEOUT_MS = 1_700;

/** How a Prisma client reaches the PostgreSQL at `url`, with a limit on every wait. */
export const createPrismaAdapter = (url: string, applicationName: string, logger: Logger): PrismaPg =>
  new PrismaPg(
    {
      connectionString: url,
      application_name: applicationName,
      max: POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      // Prisma reads every timestamp as if the session were in UTC.
      options: '-c TimeZone=UTC',
    },
    {
      onPoolError: (error) => logger.warn({ err: error }, 'a database connection was lost'),
      onConnectionError: (error) => logger.warn({ err: error }, 'a database connection was lost'),
    },
  );
