import type { Mutant } from './mutant.ts';

/** Bugs that take the fault of a dependency for one of the message that met it. */
export const DEPENDENCY_MUTANTS: readonly Mutant[] = [
  {
    name: 'read-only is a bug',
    bug: 'what meets a database that is read-only for a while fails for good',
    edits: [
      {
        file: 'packages/service-kit/src/faults/postgres.ts',
        find: "  '25006': renewed('the server is read-only, as an old or not yet promoted primary is after a failover'),\n",
        replace: '',
      },
    ],
  },
  {
    name: 'keeper discards',
    bug: 'a dead letter that cannot be stored at the moment is skipped and lost',
    edits: [
      {
        file: 'packages/messaging/src/dead-letters-ingest.ts',
        find: 'if (isTransient(error)) throw error;',
        replace: 'if (isTransient(error)) return;',
      },
    ],
  },
];
