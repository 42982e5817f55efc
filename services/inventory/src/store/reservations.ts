import type { ReservationRef } from '@order-pipeline/contracts';
import {
  isLockTimeout,
  passedEntries,
  splitPassed,
  type PartRead,
  type PassedRow,
} from '@order-pipeline/service-kit';
import type { StoredReservation } from '../domain.ts';
import { Prisma } from '../generated/client.ts';
import type { Sql } from './sql.ts';

export const RESERVATION_COLUMNS = Prisma.sql`
  order_id AS "orderId", reservation_id AS "reservationId", state::text AS state, lines`;

/**
 * Of reservations `r` that are looked up by their orders: as text, for which there is no index. By the index of the held
 * ones PostgreSQL would look through all of them, wherever its statistics still say that there are hardly any.
 */
const IS_HELD = Prisma.sql`r.state::text = 'HELD'`;

interface Locking {
  readonly lock: Prisma.Sql;
  /** Of reservations `r`, those of which every item is locked by us: in `stock`. */
  readonly onlyUnlocked: Prisma.Sql;
}

const WAITING: Locking = { lock: Prisma.empty, onlyUnlocked: Prisma.empty };
const SKIPPING: Locking = {
  lock: Prisma.sql`SKIP LOCKED`,
  onlyUnlocked: Prisma.sql`
    AND NOT EXISTS (
      SELECT FROM jsonb_to_recordset(r.lines) AS line("itemId" text)
      WHERE line."itemId" NOT IN (SELECT id FROM stock)
    )`,
};

type EndState = 'RELEASED' | 'CONSUMED';

/** What came of ending reservations: the ids of the orders. */
export interface EndedReservations {
  readonly ended: readonly string[];
  /** Those that are to be tried again. */
  readonly locked: readonly string[];
}

/**
 * Ends held reservations, each once, and moves their units: back to the available ones, or consumed. Only HELD
 * ones change, so a repeat does nothing. What a reservation holds never changes, so its items can be locked before it.
 */
const endAll = async (
  sql: Sql,
  to: EndState,
  reservations: readonly ReservationRef[],
  at: string,
  { lock, onlyUnlocked }: Locking,
): Promise<EndedReservations> => {
  const rows = await sql.$queryRaw<{ orderId: string; isEnded: boolean }[]>`
    WITH asked AS (
      SELECT DISTINCT * FROM unnest(
        ${reservations.map(({ orderId }) => orderId)}::text[],
        ${reservations.map(({ reservationId }) => reservationId)}::text[]
      ) AS t(order_id, reservation_id)
    ), stock AS (
      SELECT id FROM items WHERE id IN (
        SELECT line."itemId" FROM asked JOIN reservations r USING (order_id, reservation_id),
          jsonb_to_recordset(r.lines) AS line("itemId" text)
        WHERE ${IS_HELD}
      ) ORDER BY id FOR UPDATE ${lock}
    ), held AS (
      SELECT r.order_id FROM asked JOIN reservations r USING (order_id, reservation_id)
      WHERE ${IS_HELD} AND (SELECT count(*) FROM stock) > 0 ${onlyUnlocked}
      ORDER BY r.order_id FOR UPDATE OF r ${lock}
    ), ended AS (
      UPDATE reservations SET state = ${to}::reservation_state, updated_at = ${at}::timestamptz
      FROM held WHERE reservations.order_id = held.order_id
      RETURNING reservations.order_id, reservations.lines
    ), units AS (
      SELECT line."itemId" AS item_id, sum(line.quantity) AS quantity
      FROM ended, jsonb_to_recordset(ended.lines) AS line("itemId" text, quantity bigint)
      GROUP BY line."itemId"
    ), moved AS (
      UPDATE items SET
        reserved_qty = reserved_qty - units.quantity,
        available_qty = available_qty + CASE WHEN ${to} = 'RELEASED' THEN units.quantity ELSE 0 END,
        consumed_qty = consumed_qty + CASE WHEN ${to} = 'CONSUMED' THEN units.quantity ELSE 0 END
      FROM units WHERE items.id = units.item_id
    )
    SELECT r.order_id AS "orderId", ended.order_id IS NOT NULL AS "isEnded"
    FROM asked JOIN reservations r USING (order_id, reservation_id) LEFT JOIN ended USING (order_id)
    WHERE ${IS_HELD} ORDER BY r.order_id`;
  const idsWhere = (wanted: boolean) =>
    rows.filter((row) => row.isEnded === wanted).map((row) => row.orderId);
  return { ended: idsWhere(true), locked: idsWhere(false) };
};

/**
 * Ends held reservations, and leaves out those that somebody keeps locked, or an item of which: such a row is waited for
 * once, and holds up nothing else.
 *
 * @param at ISO 8601
 */
export const endReservations = async (
  sql: Sql,
  to: EndState,
  reservations: readonly ReservationRef[],
  at: string,
): Promise<EndedReservations> => {
  try {
    // One that another has ended while we waited for it is not locked, but done.
    const { ended } = await endAll(sql, to, reservations, at, WAITING);
    return { ended, locked: [] };
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
  }
  const first = await endAll(sql, to, reservations, at, SKIPPING);
  const left = reservations.filter(({ orderId }) => first.locked.includes(orderId));
  if (left.length === 0) return first;
  // Once more: others under way lock what they work for a moment only.
  const second = await endAll(sql, to, left, at, SKIPPING);
  return { ended: [...first.ended, ...second.ended], locked: second.locked };
};

export const findReservations = (sql: Sql, orderIds: readonly string[]): Promise<StoredReservation[]> =>
  sql.$queryRaw<StoredReservation[]>`
    SELECT ${RESERVATION_COLUMNS} FROM reservations WHERE order_id = ANY(${orderIds}::text[])`;

/** Before when all orders were closed whose reservations are in the archive, if there are any. */
export const archivedUpTo = async (sql: Sql): Promise<Date | undefined> => {
  const [row] = await sql.$queryRaw<{ at: Date | null }[]>`
    SELECT max(closed_before) AS at FROM archive_files`;
  return row?.at ?? undefined;
};

/** A held reservation, with where it stands among them. */
export type HeldReservation = ReservationRef & {
  /** As a PostgreSQL literal. */
  readonly createdAt: string;
};

const HELD_INDEX = passedEntries('reservations_held_idx');

/** Times after `after` and up to `until`; each ISO 8601, where it is not open. */
export interface TimeRange {
  readonly after?: string;
  readonly until?: string;
}

/**
 * Held reservations that are dated within `range`, the oldest first. One lower bound for the index: of two PostgreSQL enters
 * it at the date alone, which may be before all that a round has looked at. The last condition only leaves out what is dated
 * at `range.after` to the millisecond.
 *
 * @param after the last one of the page before
 */
export const findHeld = async (
  sql: Sql,
  range: TimeRange,
  after: HeldReservation | undefined,
  limit: number,
): Promise<PartRead<HeldReservation>> => {
  const rows = await sql.$queryRaw<PassedRow<HeldReservation>[]>`
    WITH ${HELD_INDEX.before}, found AS MATERIALIZED (
      SELECT order_id AS "orderId", reservation_id AS "reservationId", created_at::text AS "createdAt"
      FROM reservations
      WHERE state = 'HELD' AND created_at <= ${range.until ?? 'infinity'}::timestamptz
        AND (created_at, order_id) > (
          GREATEST(${after?.createdAt ?? '-infinity'}::timestamptz, ${range.after ?? '-infinity'}::timestamptz), ${after?.orderId ?? ''}
        )
        AND (created_at > ${range.after ?? '-infinity'}::timestamptz) IS TRUE AND ${HELD_INDEX.isBegun}
      ORDER BY created_at, order_id LIMIT ${limit}
    )
    SELECT counted.passed, found.* FROM ${HELD_INDEX.besideFound}`;
  const read = splitPassed<HeldReservation>(rows, 'orderId');
  return { ...read, isCut: read.found.length === limit };
};
