import type { Mutant } from './mutant.ts';

/** Bugs in how requests of clients are answered. */
export const REQUEST_MUTANTS: readonly Mutant[] = [
  {
    name: 'idempotency key without effect',
    bug: 'a restock that is repeated under its key is carried out again',
    edits: [
      {
        file: 'services/inventory/src/store/restocks.ts',
        find: '      WHERE known.at <= ${expiredAt}::timestamptz\n      RETURNING',
        replace: '      RETURNING',
      },
    ],
  },
];
