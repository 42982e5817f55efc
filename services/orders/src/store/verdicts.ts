import type { OrderStatus, ReservationRef, Settlement } from '@order-pipeline/contracts';
import { isLockTimeout, type Runtime } from '@order-pipeline/service-kit';
import type { Database, Sql } from './sql.ts';

/** What a placement under way may delay its own verdict, in milliseconds; who asked will ask again. */
const LOCK_TIMEOUT_MS = 100;
/** How many placements under way are waited for one by one; beyond them nobody is waited for any more. */
const MAX_WAITS = 5;

/** Commits a fence for each reservation: no order can be stored with it by a statement that begins from now on. */
const fence = (database: Database, reservations: readonly ReservationRef[], at: string): Promise<number> =>
  database.$executeRaw`
    INSERT INTO abandoned_reservations (reservation_id, order_id, at)
    SELECT reservation_id, order_id, ${at}::timestamptz FROM unnest(
      ${reservations.map(({ reservationId }) => reservationId)}::text[],
      ${reservations.map(({ orderId }) => orderId)}::text[]
    ) AS t(reservation_id, order_id)
    ON CONFLICT DO NOTHING`;

/** Thrown to roll back. */
const UNDO = new Error('undo');

/**
 * Waits until every statement that has put one of these orders into the table has ended: by storing orders of the same
 * ids, which the primary key makes wait for them, and taking that back.
 *
 * @returns whether they have all ended in time
 */
const awaitPlacements = async (database: Database, orderIds: readonly string[]): Promise<boolean> => {
  try {
    await database.$transaction(async (sql) => {
      await sql.$queryRaw`SELECT set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`;
      await sql.$executeRaw`
        INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
        SELECT id, 'fence', 'CANCELLED', '[{"itemId":"fence","quantity":1}]', 'fence ' || id, now(), now(), now()
        FROM unnest(${orderIds.toSorted()}::text[]) AS t(id) ORDER BY id
        ON CONFLICT (id) DO NOTHING`;
      throw UNDO;
    });
  } catch (error) {
    if (error === UNDO) return true;
    if (!isLockTimeout(error)) throw error;
  }
  return false;
};

/** Those of the orders that no statement is just storing. Where there is one, each is waited for by itself. */
const findAtRest = async (database: Database, orderIds: readonly string[]): Promise<Set<string>> => {
  if (await awaitPlacements(database, orderIds)) return new Set(orderIds);
  const atRest = new Set<string>();
  let waits = 1;
  for (const orderId of orderIds) {
    if (orderIds.length === 1 || waits >= MAX_WAITS) break;
    if (await awaitPlacements(database, [orderId])) atRest.add(orderId);
    else waits += 1;
  }
  return atRest;
};

const findStatuses = async (sql: Sql, orderIds: readonly string[]): Promise<Map<string, OrderStatus>> => {
  const rows = await sql.$queryRaw<{ id: string; status: OrderStatus }[]>`
    SELECT id, status::text AS status FROM orders WHERE id = ANY(${orderIds}::text[])`;
  return new Map(rows.map(({ id, status }) => [id, status]));
};

/** Of an archived order: its status for the reservation that it stood on, ABANDONED for any other one. */
const findArchived = async (
  sql: Sql,
  reservations: readonly ReservationRef[],
): Promise<ReadonlyMap<string, Settlement['verdict']>> => {
  const rows = await sql.$queryRaw<{ reservationId: string; status: OrderStatus; isOwn: boolean }[]>`
    SELECT asked.reservation_id AS "reservationId", archived.status::text AS status,
           archived.reservation_digest = short_digest(asked.reservation_id) AS "isOwn"
    FROM archived_orders AS archived JOIN unnest(
      ${reservations.map(({ orderId }) => orderId)}::text[],
      ${reservations.map(({ reservationId }) => reservationId)}::text[]
    ) AS asked(id, reservation_id) ON asked.id = archived.id`;
  return new Map(
    rows.map(({ reservationId, status, isOwn }) => [reservationId, isOwn ? status : 'ABANDONED']),
  );
};

/**
 * The verdict about reservations. One without an order is fenced first, then it is made sure that no placement under way
 * stores an order with it after all: what is answered as ABANDONED stays so for ever, even if a placement is late.
 *
 * Such a placement puts its order into the primary key and then, at the end of the same statement, looks for a fence
 * among all that is committed by then (a trigger: `refuse_fenced_orders`). We commit the fence and then look for the
 * order in the primary key, where a row is seen before it is committed. Whichever is first, one of the two sees the
 * other: either the placement finds the fence and is undone, or we find its row, wait for its end, and read what has
 * become of it. No lock on the table is needed, so we neither wait for a VACUUM nor does anybody wait for us; a
 * placement that takes long delays its own verdict only.
 *
 * An archived order is never stored again, so nobody has to be waited for: another reservation than its own is for nothing.
 *
 * @returns a settlement for each, but for those whose placement is under way and took too long
 */
export const settleReservations = async (
  database: Database,
  reservations: readonly ReservationRef[],
  at: string,
  runtime: Pick<Runtime, 'failpoint'>,
): Promise<Settlement[]> => {
  const orderIds = reservations.map(({ orderId }) => orderId);
  const known = await findStatuses(database, orderIds);
  const unknown = reservations.filter(({ orderId }) => !known.has(orderId));
  const archived = unknown.length > 0 ? await findArchived(database, unknown) : new Map<string, never>();
  const missing = unknown.filter(({ reservationId }) => !archived.has(reservationId));
  let statuses = known;
  let atRest = new Set<string>();
  if (missing.length > 0) {
    await fence(database, missing, at);
    atRest = await findAtRest(database, [...new Set(missing.map(({ orderId }) => orderId))]);
    await runtime.failpoint('orders.afterFenceBeforeVerdict');
    statuses = await findStatuses(database, orderIds);
  }
  return reservations.flatMap(({ orderId, reservationId }): Settlement[] => {
    const standing = archived.get(reservationId) ?? statuses.get(orderId);
    const verdict = standing ?? (atRest.has(orderId) ? 'ABANDONED' : undefined);
    return verdict ? [{ orderId, reservationId, verdict }] : [];
  });
};
