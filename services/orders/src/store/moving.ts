import { PREDECESSOR, type ReservationRef, type TransitionResult } from '@order-pipeline/contracts';
import { findOrders } from './placing.ts';
import { ORDER_COLUMNS, orderOf, STATUS, type OrderRow, type Sql } from './sql.ts';

/** A status that orders are moved to. */
export type Target = keyof typeof PREDECESSOR;

/**
 * Moves those of the orders that stand in the status before `to`, each with its row of history: compare and set, in one
 * statement. They are locked by id, so that two batches wait for one another and never in a circle; one that somebody
 * else has moved while we waited for it no longer matches.
 *
 * A status never seems older than the one before it, even when the clock was set back. When its event was announced is
 * the clock's time all the same: it is compared with the clock alone.
 *
 * @param at ISO 8601
 */
const compareAndSet = (
  sql: Sql,
  to: Target,
  orderIds: readonly string[],
  cause: string,
  at: string,
): Promise<OrderRow[]> => sql.$queryRaw<OrderRow[]>`
  WITH due AS (
    SELECT id FROM orders WHERE id = ANY(${orderIds}::text[]) AND ${STATUS} = ${PREDECESSOR[to]}
    ORDER BY id FOR UPDATE
  ), moved AS (
    UPDATE orders SET status = ${to}::order_status,
      updated_at = GREATEST(updated_at, ${at}::timestamptz), announced_at = ${at}::timestamptz
    FROM due WHERE orders.id = due.id AND ${STATUS} = ${PREDECESSOR[to]}
    RETURNING ${ORDER_COLUMNS}
  ), history AS (
    INSERT INTO order_history (order_id, status, at, cause) SELECT id, status::order_status, "updatedAt", ${cause} FROM moved
  )
  SELECT * FROM moved`;

/** Moves a batch of orders to `to`; one result an order, in the same order. */
export const moveOrders = async (
  sql: Sql,
  to: Target,
  orderIds: readonly string[],
  cause: string,
  at: string,
): Promise<TransitionResult[]> => {
  const moved = new Map((await compareAndSet(sql, to, orderIds, cause, at)).map((row) => [row.id, row]));
  const others = orderIds.filter((orderId) => !moved.has(orderId));
  const found = others.length > 0 ? await findOrders(sql, others) : new Map<string, OrderRow>();
  return orderIds.map((orderId): TransitionResult => {
    const row = moved.get(orderId);
    if (row) return { outcome: 'MOVED', order: orderOf(row) };
    const other = found.get(orderId);
    if (other?.status === to) return { outcome: 'ALREADY', order: orderOf(other) };
    return { outcome: 'SKIPPED', orderId, ...(other ? { status: other.status } : {}) };
  });
};

/** Cancels an order that is PENDING; answers the reservation whose stock has to go back, or nothing. */
export const cancelOrder = async (
  sql: Sql,
  orderId: string,
  at: string,
): Promise<ReservationRef | undefined> => {
  const [row] = await compareAndSet(sql, 'CANCELLED', [orderId], 'cancelled by the client', at);
  return row && { orderId, reservationId: row.reservationId };
};

/** Cancelled orders whose stock is not known to be back. */
export const findStockNotReturned = (sql: Sql, limit: number): Promise<ReservationRef[]> => sql.$queryRaw<
  ReservationRef[]
>`
  SELECT id AS "orderId", reservation_id AS "reservationId" FROM orders
  WHERE status = 'CANCELLED' AND stock_returned_at IS NULL ORDER BY id LIMIT ${limit}`;

/** Records that the stock of cancelled orders is back. */
export const recordStockReturned = (sql: Sql, orderIds: readonly string[], at: string): Promise<number> =>
  sql.$executeRaw`
    UPDATE orders SET stock_returned_at = ${at}::timestamptz
    WHERE id = ANY(${orderIds}::text[]) AND ${STATUS} = 'CANCELLED' AND stock_returned_at IS NULL`;
