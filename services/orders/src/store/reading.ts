import type { HistoryEntry, OrderStatus } from '@order-pipeline/contracts';
import type { PageRequest } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { EACH_ON_THE_WAY, ON_THE_WAY, ORDER_COLUMNS, type OrderRow, type Sql } from './sql.ts';

const NOTHING_ELSE = Prisma.empty;

const page = (
  sql: Sql,
  { limit, before }: PageRequest,
  condition: Prisma.Sql,
): Promise<OrderRow[]> => sql.$queryRaw<OrderRow[]>`
  SELECT ${ORDER_COLUMNS} FROM orders
  WHERE ${condition} ${before === undefined ? NOTHING_ELSE : Prisma.sql`AND seq < ${before}::bigint`}
  ORDER BY orders.seq DESC LIMIT ${limit + 1}`;

/** Orders, newest first, one more than the limit where there are more. */
export const listOrders = (sql: Sql, request: PageRequest, status?: OrderStatus): Promise<OrderRow[]> =>
  page(sql, request, status ? Prisma.sql`status = ${status}::order_status` : Prisma.sql`true`);

/** The orders of a user, newest first, one more than the limit where there are more. */
export const listOrdersOfUser = (sql: Sql, userId: string, request: PageRequest): Promise<OrderRow[]> =>
  page(sql, request, Prisma.sql`user_id = ${userId}`);

/** The steps of an order, oldest first; none for an unknown one. */
export const readHistory = async (sql: Sql, orderId: string): Promise<HistoryEntry[]> => {
  const rows = await sql.$queryRaw<{ status: OrderStatus; at: Date; cause: string }[]>`
    SELECT status::text AS status, at, cause FROM order_history
    WHERE order_id = ${orderId} ORDER BY at, order_history.status`;
  return rows.map(({ status, at, cause }) => ({ status, at: at.toISOString(), cause }));
};

/**
 * The orders that come after the one with this id. By when that one was placed, since that never changes: for as long as
 * an order is PENDING it is also when its status last changed, and it may have been moved on since the page before.
 */
const placedAfter = (id: string): Prisma.Sql => {
  const placedAt = Prisma.sql`(SELECT created_at FROM orders WHERE id = ${id})`;
  // The first condition is in the second; it is the one that the index is entered with.
  return Prisma.sql`AND updated_at >= ${placedAt}
    AND (updated_at, seq) > (${placedAt}, (SELECT seq FROM orders WHERE id = ${id}))`;
};

/**
 * Orders that have been PENDING since `until` or longer, oldest first.
 *
 * @param until ISO 8601
 * @param after the last id of the page before
 */
export const findOverdue = async (
  sql: Sql,
  until: string,
  after: string | undefined,
  limit: number,
): Promise<string[]> => {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM orders
    WHERE status = 'PENDING' AND updated_at <= ${until}::timestamptz
      ${after === undefined ? NOTHING_ELSE : placedAfter(after)}
    ORDER BY updated_at, seq LIMIT ${limit}`;
  return rows.map(({ id }) => id);
};

/** Since when the oldest order stands in each status on the way, in milliseconds since the epoch. */
export const oldestOnTheWay = async (sql: Sql): Promise<Map<OrderStatus, number>> => {
  // The first entry of the index for each status, however many there are.
  const rows = await sql.$queryRaw<{ status: OrderStatus; since: Date }[]>`
    SELECT oldest.* FROM ${EACH_ON_THE_WAY} CROSS JOIN LATERAL (
      SELECT status::text AS status, updated_at AS since FROM orders
      WHERE ${ON_THE_WAY} AND status = way.stands_in ORDER BY updated_at LIMIT 1
    ) AS oldest`;
  return new Map(rows.map(({ status, since }) => [status, since.getTime()]));
};
