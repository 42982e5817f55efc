import type { DatabaseOf, ModelsOf, OpenDatabase } from '@order-pipeline/service-kit';
import type { PrismaClient } from '../generated/client.ts';

/** What runs SQL: the database, or a transaction of it. */
export type { RawSql as Sql } from '@order-pipeline/service-kit';
export type Database = DatabaseOf<PrismaClient>;
/** Its typed API. */
export type Models = ModelsOf<PrismaClient>;
/** The same, whose statements can be cancelled. */
export type CancellableDatabase = OpenDatabase<PrismaClient>;
