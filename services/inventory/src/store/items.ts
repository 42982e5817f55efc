import type { InspectedItem, Item, NewItem } from '@order-pipeline/contracts';
import {
  actionRows,
  insertOnce,
  type ActionRecord,
  type Inserted,
  type PageRequest,
} from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import type { Models, Sql } from './sql.ts';

type ItemRow = Item & { readonly seq: number };

const ITEM_COLUMNS = Prisma.sql`
  id AS "itemId", name AS "itemName", available_qty::float8 AS "availableQty", reserved_qty::float8 AS "reservedQty"`;
/** Of an item of the view `item_stock`: all its units, wherever they are. */
const STOCK_COLUMNS = Prisma.sql`
  id AS "itemId", name AS "itemName", stocked_qty::float8 AS "stockedQty", available_qty::float8 AS "availableQty",
  reserved_qty::float8 AS "reservedQty", consumed_qty::float8 AS "consumedQty"`;
const ADDED_COLUMNS = Prisma.sql`id AS "itemId", name AS "itemName", initial_qty::float8 AS "availableQty"`;

/** An item to be added, with what is recorded of it. */
export type ItemToAdd = NewItem & { readonly records?: readonly ActionRecord[] };

/** What is recorded of the rows of `source`, whose column `itemId` names what it was done to. */
export const recordedOf = (source: Prisma.Sql, records: readonly ActionRecord[]): Prisma.Sql =>
  records.length === 0
    ? Prisma.empty
    : Prisma.sql`, recorded AS (
        INSERT INTO operator_actions SELECT record.* FROM ${actionRows(records)} AS record
        JOIN ${source} AS done ON done."itemId" = record.target
      )`;

/**
 * Stores a batch of items, each under its id where that is free; answers what stands there, as it was added.
 *
 * @param at ISO 8601
 */
export const addItems = (sql: Sql, items: readonly ItemToAdd[], at: string): Promise<Inserted<NewItem>[]> =>
  insertOnce<ItemToAdd>(items, {
    idOf: ({ itemId }) => itemId,
    insert: (distinct) => sql.$queryRaw<NewItem[]>`
      WITH added AS (
      INSERT INTO items (id, name, initial_qty, stocked_qty, available_qty, reserved_qty, consumed_qty, created_at)
      SELECT id, name, quantity, quantity, quantity, 0, 0, ${at}::timestamptz
      FROM unnest(
        ${distinct.map(({ itemId }) => itemId)}::text[],
        ${distinct.map(({ itemName }) => itemName)}::text[],
        ${distinct.map(({ availableQty }) => availableQty)}::bigint[]
      ) AS t(id, name, quantity)
      ON CONFLICT (id) DO NOTHING
      RETURNING ${ADDED_COLUMNS}
      )${recordedOf(
        Prisma.sql`added`,
        distinct.flatMap(({ records = [] }) => records),
      )}
      SELECT * FROM added`,
    read: (itemIds) => sql.$queryRaw<NewItem[]>`
      SELECT ${ADDED_COLUMNS} FROM items WHERE id = ANY(${itemIds}::text[])`,
  });

/** An item with all that became of what came in, wherever its units are. */
const readStock = async (sql: Sql, itemId: string): Promise<InspectedItem | undefined> => {
  const [row] = await sql.$queryRaw<InspectedItem[]>`
    SELECT ${STOCK_COLUMNS} FROM item_stock WHERE id = ${itemId}`;
  return row;
};

const itemOf = ({ itemId, itemName, availableQty, reservedQty }: Item): Item => ({
  itemId,
  itemName,
  availableQty,
  reservedQty,
});

export const getItem = async ({ item }: Models, sql: Sql, itemId: string): Promise<Item | undefined> => {
  const select = { name: true, availableQty: true, reservedQty: true, buckets: true } as const;
  const row = await item.findUnique({ where: { id: itemId }, select });
  if (!row) return undefined;
  if (row.buckets > 0) {
    const stock = await readStock(sql, itemId);
    return stock && itemOf(stock);
  }
  const { name, availableQty, reservedQty } = row;
  return { itemId, itemName: name, availableQty: Number(availableQty), reservedQty: Number(reservedQty) };
};

/** An item with all that became of what came in. */
export const inspectItem = readStock;

/** Items, newest first, one more than the limit where there are more. */
export const listItems = (sql: Sql, { limit, before }: PageRequest): Promise<ItemRow[]> => sql.$queryRaw<
  ItemRow[]
>`
  SELECT ${ITEM_COLUMNS}, seq::float8 AS seq FROM item_stock
  ${before === undefined ? Prisma.empty : Prisma.sql`WHERE seq < ${before}::bigint`}
  ORDER BY item_stock.seq DESC LIMIT ${limit + 1}`;

/** Adds units to an item; nothing for an unknown one. */
export const restock = async (
  sql: Sql,
  itemId: string,
  quantity: number,
  records: readonly ActionRecord[] = [],
): Promise<Item | undefined> => {
  const [row] = await sql.$queryRaw<(Item & { readonly isSplit: boolean })[]>`
    WITH stocked AS (
      UPDATE items SET
        stocked_qty = stocked_qty + ${quantity}::bigint, available_qty = available_qty + ${quantity}::bigint
      WHERE id = ${itemId} RETURNING ${ITEM_COLUMNS}, buckets > 0 AS "isSplit"
    )${recordedOf(Prisma.sql`stocked`, records)}
    SELECT * FROM stocked`;
  const item = row?.isSplit ? await readStock(sql, itemId) : row;
  return item && itemOf(item);
};
