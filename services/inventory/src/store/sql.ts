import type { DatabaseOf } from '@order-pipeline/service-kit';
import type { PrismaClient } from '../generated/client.ts';

/** What runs SQL: the database, or a transaction of it. */
export type { RawSql as Sql } from '@order-pipeline/service-kit';
export type Database = DatabaseOf<PrismaClient>;
