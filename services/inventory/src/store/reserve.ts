import type { ReservationResult } from '@order-pipeline/contracts';
import { unavailable, type Runtime } from '@order-pipeline/service-kit';
import {
  decideReservations,
  newReservations,
  type NewReservation,
  type ReservationDecision,
  type ReservationRequests,
  type StoredReservation,
} from '../domain.ts';
import type { LockedApart } from './locked.ts';
import { RESERVATION_COLUMNS } from './reservations.ts';
import { reserveWherePlenty } from './reserve-plenty.ts';
import type { Database, Sql } from './sql.ts';

/** How often a reservation is decided anew when another one for the same order was stored at the same moment. */
const MAX_COLLISIONS = 5;
const TRANSACTION = { maxWait: 1_000, timeout: 5_000 };

const itemIdsOf = (requests: ReservationRequests): string[] => [
  ...new Set(requests.flatMap(({ lines }) => lines.map(({ itemId }) => itemId))),
];

/** Items are locked before reservations, and each in the order of ids, everywhere: so no two batches wait in a circle. */
const lockItems = async (sql: Sql, itemIds: string[]): Promise<Map<string, number>> => {
  const rows = await sql.$queryRaw<{ id: string; available: number }[]>`
    SELECT id, available_qty::float8 AS available FROM items WHERE id = ANY(${itemIds}) ORDER BY id FOR UPDATE`;
  return new Map(rows.map(({ id, available }) => [id, available]));
};

const lockReservations = async (sql: Sql, orderIds: string[]): Promise<Map<string, StoredReservation>> => {
  const rows = await sql.$queryRaw<StoredReservation[]>`
    SELECT ${RESERVATION_COLUMNS} FROM reservations WHERE order_id = ANY(${orderIds}) ORDER BY order_id FOR UPDATE`;
  return new Map(rows.map((row) => [row.orderId, row]));
};

/**
 * Stores reservations and takes their stock in one statement; answers how many were stored. Only rows that we have
 * locked are updated; one that has turned up since we looked is found missing in the number.
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
        created_at = at, updated_at = at
      FROM wanted WHERE is_locked AND r.order_id = wanted.order_id AND r.state = 'RELEASED'
      RETURNING r.order_id
    ), inserted AS (
      INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
      SELECT order_id, reservation_id, 'HELD', lines, at, at FROM wanted
      WHERE NOT is_locked
      ON CONFLICT (order_id) DO NOTHING
      RETURNING order_id
    )
    SELECT ((SELECT count(*) FROM renewed) + (SELECT count(*) FROM inserted))::float8 AS stored`;
  return row?.stored ?? 0;
};

/** Thrown to roll back when another transaction has stored a reservation of one of the orders since we looked. */
const COLLISION = unavailable('Another reservation of the same order was made at the same moment, try again');

const reserveOnce = (
  database: Database,
  requests: ReservationRequests,
  runtime: Pick<Runtime, 'uuid'>,
  at: string,
): Promise<ReservationDecision> =>
  database.$transaction(async (sql) => {
    const stock = await lockItems(sql, itemIdsOf(requests));
    const stored = await lockReservations(sql, [...new Set(requests.map(({ orderId }) => orderId))]);
    const decision = decideReservations(requests, stock, stored, () => runtime.uuid());
    const { reservations } = decision;
    if (reservations.length === 0) return decision;
    if ((await storeReservations(sql, reservations, stored, at)) !== reservations.length) throw COLLISION;
    return decision;
  }, TRANSACTION);

/** Decides and reserves in one transaction, each order all or nothing, in the order of the requests. */
const reserveDeciding = async (
  database: Database,
  requests: ReservationRequests,
  runtime: Pick<Runtime, 'uuid'>,
  at: string,
): Promise<readonly ReservationResult[]> => {
  for (let collisions = 0; ; collisions += 1) {
    try {
      return (await reserveOnce(database, requests, runtime, at)).results;
    } catch (error) {
      if (error !== COLLISION || collisions >= MAX_COLLISIONS) throw error;
    }
  }
};

/**
 * Reserves the stock of requests, each with its own result.
 *
 * Where there is plenty for all, as nearly always, nothing has to be decided and one statement does it; what it leaves
 * is decided, one request after the other, in a transaction. Should that fail, what is held already is found by the same
 * order when it asks again, or by the reconciler.
 */
const reserveUnlocked = async (
  database: Database,
  requests: ReservationRequests,
  runtime: Pick<Runtime, 'uuid'>,
  at: string,
): Promise<ReadonlyMap<ReservationRequests[number], ReservationResult>> => {
  const reservations = newReservations(requests, () => runtime.uuid());
  const held = await reserveWherePlenty(database, [...reservations.values()], at);
  const results = new Map<ReservationRequests[number], ReservationResult>();
  for (const [request, { orderId, reservationId }] of reservations) {
    if (held.has(reservationId)) results.set(request, { orderId, outcome: 'RESERVED', reservationId });
  }
  const open = requests.filter((request) => !results.has(request));
  const decided = open.length > 0 ? await reserveDeciding(database, open, runtime, at) : [];
  open.forEach((request, index) => results.set(request, decided[index] as ReservationResult));
  return results;
};

/**
 * Reserves the stock of a batch of orders, each all or nothing; one result a request, in the same order. Those for an
 * item that somebody keeps locked are LOCKED, and hold up nothing else.
 */
export const reserve = async (
  database: Database,
  requests: ReservationRequests,
  runtime: Pick<Runtime, 'uuid'>,
  { at, lockedApart }: { readonly at: string; readonly lockedApart: LockedApart },
): Promise<readonly ReservationResult[]> => {
  const results = await lockedApart.work(database, requests, (unlocked) =>
    reserveUnlocked(database, unlocked, runtime, at),
  );
  return requests.map(
    (request) => results.get(request) ?? { orderId: request.orderId, outcome: 'LOCKED' as const },
  );
};
