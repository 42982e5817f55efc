import type { NewOrder } from '@order-pipeline/contracts';
import { isSerializationFailure } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { eventOf, isSampled, ORDER_COLUMNS, type OrderRow, type Sql } from './sql.ts';

/** An order whose stock is reserved. */
export interface ReservedOrder {
  readonly order: NewOrder;
  readonly reservationId: string;
  /** The trace that its event belongs to. */
  readonly traceparent: string;
}

/** Nobody has to ask it at first: who places looks before that, and the trigger has the last word. */
const UNLESS_ARCHIVED = Prisma.sql`AND NOT EXISTS (SELECT FROM archived_orders archived WHERE archived.id = t.id)`;

/** How often a batch is stored anew that had an order whose reservation was fenced meanwhile: then it leaves that out. */
const MAX_ATTEMPTS = 3;

/**
 * Stores orders as PENDING with their first row of history and their outbox row, in one statement, so an order is never
 * saved without its event. One whose id is taken, or whose reservation is abandoned, is left out. A reservation that is
 * abandoned while the statement runs makes it fail, as an order of the same id that was archived does: see `settleReservations`.
 *
 * Orders are inserted by id, so that two batches with the same ids wait for one another and never in a circle.
 */
const store = async (
  sql: Sql,
  orders: readonly ReservedOrder[],
  at: string,
  unlessArchived: Prisma.Sql,
): Promise<Set<string>> => {
  const sorted = orders.toSorted((a, b) => (a.order.orderId < b.order.orderId ? -1 : 1));
  const rows = await sql.$queryRaw<{ id: string }[]>`
    WITH wanted AS (
      SELECT * FROM unnest(
        ${sorted.map(({ order }) => order.orderId)}::text[],
        ${sorted.map(({ order }) => order.userId)}::text[],
        ${sorted.map(({ order }) => JSON.stringify(order.items))}::text[],
        ${sorted.map(({ reservationId }) => reservationId)}::text[],
        ${sorted.map((reserved) => reserved.traceparent)}::text[]
      ) AS t(id, user_id, lines, reservation_id, traceparent)
      WHERE NOT EXISTS (
        SELECT FROM abandoned_reservations a WHERE a.reservation_id = t.reservation_id AND a.order_id = t.id
      )
        ${unlessArchived}
    ), stored AS (
      INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at,
                          traceparent)
      SELECT id, user_id, 'PENDING', lines::jsonb, reservation_id,
             ${at}::timestamptz, ${at}::timestamptz, ${at}::timestamptz,
             CASE WHEN ${isSampled(Prisma.sql`traceparent`)} THEN traceparent END
      FROM wanted ORDER BY id
      ON CONFLICT (id) DO NOTHING
      RETURNING id, user_id, lines, status, updated_at
    ), history AS (
      INSERT INTO order_history (order_id, status, at, cause) SELECT id, 'PENDING', updated_at, 'placed' FROM stored
    ), announced AS (
      INSERT INTO outbox (event_id, event, traceparent, created_at)
      SELECT stored.id || ':' || stored.status, ${eventOf(Prisma.sql`stored`)}, wanted.traceparent, updated_at
      FROM stored JOIN wanted USING (id)
    )
    SELECT id FROM stored`;
  return new Set(rows.map(({ id }) => id));
};

/**
 * Stores a batch of orders as PENDING.
 *
 * @param at ISO 8601
 * @returns the ids of those that were stored
 */
export const storeOrders = async (
  sql: Sql,
  orders: readonly ReservedOrder[],
  at: string,
): Promise<Set<string>> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store(sql, orders, at, attempt === 1 ? Prisma.empty : UNLESS_ARCHIVED);
    } catch (error) {
      if (!isSerializationFailure(error) || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
};

/** The orders that stand under these ids. */
export const findOrders = async (sql: Sql, orderIds: readonly string[]): Promise<Map<string, OrderRow>> => {
  const rows = await sql.$queryRaw<OrderRow[]>`
    SELECT ${ORDER_COLUMNS} FROM orders WHERE id = ANY(${orderIds}::text[])`;
  return new Map(rows.map((row) => [row.id, row]));
};
