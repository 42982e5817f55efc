import {
  PREDECESSOR,
  type EventPlace,
  type ReservationRef,
  type TransitionResult,
} from '@order-pipeline/contracts';
import { actionRows, isLockTimeout, unavailable, type ActionRecord } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { findOrders } from './placements.ts';
import { orderOf, STATUS, UNLISTED_COLUMNS, type OrderRow, type Sql } from './sql.ts';

const SKIP_LOCKED = Prisma.sql`SKIP LOCKED`;

/** A status that orders are moved to. */
export type Target = keyof typeof PREDECESSOR;

/** An order that was moved, and the times from which its duration follows, in seconds. */
interface MovedRow extends Omit<OrderRow, 'seq'> {
  /** In the status before. */
  readonly stepSeconds: number;
  readonly traceparent: string | null;
}

/** How long orders took, in seconds: the step that was just made, and all since they were placed. */
export interface StepTimes {
  readonly stepSeconds: number;
  readonly sincePlacedSeconds: number;
  /** The trace of the order, where it is sampled. */
  readonly traceparent: string | null;
}

type Events = ReadonlyMap<string, EventPlace>;

/** What is asked of a move beside its orders. */
interface MoveOptions {
  /** Nobody's lock is waited for. */
  readonly skipLocked?: boolean;
  /** Whose orders they have to be, where that matters. */
  readonly owner?: string | undefined;
  /** What is recorded of it where the order is not this user's own. */
  readonly acting?: Acting | undefined;
  /** Where the event stands that asks for it, by the order. */
  readonly events?: Events | undefined;
}

/** An actor who may move anybody's orders. */
export interface Acting {
  /** Whose orders are their own; nobody's, where it is missing. */
  readonly userId: string | undefined;
  readonly records: readonly ActionRecord[];
}

const recorded = ({ userId, records }: Acting): Prisma.Sql => Prisma.sql`, recorded AS (
    INSERT INTO operator_actions SELECT record.* FROM ${actionRows(records)} AS record
    JOIN moved ON moved.id = record.target AND moved."userId" <> ${userId ?? ''}
  )`;

/** Batches of more orders are joined with their events; of fewer, planning a join costs more than searching. */
const MAX_SEARCHED = 64;

/** In each row of what was moved, its element of an array that is sorted as `ids`, which hold the id of every row. */
const elementOf = (array: Prisma.Sql, ids: readonly string[]): Prisma.Sql =>
  Prisma.sql`(${array})[width_bucket(id COLLATE "C", ${ids}::text[])]`;

/** The event of each row of what was moved, for few orders: by binary search. */
const searched = (orderIds: readonly string[], events: Events): Prisma.Sql => {
  // Ids are ASCII, which JavaScript sorts as the collation does.
  const ids = orderIds.toSorted((a, b) => (a < b ? -1 : 1));
  const partitions = ids.map((id) => events.get(id)?.partition ?? null);
  const offsets = ids.map((id) => events.get(id)?.offset ?? null);
  return Prisma.sql`${elementOf(Prisma.sql`${partitions}::int[]`, ids)}, ${elementOf(Prisma.sql`${offsets}::bigint[]`, ids)}
    FROM moved`;
};

/** The same for many. */
const joined = (events: Events): Prisma.Sql => Prisma.sql`event.partition, event."offset"
  FROM moved LEFT JOIN unnest(
    ${[...events.keys()]}::text[],
    ${[...events.values()].map(({ partition }) => partition)}::int[],
    ${[...events.values()].map(({ offset }) => offset)}::bigint[]
  ) AS event(order_id, partition, "offset") ON event.order_id = id`;

/** The rows of history of what was moved, each with the event that caused it, where one did. */
const stepsOf = (cause: string, orderIds: readonly string[], events?: Events): Prisma.Sql => {
  const step = Prisma.sql`id, status::order_status, "updatedAt", ${cause}`;
  if (events === undefined || events.size === 0)
    return Prisma.sql`INSERT INTO order_history (order_id, status, at, cause) SELECT ${step} FROM moved`;
  return Prisma.sql`INSERT INTO order_history (order_id, status, at, cause, event_partition, event_offset)
    SELECT ${step}, ${orderIds.length > MAX_SEARCHED ? joined(events) : searched(orderIds, events)}`;
};

/**
 * Moves those of the orders that stand in the status before `to`, each with its row of history: compare and set, in one
 * statement. They are locked by id, so that two batches wait for one another and never in a circle; one that somebody
 * else has moved while we waited for it no longer matches. Whose an order is never changes, so it is asked once.
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
  { skipLocked = false, owner, acting, events }: MoveOptions = {},
): Promise<MovedRow[]> => sql.$queryRaw<MovedRow[]>`
  WITH due AS (
    SELECT id, updated_at AS since FROM orders WHERE id = ANY(${orderIds}::text[]) AND ${STATUS} = ${PREDECESSOR[to]}
      ${owner === undefined ? Prisma.empty : Prisma.sql`AND user_id = ${owner}`}
    ORDER BY id FOR UPDATE ${skipLocked ? SKIP_LOCKED : Prisma.empty}
  ), moved AS (
    UPDATE orders SET status = ${to}::order_status,
      updated_at = GREATEST(updated_at, ${at}::timestamptz), announced_at = ${at}::timestamptz
    FROM due WHERE orders.id = due.id AND ${STATUS} = ${PREDECESSOR[to]}
    RETURNING ${UNLISTED_COLUMNS}, date_part('epoch', orders.updated_at - due.since) AS "stepSeconds",
      orders.traceparent
  ), history AS (
    ${stepsOf(cause, orderIds, events)}
  )${acting === undefined ? Prisma.empty : recorded(acting)}
  SELECT * FROM moved`;

/** Moves those whose rows nobody keeps locked: such a row is waited for once, and holds up nothing else. */
const moveUnlocked = async (
  ...[sql, to, orderIds, cause, at, events]: MoveArguments
): Promise<MovedRow[]> => {
  try {
    return await compareAndSet(sql, to, orderIds, cause, at, { events });
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
  }
  if (orderIds.length < 2) return [];
  const first = await compareAndSet(sql, to, orderIds, cause, at, { skipLocked: true, events });
  const left = orderIds.filter((orderId) => !first.some(({ id }) => id === orderId));
  // Once more: others under way lock what they work for a moment only.
  return left.length === 0
    ? first
    : [...first, ...(await compareAndSet(sql, to, left, cause, at, { skipLocked: true, events }))];
};

type MoveArguments = readonly [
  sql: Sql,
  to: Target,
  orderIds: readonly string[],
  cause: string,
  at: string,
  events: MoveOptions['events'],
];

const timesOf = ({ stepSeconds, createdAt, updatedAt, traceparent }: MovedRow): StepTimes => ({
  stepSeconds,
  sincePlacedSeconds: (updatedAt.getTime() - createdAt.getTime()) / 1_000,
  traceparent,
});

const movedResult = (row: MovedRow): TransitionResult => ({
  outcome: 'MOVED',
  order: orderOf(row),
  ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
});

/**
 * Moves a batch of orders to `to`; one result an order, in the same order, and the times of those that were moved.
 *
 * @param at ISO 8601
 * @param events where the event stands that asks for it, by the order: kept with the transition that it causes
 */
export const moveOrders = async (
  ...[sql, to, orderIds, cause, at, events]: MoveArguments
): Promise<{ readonly results: TransitionResult[]; readonly times: readonly StepTimes[] }> => {
  const moved = new Map(
    (await moveUnlocked(sql, to, orderIds, cause, at, events)).map((row) => [row.id, row]),
  );
  const others = orderIds.filter((orderId) => !moved.has(orderId));
  const found = others.length > 0 ? await findOrders(sql, others) : new Map<string, OrderRow>();
  const results = orderIds.map((orderId): TransitionResult => {
    const row = moved.get(orderId);
    if (row) return movedResult(row);
    const other = found.get(orderId);
    if (other?.status === to) return { outcome: 'ALREADY', order: orderOf(other) };
    // It could be moved by what we see now, so it could not be by what we saw then.
    if (other?.status === PREDECESSOR[to]) return { outcome: 'LOCKED', orderId };
    return { outcome: 'SKIPPED', orderId, ...(other ? { status: other.status } : {}) };
  });
  return { results, times: [...moved.values()].map(timesOf) };
};

/**
 * Cancels an order that is PENDING; answers the reservation whose stock has to go back and the order's times, or nothing.
 *
 * @param by whose order it has to be, or who cancels anybody's: decided by the statement that cancels it
 * @throws AppError UNAVAILABLE when somebody keeps its row locked
 */
export const cancelOrder = async (
  sql: Sql,
  orderId: string,
  at: string,
  by: Pick<MoveOptions, 'owner' | 'acting'> = {},
): Promise<{ readonly reservation: ReservationRef; readonly times: StepTimes } | undefined> => {
  const locked = (error: unknown) =>
    isLockTimeout(error)
      ? unavailable(`The order ${orderId} is locked in the database, try again in a moment`, error)
      : error;
  const [row] = await compareAndSet(sql, 'CANCELLED', [orderId], 'cancelled by the client', at, by).catch(
    (error: unknown) => {
      throw locked(error);
    },
  );
  return row && { reservation: { orderId, reservationId: row.reservationId }, times: timesOf(row) };
};

/**
 * Cancelled orders whose stock is not known to be back, by their ids.
 *
 * @param after the last id of the page before, or nothing
 */
export const findStockNotReturned = (
  sql: Sql,
  after: string,
  limit: number,
): Promise<ReservationRef[]> => sql.$queryRaw<ReservationRef[]>`
  SELECT id AS "orderId", reservation_id AS "reservationId" FROM orders
  WHERE status = 'CANCELLED' AND stock_returned_at IS NULL AND id > ${after} ORDER BY id LIMIT ${limit}`;

/** Records that the stock of cancelled orders is back; one whose row somebody keeps locked is left for the next time. */
export const recordStockReturned = (sql: Sql, orderIds: readonly string[], at: string): Promise<number> =>
  sql.$executeRaw`
    WITH due AS (
      SELECT id FROM orders
      WHERE id = ANY(${orderIds}::text[]) AND ${STATUS} = 'CANCELLED' AND stock_returned_at IS NULL
      ORDER BY id FOR UPDATE ${SKIP_LOCKED}
    )
    UPDATE orders SET stock_returned_at = ${at}::timestamptz FROM due WHERE orders.id = due.id`;
