import { countIn, type Reader } from '../database.ts';
import { checkOf, type Check } from '../report.ts';
import type { AuditContext } from './context.ts';
import { linesOrNone } from './lines.ts';
import { storedTwice } from './stored-twice.ts';

/**
 * Items against themselves and against the reservations, both as of one moment: a reservation and its units change in
 * one transaction, so at every moment this holds to the unit. Of those that were archived the units are kept. A reservation whose lines are malformed, which is reported
 * among the `reservations`, counts nothing.
 */
const WRONG_STOCK = `
  SELECT unnest(array_remove(ARRAY[
      CASE WHEN items.id IS NULL THEN 'a reservation names an item that does not exist' END,
      CASE WHEN least(available_qty, reserved_qty, consumed_qty) < 0 THEN 'an item has a negative quantity' END,
      CASE WHEN stocked_qty < initial_qty THEN 'an item has fewer units in total than it was added with' END,
      CASE WHEN stocked_qty <> available_qty::numeric + reserved_qty + consumed_qty
        THEN 'units are missing or surplus: stocked is not available + reserved + consumed' END,
      CASE WHEN reserved_qty <> coalesce(held, 0)
        THEN 'the reserved units of an item are not those of its held reservations' END,
      CASE WHEN consumed_qty <> coalesce(gone, 0)
        THEN 'the consumed units of an item are not those of its consumed reservations' END
    ], NULL)),
    id,
    format('added with %s, stocked %s, available %s, reserved %s, consumed %s; held by reservations %s, consumed by them %s',
      initial_qty, stocked_qty, available_qty, reserved_qty, consumed_qty, coalesce(held, 0), coalesce(gone, 0))
  FROM items FULL JOIN (
    SELECT id, sum(held) AS held, sum(gone) AS gone FROM (
      SELECT line."itemId" AS id,
        sum(line.quantity) FILTER (WHERE state = 'HELD') AS held,
        sum(line.quantity) FILTER (WHERE state = 'CONSUMED') AS gone
      FROM reservations, jsonb_to_recordset(${linesOrNone('lines')}) AS line("itemId" text, quantity bigint)
      WHERE state <> 'RELEASED' GROUP BY 1
      UNION ALL SELECT item_id, NULL, consumed_qty FROM archived_units
    ) AS moved GROUP BY id
  ) AS units USING (id)`;

/** Every unit of every item is where the reservations say, and none is missing. */
export const checkStock = async (inventory: Reader, { exampleCount }: AuditContext): Promise<Check> =>
  checkOf('stock', {
    checked: await countIn(inventory, 'SELECT count(*)::float8 AS count FROM items'),
    unit: 'items',
    violations: await inventory.violations(
      `${WRONG_STOCK} UNION ALL ${storedTwice('items', 'an item')}`,
      [],
      exampleCount,
    ),
  });
