import {
  STATUSES_ON_THE_WAY,
  type OrderLine,
  type OrderStatus,
  type OrderWithTimes,
} from '@order-pipeline/contracts';
import type { DatabaseOf, ModelsOf, OpenDatabase } from '@order-pipeline/service-kit';
import { Prisma, type PrismaClient } from '../generated/client.ts';

/** What runs SQL: the database, or a transaction of it. */
export type { RawSql as Sql } from '@order-pipeline/service-kit';
export type Database = DatabaseOf<PrismaClient>;
/** Its typed API. */
export type Models = ModelsOf<PrismaClient>;
/** The same, whose statements can be cancelled. */
export type CancellableDatabase = OpenDatabase<PrismaClient>;

/** An order as the queries below select it. */
export interface OrderRow {
  readonly id: string;
  readonly seq: number;
  readonly userId: string;
  readonly status: OrderStatus;
  readonly lines: OrderLine[];
  readonly reservationId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns of an order but for its place in lists, which costs and is of no use where orders are moved. */
export const UNLISTED_COLUMNS = Prisma.sql`
  orders.id, orders.user_id AS "userId", orders.status::text AS status, orders.lines,
  orders.reservation_id AS "reservationId", orders.created_at AS "createdAt", orders.updated_at AS "updatedAt"`;

/**
 * The columns of an `OrderRow`, of the table or alias `orders`. Where they are selected, `ORDER BY` has to name the
 * table's column: a bare `seq` or `status` is the one made here, for which there is no index.
 */
export const ORDER_COLUMNS = Prisma.sql`orders.seq::float8 AS seq, ${UNLISTED_COLUMNS}`;

export const orderOf = (row: Omit<OrderRow, 'seq'>): OrderWithTimes => ({
  orderId: row.id,
  userId: row.userId,
  status: row.status,
  items: row.lines,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/**
 * The status of orders that are looked up by their ids: as text, for which there is no index. By the index PostgreSQL would
 * look through all orders of a status instead, wherever its statistics still say that there are hardly any.
 */
export const STATUS = Prisma.sql`orders.status::text`;

/** Whether a `traceparent` of ours is of a sampled trace. */
export const isSampled = (column: Prisma.Sql): Prisma.Sql => Prisma.sql`right(${column}, 2) = '01'`;

/** All statuses, a row each: an index that begins with the status is entered for one after the other. */
export const EACH_STATUS = Prisma.sql`
  unnest(enum_range(NULL::order_status)) AS each(status)`;

const QUOTED = STATUSES_ON_THE_WAY.map((status) => `'${status}'`).join(', ');

/** The statuses of orders that wait for their next event: the condition of a partial index, to the letter. */
export const ON_THE_WAY = Prisma.raw(`status IN (${QUOTED})`);

/** Those statuses, a row each: what is asked for each of them enters that index once, and reads no more than is asked. */
export const EACH_ON_THE_WAY = Prisma.sql`
  unnest(ARRAY[${Prisma.raw(QUOTED)}]::order_status[]) AS way(stands_in)`;

/**
 * The event of the status of an order, as `OrderEvent` says, built by the database so that it is stored in the statement
 * that it announces. `source` names the table or alias with the columns id, user_id, lines and status.
 *
 * @param at when it took the status, as a text in ISO 8601
 */
export const eventOf = (source: Prisma.Sql, at: Prisma.Sql): Prisma.Sql => Prisma.sql`
  jsonb_build_object(
    'orderId', ${source}.id, 'userId', ${source}.user_id, 'items', ${source}.lines, 'status', ${source}.status,
    'at', ${at}
  )`;

/** A time of a row as a text in ISO 8601. */
export const isoOf = (column: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
