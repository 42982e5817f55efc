import { isUniqueViolation } from '@order-pipeline/service-kit';
import type { NewReservation } from '../domain.ts';
import { Prisma } from '../generated/client.ts';
import type { Sql } from './sql.ts';

const LEAVE_OUT = Prisma.sql`ON CONFLICT (order_id) DO NOTHING`;

/**
 * Reserves in one statement, and so in one round trip, for the orders about which nothing has to be decided: none that
 * has a reservation already, and none that names an item of which there is not enough for all that is asked here
 * together. The others are left as they were.
 *
 * Which orders have a reservation the primary key says. To look for them before is not only a second look: PostgreSQL would
 * then reckon with hardly any rows in `wanted`, and compare each of it with each that is held.
 *
 * Items are locked in the order of their ids before anything is stored, and reservations are stored in the order of
 * theirs, as everywhere: so no two batches wait in a circle.
 *
 * `stock` sees what the lock has found, not what the statement began with. All quantities are taken from there:
 * PostgreSQL holds an update to the checks of the table before it looks for a newer version of the row, so one that
 * subtracts from an item as it was, sold out, is refused although units have come back since.
 *
 * @param onConflict what is done where an order has a reservation; if nothing, the statement fails
 */
const hold = async (
  sql: Sql,
  reservations: readonly NewReservation[],
  at: string,
  onConflict: Prisma.Sql,
): Promise<Set<string>> => {
  const lines = reservations.flatMap((reservation, index) =>
    reservation.lines.map((line) => ({ ...line, no: index + 1 })),
  );
  const rows = await sql.$queryRaw<{ reservationId: string }[]>`
    WITH line AS (
      SELECT * FROM unnest(
        ${lines.map(({ no }) => no)}::int[],
        ${lines.map(({ itemId }) => itemId)}::text[],
        ${lines.map(({ quantity }) => quantity)}::bigint[]
      ) AS t(no, item_id, quantity)
    ), wanted AS (
      SELECT * FROM unnest(
        ${reservations.map(({ orderId }) => orderId)}::text[],
        ${reservations.map(({ reservationId }) => reservationId)}::text[],
        ${reservations.map((reservation) => JSON.stringify(reservation.lines))}::text[]
      ) WITH ORDINALITY AS t(order_id, reservation_id, lines, no)
    ), asked AS (
      SELECT item_id, sum(quantity) AS quantity FROM line GROUP BY item_id
    ), stock AS (
      SELECT id, stocked_qty, available_qty, reserved_qty, consumed_qty FROM items
      WHERE id IN (SELECT item_id FROM asked) ORDER BY id FOR UPDATE
    ), plenty AS (
      SELECT id FROM stock JOIN asked ON item_id = id WHERE available_qty >= quantity
    ), lacking AS (
      SELECT no FROM line WHERE item_id NOT IN (SELECT id FROM plenty)
    ), held AS (
      INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
      SELECT order_id, reservation_id, 'HELD', lines::jsonb, ${at}::timestamptz, ${at}::timestamptz
      FROM wanted WHERE no NOT IN (SELECT no FROM lacking) ORDER BY order_id
      ${onConflict}
      RETURNING reservation_id
    ), taken AS (
      SELECT item_id, sum(quantity) AS quantity
      FROM held JOIN wanted USING (reservation_id) JOIN line USING (no) GROUP BY item_id
    ), moved AS (
      UPDATE items SET stocked_qty = stock.stocked_qty, available_qty = stock.available_qty - taken.quantity,
        reserved_qty = stock.reserved_qty + taken.quantity, consumed_qty = stock.consumed_qty
      FROM taken JOIN stock ON stock.id = taken.item_id WHERE items.id = stock.id
    )
    SELECT reservation_id AS "reservationId" FROM held`;
  return new Set(rows.map(({ reservationId }) => reservationId));
};

/**
 * Reserves where there is plenty. That an order has a reservation already is rare: a batch with one is undone, and that one is left
 * out when it is reserved anew.
 *
 * @param reservations of orders of which each stands here once
 * @param at ISO 8601
 * @returns the ids of the reservations that are held now
 */
export const reserveWherePlenty = async (
  sql: Sql,
  reservations: readonly NewReservation[],
  at: string,
): Promise<Set<string>> => {
  try {
    return await hold(sql, reservations, at, Prisma.empty);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return hold(sql, reservations, at, LEAVE_OUT);
  }
};
