import { boundsOf, countIn, within, type Reader } from '../database.ts';
import { checkOf, createFindings, type Check, type Violation } from '../report.ts';
import type { AuditContext } from './context.ts';
import { linesOrNone } from './lines.ts';
import { findStoredTwice } from './repeats.ts';

const NO_ITEM = 'a reservation names an item that does not exist';
const WRONG_CONSUMED = 'the consumed units of an item are not those of its consumed reservations';

/** SQL: the units of reservations by item, in some states. One whose lines are malformed counts nothing. */
const unitsBy = (columns: string, where: string): string => `
  SELECT line."itemId" AS id, ${columns}
  FROM reservations, jsonb_to_recordset(${linesOrNone('lines')}) AS line("itemId" text, quantity bigint)
  WHERE ${where} GROUP BY 1`;

/** SQL: what the buckets of items have, by item. */
const BUCKETS = `
  SELECT item_id AS id, count(*) AS count, sum(available_qty) AS available, sum(reserved_qty) AS reserved,
    least(min(available_qty), min(reserved_qty)) AS least
  FROM stock_buckets GROUP BY 1`;

/** Items with all their units, wherever these are: a part of those of an item that is split is in its buckets. */
const WHOLE_ITEMS = `(
  SELECT id, initial_qty, stocked_qty + coalesce(available + reserved, 0) AS stocked_qty,
    available_qty + coalesce(available, 0) AS available_qty, reserved_qty + coalesce(reserved, 0) AS reserved_qty, consumed_qty
  FROM items LEFT JOIN (${BUCKETS}) AS buckets USING (id)
) AS items`;

/** Each bucket by itself: one that is below zero is made good by no other. */
const WRONG_BUCKETS = `
  SELECT unnest(array_remove(ARRAY[
      CASE WHEN least < 0 THEN 'a bucket of an item has a negative quantity' END,
      CASE WHEN items.available_qty < 0 AND count IS NOT NULL THEN 'the part of an item beside its buckets is negative' END,
      CASE WHEN items.id IS NULL THEN 'a bucket is of an item that does not exist' END,
      CASE WHEN items.buckets <> coalesce(count, 0) THEN 'an item does not have the buckets that it is split into' END
    ], NULL)),
    id,
    format('split into %s, buckets %s; least quantity of one %s, available beside them %s',
      coalesce(buckets, 0), coalesce(count, 0), least, available_qty)
  FROM items FULL JOIN (${BUCKETS}) AS parts USING (id)`;

/**
 * Items against themselves and against reservations, both as of one moment: a reservation and its units change in one
 * transaction, so at every moment this holds to the unit. Malformed lines are reported among the `reservations`.
 *
 * @param units selects id, held and gone
 * @param consumed what is wrong with what is gone
 * @param nothing what is written where no units are gone
 */
const wrongStock = (units: string, consumed: string, nothing: string): string => `
  SELECT unnest(array_remove(ARRAY[
      CASE WHEN items.id IS NULL THEN '${NO_ITEM}' END,
      CASE WHEN least(available_qty, reserved_qty, consumed_qty) < 0 THEN 'an item has a negative quantity' END,
      CASE WHEN stocked_qty < initial_qty THEN 'an item has fewer units in total than it was added with' END,
      CASE WHEN stocked_qty <> available_qty::numeric + reserved_qty + consumed_qty
        THEN 'units are missing or surplus: stocked is not available + reserved + consumed' END,
      CASE WHEN reserved_qty <> coalesce(held, 0)
        THEN 'the reserved units of an item are not those of its held reservations' END,
      ${consumed}
    ], NULL)),
    id,
    format('added with %s, stocked %s, available %s, reserved %s, consumed %s; held by reservations %s, consumed by them %s',
      initial_qty, stocked_qty, available_qty, reserved_qty, consumed_qty, coalesce(held, 0), coalesce(gone::text, '${nothing}'))
  FROM ${WHOLE_ITEMS} FULL JOIN (${units}) AS units USING (id)
  UNION ALL
  ${WRONG_BUCKETS}`;

/** Those of reservations that were archived are kept. */
const ALL_UNITS = `
  SELECT id, sum(held) AS held, sum(gone) AS gone FROM (
    ${unitsBy(
      `sum(line.quantity) FILTER (WHERE state = 'HELD') AS held, sum(line.quantity) FILTER (WHERE state = 'CONSUMED') AS gone`,
      `state <> 'RELEASED'`,
    )}
    UNION ALL SELECT item_id, NULL, consumed_qty FROM archived_units
  ) AS moved GROUP BY id`;

const AT_ONE_MOMENT = wrongStock(
  ALL_UNITS,
  `CASE WHEN consumed_qty <> coalesce(gone, 0) THEN '${WRONG_CONSUMED}' END`,
  '0',
);

/** The same but for what has left: of that there is more and more, and of what is held only what is in progress. */
const HELD_AT_ONE_MOMENT = wrongStock(
  unitsBy(`sum(line.quantity) AS held, NULL::numeric AS gone`, `state = 'HELD'`),
  'NULL',
  'see elsewhere',
);

const CONSUMED_BY_ITEMS = `SELECT id, consumed_qty::text AS units FROM items WHERE ${within('id')}`;
const CONSUMED_BY_RESERVATIONS = unitsBy(
  'sum(line.quantity)::text AS units',
  `state = 'CONSUMED' AND ${within('order_id')}`,
);

interface Units {
  readonly id: string;
  readonly units: string;
}

const readConsumed = async (inventory: Reader): Promise<Map<string, bigint>> => {
  const consumed = new Map<string, bigint>();
  for await (const range of inventory.ranges('items', 'id'))
    for (const { id, units } of await inventory.rows<Units>(CONSUMED_BY_ITEMS, boundsOf(range)))
      consumed.set(id, BigInt(units));
  return consumed;
};

const readArchived = async (inventory: Reader): Promise<Map<string, bigint>> => {
  const rows = await inventory.rows<Units>(
    'SELECT item_id AS id, sum(consumed_qty)::text AS units FROM archived_units GROUP BY 1',
  );
  return new Map(rows.map(({ id, units }) => [id, BigInt(units)]));
};

const sumConsumed = async (inventory: Reader): Promise<Map<string, bigint>> => {
  const sums = new Map<string, bigint>();
  for await (const range of inventory.ranges('reservations', 'order_id'))
    for (const { id, units } of await inventory.rows<Units>(CONSUMED_BY_RESERVATIONS, boundsOf(range)))
      sums.set(id, (sums.get(id) ?? 0n) + BigInt(units));
  return sums;
};

/**
 * The consumed units of items against reservations that are read in parts. What is consumed stays so, and what was read may
 * be archived afterwards, what was not read before: so the reservations together with what was archived at last have no
 * less than the items said before, and together with what was archived at first no more than they say after. Of an item of
 * which nothing was consumed or archived meanwhile all are the same.
 *
 * @param wrongBefore what was found already, which is answered as well
 */
const findWrongConsumed = async (
  inventory: Reader,
  wrongBefore: readonly Violation[],
  exampleCount: number,
): Promise<readonly Violation[]> => {
  const missing = wrongBefore.find(({ problem }) => problem === NO_ITEM)?.examples.map(({ id }) => id);
  const findings = createFindings(exampleCount);
  findings.addAll(wrongBefore);
  const before = await readConsumed(inventory);
  const archivedBefore = await readArchived(inventory);
  const found = await sumConsumed(inventory);
  const archivedAfter = await readArchived(inventory);
  const after = await readConsumed(inventory);
  for (const id of new Set([...found.keys(), ...archivedAfter.keys(), ...after.keys()])) {
    const of = (units: ReadonlyMap<string, bigint>): bigint => units.get(id) ?? 0n;
    const detail = `consumed ${of(before)} before and ${of(after)} after; consumed by reservations ${of(found)}, archived ${of(archivedAfter)}`;
    const isWrong = of(found) + of(archivedAfter) < of(before) || of(found) + of(archivedBefore) > of(after);
    if (!after.has(id)) {
      if (!missing?.includes(id)) findings.add(NO_ITEM, { id, detail });
    } else if (isWrong) findings.add(WRONG_CONSUMED, { id, detail });
  }
  return findings.list();
};

/** Every unit of every item is where the reservations say, and none is missing. */
export const checkStock = async (inventory: Reader, { exampleCount }: AuditContext): Promise<Check> => {
  const isSmall = (await inventory.isSmall('reservations')) && (await inventory.isSmall('items'));
  const wrong = await inventory.violations(isSmall ? AT_ONE_MOMENT : HELD_AT_ONE_MOMENT, [], exampleCount);
  return checkOf('stock', {
    checked: await countIn(inventory, 'SELECT count(*)::float8 AS count FROM items'),
    unit: 'items',
    violations: [
      ...(isSmall ? wrong : await findWrongConsumed(inventory, wrong, exampleCount)),
      ...(await findStoredTwice(inventory, 'items', 'an item', exampleCount)),
    ],
  });
};
