import type { NewOrder } from '@order-pipeline/contracts';
import { isSerializationFailure, isUniqueViolation } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { eventOf, isSampled, ORDER_COLUMNS, type OrderRow, type Sql } from './sql.ts';

/** An order whose stock is reserved. */
export interface ReservedOrder {
  readonly order: NewOrder;
  readonly reservationId: string;
  /** The trace that its event belongs to. */
  readonly traceparent: string;
}

/** What a batch leaves out, and what it does where an id is taken. */
interface Exceptions {
  readonly unless: Prisma.Sql;
  readonly onConflict: Prisma.Sql;
}

/**
 * At first nothing is asked that makes no difference to nearly every batch: who places has looked for the ids before that, and
 * the primary key and the trigger have the last word. They undo a batch that has an exception.
 */
const NONE: Exceptions = { unless: Prisma.empty, onConflict: Prisma.empty };

/** Leaves out what made the batch fail. */
const ALL: Exceptions = {
  unless: Prisma.sql`
      WHERE NOT EXISTS (
        SELECT FROM abandoned_reservations a WHERE a.reservation_id = t.reservation_id AND a.order_id = t.id
      )
        AND NOT EXISTS (SELECT FROM archived_orders archived WHERE archived.id = t.id)`,
  onConflict: Prisma.sql`ON CONFLICT (id) DO NOTHING`,
};

/** How often a batch is stored at the most: once without exceptions, and anew where there is another one each time. */
const MAX_ATTEMPTS = 4;

/**
 * Stores orders as PENDING with their first row of history and their outbox row, in one statement, so an order is never
 * saved without its event. One whose id is taken, or whose reservation is abandoned, is left out with `ALL` exceptions; with
 * `NONE` it makes the statement fail, as a reservation that is abandoned, or an order of the same id that is archived, while the
 * statement runs always does: see `settleReservations`.
 *
 * Orders are inserted by id, so that two batches with the same ids wait for one another and never in a circle.
 */
const store = async (
  sql: Sql,
  orders: readonly ReservedOrder[],
  at: string,
  { unless, onConflict }: Exceptions,
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
      ${unless}
    ), stored AS (
      INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at,
                          traceparent)
      SELECT id, user_id, 'PENDING', lines::jsonb, reservation_id,
             ${at}::timestamptz, ${at}::timestamptz, ${at}::timestamptz,
             CASE WHEN ${isSampled(Prisma.sql`traceparent`)} THEN traceparent END
      FROM wanted ORDER BY id
      ${onConflict}
      RETURNING id, user_id, lines, status, updated_at
    ), history AS (
      INSERT INTO order_history (order_id, status, at, cause) SELECT id, 'PENDING', updated_at, 'placed' FROM stored
    ), announced AS (
      INSERT INTO outbox (event_id, event, traceparent, created_at)
      SELECT stored.id || ':' || stored.status, ${eventOf(Prisma.sql`stored`, Prisma.sql`${at}::text`)}, wanted.traceparent, updated_at
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
      return await store(sql, orders, at, attempt === 1 ? NONE : ALL);
    } catch (error) {
      const isException = isSerializationFailure(error) || isUniqueViolation(error);
      if (!isException || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
};

/** The orders that stand under these ids. */
export const findOrders = async (sql: Sql, orderIds: readonly string[]): Promise<Map<string, OrderRow>> => {
  const rows = await sql.$queryRaw<OrderRow[]>`
    SELECT ${ORDER_COLUMNS} FROM orders WHERE id = ANY(${orderIds}::text[])`;
  return new Map(rows.map((row) => [row.id, row]));
};
