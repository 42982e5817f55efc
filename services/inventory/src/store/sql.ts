import type { Prisma, PrismaClient } from '../generated/client.ts';

/** What runs SQL: the client, or a transaction of it. */
export type Sql = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw'>;
export type Database = PrismaClient;
