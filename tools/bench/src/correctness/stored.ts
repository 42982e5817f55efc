import type { DatabaseName } from '@order-pipeline/contracts';
import type { Placing } from '../load/place.ts';
import { withDatabase, type Session } from '../system/databases.ts';
import { addUp, FLAWLESS, type Correctness } from './correctness.ts';

const PAGE = 10_000;

const countMissing = async ({ rows }: Session, orderIds: readonly string[]): Promise<number> => {
  let missing = 0;
  for (let start = 0; start < orderIds.length; start += PAGE) {
    const [row] = await rows<{ missing: number }>(
      `SELECT count(*)::float8 AS missing FROM unnest($1::text[]) AS asked(id) LEFT JOIN orders USING (id)
       WHERE orders.id IS NULL`,
      [orderIds.slice(start, start + PAGE)],
    );
    missing += row?.missing ?? 0;
  }
  return missing;
};

/** Units that are no longer available, of each of these items. A commit that is compared with may know no buckets yet. */
const unitsTaken = async ({ rows }: Session, itemIds: readonly string[]): Promise<number[]> => {
  const [stock] = await rows<{ name: string }>(
    "SELECT coalesce(to_regclass('item_stock'), 'items')::text AS name",
  );
  const found = await rows<{ taken: number }>(
    `SELECT (stocked_qty - available_qty)::float8 AS taken FROM ${stock?.name ?? 'items'} WHERE id = ANY($1::text[])`,
    [itemIds],
  );
  return found.map(({ taken }) => taken);
};

/**
 * Holds what stands in the books of a dataset against the orders that were placed with it. An order that was not answered may
 * have been stored or not.
 */
export const judgeStock = (
  placings: readonly Pick<Placing, 'answers' | 'source'>[],
  taken: readonly number[],
): Correctness => {
  const unitsOf = (count: (placing: Pick<Placing, 'answers'>) => number): number =>
    placings.reduce((units, placing) => units + count(placing) * placing.source.unitsOfEach, 0);
  const sold = unitsOf(({ answers }) => answers.placed.length);
  const unknown = unitsOf(({ answers }) => answers.wrong);
  const stock = placings[0]
    ? placings[0].source.dataset.stockOfEach * placings[0].source.dataset.itemIds.length
    : 0;
  const gone = taken.reduce((sum, units) => sum + units, 0);
  return {
    refusedWrongly: 0,
    lost: Math.max(0, sold - gone),
    doubled: Math.max(0, gone - sold - unknown),
    oversold: Math.max(0, sold - stock),
  };
};

/**
 * Holds what the databases say against what was answered.
 *
 * @param placings all that were placed with one dataset
 */
export const judgeStored = async (
  databases: Readonly<Record<DatabaseName, string>>,
  placings: readonly Placing[],
): Promise<Correctness> => {
  const missing = await withDatabase(databases.orders, (session) =>
    countMissing(
      session,
      placings.flatMap(({ answers }) => answers.placed),
    ),
  );
  const itemIds = placings[0]?.source.dataset.itemIds ?? [];
  const taken = await withDatabase(databases.inventory, (session) => unitsTaken(session, itemIds));
  const refusedWrongly = placings.reduce((sum, { answers }) => sum + answers.wrong, 0);
  return addUp([{ ...FLAWLESS, refusedWrongly, lost: missing }, judgeStock(placings, taken)]);
};
