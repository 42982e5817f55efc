import type { Mutant } from './mutant.ts';

const RESERVING = 'services/inventory/src/store/reserve.ts';
const BUCKETS = 'services/inventory/src/store/buckets.ts';
const RESERVING_OF_BUCKETS = 'services/inventory/src/store/reserve-buckets.ts';

/** Bugs in the stock of items that are split over buckets. */
export const STOCK_MUTANTS: readonly Mutant[] = [
  {
    name: 'refused although buckets have stock',
    bug: 'an order is refused for want of stock that stands in the buckets of the item',
    edits: [
      {
        file: RESERVING,
        find: 'available + (inBuckets?.get(id) ?? 0)]',
        replace: 'available + (inBuckets?.get(id) ?? 0) * 0]',
      },
    ],
  },
  {
    name: 'bucket read before it is locked',
    bug: 'two reservations read the same bucket, and the later one writes over the earlier',
    // In a statement of its own, as in "stock read, then written".
    edits: [
      {
        file: RESERVING_OF_BUCKETS,
        find: '  const rows = await sql.$queryRaw<{ reservationId: string }[]>`',
        replace: `  const ids = reservations.flatMap(({ lines }) => lines.map(({ itemId }) => itemId));
  const seen = await sql.$queryRaw<{ bucket: string }[]>\`
    SELECT to_json(b)::text AS bucket FROM stock_buckets b WHERE item_id = ANY(\${ids}::text[])\`;
  const rows = await sql.$queryRaw<{ reservationId: string }[]>\``,
      },
      {
        file: RESERVING_OF_BUCKETS,
        find: `      UPDATE stock_buckets SET available_qty = bucket.available_qty - taken.quantity,
        reserved_qty = bucket.reserved_qty + taken.quantity
      FROM taken JOIN bucket USING (item_id)
`,
        replace: `      UPDATE stock_buckets SET available_qty = seen.available_qty - taken.quantity,
        reserved_qty = seen.reserved_qty + taken.quantity
      FROM taken JOIN bucket USING (item_id) JOIN (
        SELECT r.* FROM unnest(\${seen.map((one) => one.bucket)}::text[]) AS t(bucket),
          json_populate_record(NULL::stock_buckets, t.bucket::json) AS r
      ) AS seen USING (item_id, no)
`,
      },
    ],
  },
  {
    name: 'merged without what is reserved',
    bug: 'the units that are reserved of a bucket are gone when it is put together with the others',
    edits: [
      {
        file: BUCKETS,
        find: 'SET buckets = 0, stocked_qty = stocked_qty + units.available + units.reserved,',
        replace: 'SET buckets = 0, stocked_qty = stocked_qty + units.available,',
      },
      {
        file: BUCKETS,
        find: 'available_qty = available_qty + units.available, reserved_qty = reserved_qty + units.reserved',
        replace: 'available_qty = available_qty + units.available',
      },
    ],
  },
];
