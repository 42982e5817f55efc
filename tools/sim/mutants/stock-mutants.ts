import type { Mutant } from './mutant.ts';

const RESERVING = 'services/inventory/src/store/reserve.ts';

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
];
