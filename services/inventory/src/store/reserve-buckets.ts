import type { NewReservation } from '../domain.ts';
import { Prisma } from '../generated/client.ts';
import { MAX_BUCKETS } from './buckets.ts';
import type { Sql } from './sql.ts';

/** The ids of items that are split, as far as is known. */
export type HotItems = Pick<ReadonlyMap<string, unknown>, 'has' | 'size'>;

/** Where to look: which items are split, and the bucket that this instance takes from first. */
export interface Buckets {
  readonly hotItems: HotItems;
  readonly preferred: number;
}

/** How far a bucket `b` is from the one that is preferred. */
const distanceTo = (preferred: number): Prisma.Sql =>
  Prisma.sql`((b.no - ${preferred}::int + ${MAX_BUCKETS}::int) % ${MAX_BUCKETS}::int), b.no`;

/** Buckets `b` that have all units of their item that are `asked` for here together. */
const ENOUGH = Prisma.sql`b.item_id = asked.item_id AND b.available_qty >= asked.quantity`;

interface Locking {
  /** Of the rows of items. */
  readonly lock: Prisma.Sql;
  /** One bucket with enough units of the item that is `asked` for. */
  pick(preferred: number): Prisma.Sql;
}

/** Waits for no row: the nearest bucket that nobody else uses at this moment. */
const SKIPPING: Locking = {
  lock: Prisma.sql`SKIP LOCKED`,
  pick: (preferred) => Prisma.sql`
    SELECT b.* FROM stock_buckets b WHERE ${ENOUGH} ORDER BY ${distanceTo(preferred)} LIMIT 1 FOR UPDATE SKIP LOCKED`,
};

/** Waits for the nearest bucket: for a single one of each item, so that no two batches wait in a circle. */
const WAITING: Locking = {
  lock: Prisma.empty,
  pick: (preferred) => Prisma.sql`
    SELECT b.* FROM stock_buckets b WHERE ${ENOUGH} AND b.no = (
      SELECT b.no FROM stock_buckets b WHERE ${ENOUGH} ORDER BY ${distanceTo(preferred)} LIMIT 1
    ) FOR UPDATE`,
};

/** The lines of reservations, and the reservations: `line` and `wanted`. */
const requested = (reservations: readonly NewReservation[], hotItems: HotItems): Prisma.Sql => {
  const lines = reservations.flatMap((reservation, index) =>
    reservation.lines.map((line) => ({ ...line, no: index + 1 })),
  );
  return Prisma.sql`line AS (
      SELECT * FROM unnest(
        ${lines.map(({ no }) => no)}::int[],
        ${lines.map(({ itemId }) => itemId)}::text[],
        ${lines.map(({ quantity }) => quantity)}::bigint[],
        ${lines.map(({ itemId }) => hotItems.has(itemId))}::boolean[]
      ) AS t(no, item_id, quantity, is_hot)
    ), wanted AS (
      SELECT * FROM unnest(
        ${reservations.map(({ orderId }) => orderId)}::text[],
        ${reservations.map(({ reservationId }) => reservationId)}::text[],
        ${reservations.map((reservation) => JSON.stringify(reservation.lines))}::text[]
      ) WITH ORDINALITY AS t(order_id, reservation_id, lines, no)
    )`;
};

/**
 * Reserves in one statement for the orders about which nothing has to be decided, as `reserveWherePlenty` does, with the
 * units of hot items from a single bucket each. Items that are not hot are locked before buckets, each in the order of ids.
 *
 * @returns the ids of the reservations that are held now
 */
const take = async (
  sql: Sql,
  reservations: readonly NewReservation[],
  at: string,
  { hotItems, preferred }: Buckets,
  { lock, pick }: Locking,
): Promise<string[]> => {
  const rows = await sql.$queryRaw<{ reservationId: string }[]>`
    WITH ${requested(reservations, hotItems)}, asked AS (
      SELECT item_id, is_hot, sum(quantity)::bigint AS quantity FROM line GROUP BY item_id, is_hot
    ), stock AS (
      SELECT id, stocked_qty, available_qty, reserved_qty, consumed_qty FROM items
      WHERE id IN (SELECT item_id FROM asked WHERE NOT is_hot) ORDER BY id FOR UPDATE ${lock}
    ), bucket AS (
      SELECT picked.* FROM (SELECT * FROM asked WHERE is_hot ORDER BY item_id) AS asked, LATERAL (${pick(preferred)}) AS picked
      WHERE (SELECT count(*) FROM stock) >= 0
    ), plenty AS (
      SELECT id FROM stock JOIN asked ON item_id = id WHERE available_qty >= quantity
      UNION ALL SELECT item_id FROM bucket
    ), lacking AS (
      SELECT no FROM line WHERE item_id NOT IN (SELECT id FROM plenty)
    ), held AS (
      INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
      SELECT order_id, reservation_id, 'HELD', lines::jsonb, ${at}::timestamptz, ${at}::timestamptz
      FROM wanted WHERE no NOT IN (SELECT no FROM lacking) ORDER BY order_id
      ON CONFLICT (order_id) DO NOTHING
      RETURNING reservation_id
    ), taken AS (
      SELECT item_id, sum(quantity) AS quantity
      FROM held JOIN wanted USING (reservation_id) JOIN line USING (no) GROUP BY item_id
    ), moved AS (
      UPDATE items SET stocked_qty = stock.stocked_qty, available_qty = stock.available_qty - taken.quantity,
        reserved_qty = stock.reserved_qty + taken.quantity, consumed_qty = stock.consumed_qty
      FROM taken JOIN stock ON stock.id = taken.item_id WHERE items.id = stock.id
    ), emptied AS (
      UPDATE stock_buckets SET available_qty = bucket.available_qty - taken.quantity,
        reserved_qty = bucket.reserved_qty + taken.quantity
      FROM taken JOIN bucket USING (item_id)
      WHERE stock_buckets.item_id = bucket.item_id AND stock_buckets.no = bucket.no
    )
    SELECT reservation_id AS "reservationId" FROM held`;
  return rows.map(({ reservationId }) => reservationId);
};

type TakeFromBuckets = (
  sql: Sql,
  reservations: readonly NewReservation[],
  at: string,
  buckets: Buckets,
) => Promise<ReadonlySet<string>>;

const taking =
  (locking: Locking): TakeFromBuckets =>
  async (sql, reservations, at, buckets) =>
    new Set(reservations.length === 0 ? [] : await take(sql, reservations, at, buckets, locking));

/** Takes the units of hot items from buckets that nobody else uses at this moment; waits for no row. */
export const takeFromFreeBuckets = taking(SKIPPING);

/** The same for what was left, waiting for one bucket of each item. */
export const takeFromBuckets = taking(WAITING);
