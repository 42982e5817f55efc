import type { Item } from '@order-pipeline/contracts';
import { unavailable, type ActionRecord } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { recordedOf } from './items.ts';
import type { Sql } from './sql.ts';

/** A restock under a key of the client's own. */
export interface KeyedRestock {
  readonly itemId: string;
  readonly quantity: number;
  readonly key: string;
  /** ISO 8601. */
  readonly at: string;
  /** Keys of this time and before are free again; ISO 8601. */
  readonly expiredAt: string;
  /** What is recorded of it, when it is new. */
  readonly records: readonly ActionRecord[];
}

/** What the key stands for now, by this restock or by one before; no quantity while it is not known yet. */
type Row = Item & { readonly quantity: number | null; readonly isNew: boolean };

export interface Restocked {
  /** The item as the restock under the key left it. */
  readonly item: Item;
  /** How many units that restock added. */
  readonly quantity: number;
  readonly isNew: boolean;
}

/** A restock that was stored since the statement began is seen by the next one. */
const MAX_TRIES = 3;

/** What the buckets of `item` have of it; nothing is read of one that is not split. */
const inBuckets = (column: Prisma.Sql): Prisma.Sql => Prisma.sql`CASE WHEN buckets > 0 THEN (
        SELECT coalesce(sum(b.${column}), 0) FROM stock_buckets b WHERE b.item_id = item.id
      ) ELSE 0 END`;
const AVAILABLE = inBuckets(Prisma.sql`available_qty`);
const RESERVED = inBuckets(Prisma.sql`reserved_qty`);

/**
 * The item is locked first, as everywhere, so restocks of one item come one after the other. As in `reserveWherePlenty`
 * its quantities are taken from the locked row.
 */
const restockOnce = async (
  sql: Sql,
  { itemId, quantity, key, at, expiredAt, records }: KeyedRestock,
): Promise<Row | undefined> => {
  const [row] = await sql.$queryRaw<Row[]>`
    WITH item AS (
      SELECT * FROM items WHERE id = ${itemId} FOR UPDATE
    ), taken AS (
      INSERT INTO restocks AS known (item_id, key, quantity, available_qty, reserved_qty, at)
      SELECT id, ${key}, ${quantity}::bigint, available_qty + ${AVAILABLE} + ${quantity}::bigint,
        reserved_qty + ${RESERVED}, ${at}::timestamptz
      FROM item
      ON CONFLICT (item_id, key) DO UPDATE SET quantity = excluded.quantity,
        available_qty = excluded.available_qty, reserved_qty = excluded.reserved_qty, at = excluded.at
      WHERE known.at <= ${expiredAt}::timestamptz
      RETURNING known.*
    ), stocked AS (
      UPDATE items SET stocked_qty = item.stocked_qty + taken.quantity,
        available_qty = item.available_qty + taken.quantity,
        reserved_qty = item.reserved_qty, consumed_qty = item.consumed_qty
      FROM item JOIN taken ON taken.item_id = item.id WHERE items.id = item.id
    )${recordedOf(Prisma.sql`(SELECT item_id AS "itemId" FROM taken)`, records)}, known AS (
      SELECT *, true AS is_new FROM taken
      UNION ALL
      SELECT *, false FROM restocks
      WHERE item_id = ${itemId} AND key = ${key} AND NOT EXISTS (SELECT FROM taken)
    )
    SELECT item.id AS "itemId", item.name AS "itemName", known.available_qty::float8 AS "availableQty",
      known.reserved_qty::float8 AS "reservedQty", known.quantity::float8 AS quantity, known.is_new AS "isNew"
    FROM item LEFT JOIN known ON known.item_id = item.id`;
  return row;
};

/**
 * Adds units to an item once under the key: a restock that stands under it already is answered as it was. Nothing for an
 * unknown item.
 *
 * @throws AppError UNAVAILABLE when it is not known; retrying is safe
 */
export const restockUnderKey = async (sql: Sql, restock: KeyedRestock): Promise<Restocked | undefined> => {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const row = await restockOnce(sql, restock);
    if (!row) return undefined;
    const { quantity, isNew, ...item } = row;
    if (quantity !== null) return { item, quantity, isNew };
  }
  throw unavailable('The same restock is under way, try again in a moment');
};

/** Removes keys that are kept no longer, so many at most; answers how many. It waits for nobody. */
export const removeExpiredKeys = (sql: Sql, expiredAt: string, limit: number): Promise<number> =>
  sql.$executeRaw`
    DELETE FROM restocks WHERE (item_id, key) IN (
      SELECT item_id, key FROM restocks WHERE at <= ${expiredAt}::timestamptz
      ORDER BY at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    )`;
