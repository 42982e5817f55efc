import type { RawSql as Sql } from '@order-pipeline/service-kit';

/** Into how many buckets an item is split at most: more than instances reserve of it at one moment. */
export const MAX_BUCKETS = 16;

/** An item that is hot. */
export interface HotItem {
  readonly itemId: string;
  /** How many units of it are asked for in a second; each bucket gets as many at least. */
  readonly unitsPerS: number;
}

export interface Split {
  /** Into how many buckets the item is split now; 0: it is not. */
  readonly buckets: number;
  /** Whether it was not split before. */
  readonly isNew: boolean;
}

/**
 * Splits the stock of an item over buckets, in equal parts, of which its own row keeps one: for instances to which the item
 * is not hot, and for those that know nothing of buckets. Nothing is split that has too few units for two of them.
 *
 * As in `reserveWherePlenty` the quantities are taken from the locked row.
 */
export const splitItem = async (sql: Sql, { itemId, unitsPerS }: HotItem): Promise<Split> => {
  const [row] = await sql.$queryRaw<Split[]>`
    WITH item AS (
      SELECT * FROM items WHERE id = ${itemId} AND buckets = 0 FOR UPDATE
    ), part AS (
      SELECT id, wanted, available_qty / (wanted + 1) AS quantity
      FROM item, LATERAL (SELECT least(${MAX_BUCKETS}::bigint, available_qty / ${unitsPerS}::bigint - 1) AS wanted) AS w
      WHERE wanted >= 2
    ), made AS (
      INSERT INTO stock_buckets (item_id, no, available_qty, reserved_qty)
      SELECT id, no, quantity, 0 FROM part, generate_series(1, wanted) AS no
    ), left_over AS (
      UPDATE items SET buckets = part.wanted, stocked_qty = item.stocked_qty - part.wanted * part.quantity,
        available_qty = item.available_qty - part.wanted * part.quantity,
        reserved_qty = item.reserved_qty, consumed_qty = item.consumed_qty
      FROM part JOIN item USING (id) WHERE items.id = part.id
      RETURNING items.buckets
    )
    SELECT buckets, true AS "isNew" FROM left_over
    UNION ALL SELECT buckets, false FROM items WHERE id = ${itemId} AND buckets > 0`;
  return row ?? { buckets: 0, isNew: false };
};

/** Units in the buckets of items, which are locked after their items, in order, so that no two transactions wait in a circle. */
export const lockBuckets = async (sql: Sql, itemIds: readonly string[]): Promise<Map<string, number>> => {
  const rows = await sql.$queryRaw<{ itemId: string; available: number }[]>`
    SELECT item_id AS "itemId", available_qty::float8 AS available FROM stock_buckets
    WHERE item_id = ANY(${[...itemIds]}::text[]) ORDER BY item_id, no FOR UPDATE`;
  const units = new Map<string, number>();
  for (const { itemId, available } of rows) units.set(itemId, (units.get(itemId) ?? 0) + available);
  return units;
};

/** Puts all units of items that we have locked, with their buckets, back into their rows. */
export const mergeLocked = (sql: Sql, itemIds: readonly string[]): Promise<number> =>
  sql.$executeRaw`
    WITH gone AS (
      DELETE FROM stock_buckets WHERE item_id = ANY(${[...itemIds]}::text[])
      RETURNING item_id, available_qty, reserved_qty
    ), units AS (
      SELECT item_id, sum(available_qty) AS available, sum(reserved_qty) AS reserved FROM gone GROUP BY item_id
    )
    UPDATE items SET buckets = 0, stocked_qty = stocked_qty + units.available + units.reserved,
      available_qty = available_qty + units.available, reserved_qty = reserved_qty + units.reserved
    FROM units WHERE items.id = units.item_id`;

/** An item that is split, and how many units were ever reserved of its buckets. */
export interface SplitItem {
  readonly itemId: string;
  readonly reserved: string;
}

export const findSplitItems = (sql: Sql): Promise<SplitItem[]> =>
  sql.$queryRaw<SplitItem[]>`
    SELECT item_id AS "itemId", sum(reserved_qty)::text AS reserved FROM stock_buckets GROUP BY item_id`;
