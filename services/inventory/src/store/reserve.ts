import type { ReservationResult } from '@order-pipeline/contracts';
import { isLockTimeout, unavailable, type Runtime } from '@order-pipeline/service-kit';
import {
  decideReservations,
  newReservations,
  type NewReservation,
  type ReservationDecision,
  type ReservationRequests,
  type StoredReservation,
} from '../domain.ts';
import { lockBuckets, mergeLocked } from './buckets.ts';
import type { LockedApart } from './locked.ts';
import { RESERVATION_COLUMNS } from './reservations.ts';
import { takeFromBuckets, takeFromFreeBuckets, type Buckets } from './reserve-buckets.ts';
import { reserveWherePlenty } from './reserve-plenty.ts';
import type { Database, Sql } from './sql.ts';

/** How often a reservation is decided anew when another one for the same order was stored at the same moment. */
const MAX_COLLISIONS = 5;
const TRANSACTION = { maxWait: 1_000, timeout: 5_000 };

const itemIdsOf = (requests: ReservationRequests): string[] => [
  ...new Set(requests.flatMap(({ lines }) => lines.map(({ itemId }) => itemId))),
];

interface LockedItem {
  readonly id: string;
  readonly available: number;
  readonly isSplit: boolean;
}

/**
 * Items are locked before their buckets, and those before reservations, each in the order of ids, everywhere: so no two
 * batches wait in a circle.
 */
const lockItems = (sql: Sql, itemIds: string[]): Promise<LockedItem[]> => sql.$queryRaw<LockedItem[]>`
  SELECT id, available_qty::float8 AS available, buckets > 0 AS "isSplit"
  FROM items WHERE id = ANY(${itemIds}) ORDER BY id FOR UPDATE`;

/** Locks all stock of items, wherever it is. */
const lockStock = async (
  sql: Sql,
  itemIds: string[],
): Promise<{ readonly stock: ReadonlyMap<string, number>; readonly split: readonly string[] }> => {
  const items = await lockItems(sql, itemIds);
  const split = items.filter(({ isSplit }) => isSplit).map(({ id }) => id);
  const inBuckets = split.length > 0 ? await lockBuckets(sql, split) : undefined;
  const stock = new Map(items.map(({ id, available }) => [id, available + (inBuckets?.get(id) ?? 0)]));
  return { stock, split };
};

/** Puts the stock of these items, which is locked, together again. */
export const mergeItems = (database: Database, itemIds: readonly string[]): Promise<number> =>
  database.$transaction(async (sql) => {
    const { split } = await lockStock(sql, [...itemIds]);
    return split.length > 0 ? mergeLocked(sql, split) : 0;
  }, TRANSACTION);

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
    const { stock, split } = await lockStock(sql, itemIdsOf(requests));
    const stored = await lockReservations(sql, [...new Set(requests.map(({ orderId }) => orderId))]);
    const decision = decideReservations(requests, stock, stored, () => runtime.uuid());
    const { reservations, results } = decision;
    // No bucket had enough for what is taken, or all together have not for what is refused. A repeat changes nothing.
    const isTaken = reservations.length > 0 || results.some(({ outcome }) => outcome === 'NOT_ENOUGH_STOCK');
    if (split.length > 0 && isTaken) await mergeLocked(sql, split);
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

type Results = Map<ReservationRequests[number], ReservationResult>;

/** What a way to reserve has held of the requests. */
const heldOf = async (
  requests: ReservationRequests,
  runtime: Pick<Runtime, 'uuid'>,
  hold: (reservations: readonly NewReservation[]) => Promise<ReadonlySet<string>>,
): Promise<Results> => {
  const reservations = newReservations(requests, () => runtime.uuid());
  const held = await hold([...reservations.values()]);
  const results: Results = new Map();
  for (const [request, { orderId, reservationId }] of reservations) {
    if (held.has(reservationId)) results.set(request, { orderId, outcome: 'RESERVED', reservationId });
  }
  return results;
};

const namesHot =
  ({ hotItems }: Buckets) =>
  ({ lines }: ReservationRequests[number]): boolean =>
    lines.some(({ itemId }) => hotItems.has(itemId));

interface Reserving {
  readonly database: Database;
  readonly runtime: Pick<Runtime, 'uuid'>;
  /** ISO 8601. */
  readonly at: string;
  /** Where items are hot. */
  readonly buckets: Buckets | undefined;
}

/** Reserves where nothing has to be decided: each request for a hot item of one bucket, the others of their items. */
const reserveWhereEnough = async (
  { database, runtime, at, buckets }: Reserving,
  requests: ReservationRequests,
): Promise<Results> => {
  const plenty = (some: ReservationRequests) =>
    heldOf(some, runtime, (reservations) => reserveWherePlenty(database, reservations, at));
  if (!buckets) return plenty(requests);
  const isHot = namesHot(buckets);
  const cold = requests.filter((request) => !isHot(request));
  const hot = await heldOf(requests.filter(isHot), runtime, (reservations) =>
    takeFromBuckets(database, reservations, at, buckets),
  );
  return cold.length === 0 ? hot : new Map([...(await plenty(cold)), ...hot]);
};

/**
 * Reserves the stock of requests, each with its own result.
 *
 * Where there is plenty for all, as nearly always, nothing has to be decided and one statement does it; what it leaves
 * is decided, one request after the other, in a transaction. Should that fail, what is held already is found by the same
 * order when it asks again, or by the reconciler.
 */
const reserveUnlocked = async (reserving: Reserving, requests: ReservationRequests): Promise<Results> => {
  const { database, runtime, at } = reserving;
  const results = await reserveWhereEnough(reserving, requests);
  const open = requests.filter((request) => !results.has(request));
  const decided = open.length > 0 ? await reserveDeciding(database, open, runtime, at) : [];
  open.forEach((request, index) => results.set(request, decided[index] as ReservationResult));
  return results;
};

/** Reserves of buckets that are free. A reservation of the same order that is under way is left to those who wait for it. */
const reserveFree = async (
  { database, runtime, at, buckets }: Reserving,
  requests: ReservationRequests,
): Promise<Results | undefined> => {
  if (!buckets) return undefined;
  try {
    return await heldOf(requests.filter(namesHot(buckets)), runtime, (reservations) =>
      takeFromFreeBuckets(database, reservations, at, buckets),
    );
  } catch (error) {
    if (isLockTimeout(error)) return undefined;
    throw error;
  }
};

/**
 * Reserves the stock of a batch of orders, each all or nothing; one result a request, in the same order. Those for an
 * item that somebody keeps locked are LOCKED, and hold up nothing else.
 */
export const reserve = async (
  reserving: Reserving,
  requests: ReservationRequests,
  lockedApart: LockedApart,
): Promise<readonly ReservationResult[]> => {
  const free = await reserveFree(reserving, requests);
  const rest = free ? requests.filter((request) => !free.has(request)) : requests;
  const results = await lockedApart.work(reserving.database, rest, (unlocked) =>
    reserveUnlocked(reserving, unlocked),
  );
  return requests.map(
    (request) =>
      free?.get(request) ?? results.get(request) ?? { orderId: request.orderId, outcome: 'LOCKED' as const },
  );
};
