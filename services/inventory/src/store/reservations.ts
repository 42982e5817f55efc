import type { ReservationRef } from '@order-pipeline/contracts';
import { unavailable, type Runtime } from '@order-pipeline/service-kit';
import {
  decideReservations,
  type NewReservation,
  type ReservationDecision,
  type StoredReservation,
} from '../domain.ts';
import { Prisma } from '../generated/client.ts';
import type { Database, Sql } from './sql.ts';

export type ReservationRequests = Parameters<typeof decideReservations>[0];

const RESERVATION_COLUMNS = Prisma.sql`
  order_id AS "orderId", reservation_id AS "reservationId", state::text AS state, lines`;

/** How often a reservation is decided anew when another one for the same order was stored at the same moment. */
const MOST_COLLISIONS = 5;
const TRANSACTION = { maxWait: 1_000, timeout: 5_000 };

const itemIdsOf = (requests: ReservationRequests): string[] => [
  ...new Set(requests.flatMap(({ lines }) => lines.map(({ itemId }) => itemId))),
];

/** Reservations are locked before items, and each in the order of ids, everywhere: so no two batches wait in a circle. */
const lockReservations = async (sql: Sql, orderIds: string[]): Promise<Map<string, StoredReservation>> => {
  const rows = await sql.$queryRaw<StoredReservation[]>`
    SELECT ${RESERVATION_COLUMNS} FROM reservations WHERE order_id = ANY(${orderIds}) ORDER BY order_id FOR UPDATE`;
  return new Map(rows.map((row) => [row.orderId, row]));
};

const lockItems = async (sql: Sql, itemIds: string[]): Promise<Map<string, number>> => {
  const rows = await sql.$queryRaw<{ id: string; available: number }[]>`
    SELECT id, available_qty::float8 AS available FROM items WHERE id = ANY(${itemIds}) ORDER BY id FOR UPDATE`;
  return new Map(rows.map(({ id, available }) => [id, available]));
};

/**
 * Stores reservations and takes their stock in one statement; answers how many were stored.
 *
 * Only rows that we have locked are updated. One that has turned up since we looked may be in the hands of somebody who
 * waits for our items, so it is not waited for, only found missing in the number.
 */
const storeReservations = async (
  sql: Sql,
  reservations: readonly NewReservation[],
  locked: ReadonlyMap<string, StoredReservation>,
  at: string,
): Promise<number> => {
  const sorted = reservations.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
  const [row] = await sql.$queryRaw<{ stored: number }[]>`
    WITH wanted AS (
      SELECT order_id, reservation_id, lines::jsonb AS lines, is_locked, ${at}::timestamptz AS at FROM unnest(
        ${sorted.map(({ orderId }) => orderId)}::text[],
        ${sorted.map(({ reservationId }) => reservationId)}::text[],
        ${sorted.map(({ lines }) => JSON.stringify(lines))}::text[],
        ${sorted.map(({ orderId }) => locked.has(orderId))}::boolean[]
      ) AS t(order_id, reservation_id, lines, is_locked)
    ), taken AS (
      SELECT line."itemId", sum(line.quantity) AS quantity
      FROM wanted, jsonb_to_recordset(wanted.lines) AS line("itemId" text, quantity bigint)
      GROUP BY line."itemId"
    ), stock AS (
      UPDATE items SET available_qty = available_qty - taken.quantity, reserved_qty = reserved_qty + taken.quantity
      FROM taken WHERE items.id = taken."itemId"
    ), renewed AS (
      UPDATE reservations r SET reservation_id = wanted.reservation_id, state = 'HELD', lines = wanted.lines,
        created_at = at, updated_at = at, check_at = at
      FROM wanted WHERE is_locked AND r.order_id = wanted.order_id AND r.state = 'RELEASED'
      RETURNING r.order_id
    ), inserted AS (
      INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at, check_at)
      SELECT order_id, reservation_id, 'HELD', lines, at, at, at FROM wanted
      WHERE NOT is_locked AND NOT EXISTS (SELECT FROM reservations r WHERE r.order_id = wanted.order_id)
      ON CONFLICT (order_id) DO NOTHING
      RETURNING order_id
    )
    SELECT ((SELECT count(*) FROM renewed) + (SELECT count(*) FROM inserted))::float8 AS stored`;
  return row?.stored ?? 0;
};

/** Thrown to roll back when another transaction has stored a reservation of one of the orders since we looked. */
const COLLISION = unavailable('Another reservation of the same order was made at the same moment, try again');

/**
 * Ends held reservations, each once, and moves their units: back to the available ones, or out of the house. Only HELD
 * ones change, so a repeat does nothing.
 */
export const endReservations = async (
  sql: Sql,
  to: 'RELEASED' | 'CONSUMED',
  reservations: readonly ReservationRef[],
  at: string,
): Promise<string[]> => {
  const rows = await sql.$queryRaw<{ orderId: string }[]>`
    WITH held AS (
      SELECT r.order_id FROM reservations r
      JOIN unnest(
        ${reservations.map(({ orderId }) => orderId)}::text[],
        ${reservations.map(({ reservationId }) => reservationId)}::text[]
      ) AS t(order_id, reservation_id) USING (order_id, reservation_id)
      WHERE r.state = 'HELD' ORDER BY r.order_id FOR UPDATE OF r
    ), ended AS (
      UPDATE reservations SET state = ${to}::reservation_state, updated_at = ${at}::timestamptz
      FROM held WHERE reservations.order_id = held.order_id
      RETURNING reservations.order_id, reservations.lines
    ), units AS (
      SELECT line."itemId" AS item_id, sum(line.quantity) AS quantity
      FROM ended, jsonb_to_recordset(ended.lines) AS line("itemId" text, quantity bigint)
      GROUP BY line."itemId"
    ), locked AS (
      SELECT id FROM items WHERE id IN (SELECT item_id FROM units) ORDER BY id FOR UPDATE
    ), stock AS (
      UPDATE items SET
        reserved_qty = reserved_qty - units.quantity,
        available_qty = available_qty + CASE WHEN ${to} = 'RELEASED' THEN units.quantity ELSE 0 END,
        consumed_qty = consumed_qty + CASE WHEN ${to} = 'CONSUMED' THEN units.quantity ELSE 0 END
      FROM units JOIN locked ON locked.id = units.item_id WHERE items.id = units.item_id
    )
    SELECT order_id AS "orderId" FROM ended`;
  return rows.map(({ orderId }) => orderId);
};

const reserveOnce = (
  database: Database,
  requests: ReservationRequests,
  runtime: Pick<Runtime, 'uuid'>,
  at: string,
): Promise<ReservationDecision> =>
  database.$transaction(async (sql) => {
    const stored = await lockReservations(sql, [...new Set(requests.map(({ orderId }) => orderId))]);
    const stock = await lockItems(sql, itemIdsOf(requests));
    const decision = decideReservations(requests, stock, stored, () => runtime.uuid());
    const { reservations } = decision;
    if (reservations.length === 0) return decision;
    if ((await storeReservations(sql, reservations, stored, at)) !== reservations.length) throw COLLISION;
    return decision;
  }, TRANSACTION);

/** Reserves the stock of a batch of orders in one transaction, each all or nothing. */
export const reserve = async (
  database: Database,
  requests: ReservationRequests,
  runtime: Pick<Runtime, 'uuid'>,
  at: string,
): Promise<ReservationDecision> => {
  for (let collisions = 0; ; collisions += 1) {
    try {
      return await reserveOnce(database, requests, runtime, at);
    } catch (error) {
      if (error !== COLLISION || collisions >= MOST_COLLISIONS) throw error;
    }
  }
};

export const findReservations = (sql: Sql, orderIds: readonly string[]): Promise<StoredReservation[]> =>
  sql.$queryRaw<StoredReservation[]>`
    SELECT ${RESERVATION_COLUMNS} FROM reservations WHERE order_id = ANY(${orderIds}::text[])`;

/**
 * Held reservations whose orders have to be asked for, those that wait longest first.
 *
 * @param until ISO 8601
 */
export const findDue = (sql: Sql, until: string, limit: number): Promise<ReservationRef[]> => sql.$queryRaw<
  ReservationRef[]
>`
  SELECT order_id AS "orderId", reservation_id AS "reservationId" FROM reservations
  WHERE state = 'HELD' AND check_at <= ${until}::timestamptz ORDER BY check_at LIMIT ${limit}`;

/**
 * Puts off the next look at reservations that rightly stand: each time for as long as they have stood by then, and for
 * `mostMs` milliseconds at the most.
 *
 * @param at ISO 8601
 */
export const putOff = (
  sql: Sql,
  reservations: readonly ReservationRef[],
  mostMs: number,
  at: string,
): Promise<number> => sql.$executeRaw`
  UPDATE reservations r SET check_at = ${at}::timestamptz + LEAST(
    GREATEST(${at}::timestamptz - r.created_at, interval '1 second'), ${mostMs}::float8 * interval '1 millisecond'
  )
  FROM unnest(${reservations.map(({ orderId }) => orderId)}::text[]) AS t(order_id)
  WHERE r.order_id = t.order_id AND r.state = 'HELD'`;
