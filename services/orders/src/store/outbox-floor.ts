import { Prisma } from '../generated/client.ts';

/** What one statement saw of the ids of the outbox, above the floor that it was given. */
export interface Sight {
  /** The server's start and the table: where either is another one, so are the ids. */
  readonly origin: string;
  /** The last id that the sequence has given out. */
  readonly drawn: bigint;
  /** The oldest row, in the snapshot of the statement. */
  readonly oldest: bigint | undefined;
  /** The transactions that write the outbox, looked up after `drawn`; null where that was not worth a look. */
  readonly writers: readonly string[] | null;
}

interface Known {
  readonly origin: string | undefined;
  /** No row has this id or one below it, and none ever will. */
  readonly floor: bigint;
  /** Every transaction that was given this id or one below it has ended. */
  readonly settled: bigint;
  /** Ids that are settled when none of these transactions is left. */
  readonly awaited?: { readonly upTo: bigint; readonly writers: readonly string[] } | undefined;
}

const UNKNOWN: Known = { origin: undefined, floor: 0n, settled: 0n };

/** So few ids above the floor are not worth a look at who writes. */
const FEW_IDS = 20n;

/**
 * SQL: `origin`, `drawn` and `writers` of a `Sight`. The writers hang on what the sequence says, so they are looked up
 * after it: a transaction that was given an id by then locks the table until the end of its transaction, by an INSERT's lock.
 *
 * @param floor what is known of it, 0 for nothing
 */
export const sightOf = (floor: bigint): { readonly columns: Prisma.Sql; readonly source: Prisma.Sql } => ({
  columns: Prisma.sql`
    pg_postmaster_start_time()::text || ' ' || 'outbox'::regclass::oid AS origin, given.drawn::text AS drawn,
    CASE WHEN given.drawn > ${(floor + FEW_IDS).toString()}::bigint THEN ARRAY(
      SELECT virtualtransaction FROM pg_locks
      WHERE locktype = 'relation' AND relation = 'outbox'::regclass AND mode = 'RowExclusiveLock'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND given.drawn > 0
    ) END AS writers`,
  source: Prisma.sql`(SELECT coalesce(pg_sequence_last_value('outbox_id_seq'), 0) AS drawn OFFSET 0) AS given`,
});

const settle = (
  { settled, awaited }: Known,
  { drawn, writers }: Sight,
): Pick<Known, 'settled' | 'awaited'> => {
  if (writers === null || awaited?.writers.some((writer) => writers.includes(writer)))
    return { settled, awaited };
  const done = awaited && awaited.upTo > settled ? awaited.upTo : settled;
  return writers.length === 0
    ? { settled: drawn > done ? drawn : done, awaited: undefined }
    : { settled: done, awaited: { upTo: drawn, writers } };
};

/**
 * An id below which the outbox holds nothing any more, as one instance remembers it. Published events are deleted, and
 * where somebody holds an old snapshot their dead rows stay in the index until it ends: a statement that reads from the floor on
 * does not pass them.
 *
 * Ids are given out in order, and committed in any: a row may appear below another one that is gone already. So the floor
 * rises only over ids whose transactions have ended before a look that sees no row of them.
 */
export interface OutboxFloor {
  /** Rows that are not above it need not be looked for. */
  current(): bigint;
  /**
   * Begins a look.
   *
   * @returns takes what the look saw, and answers whether it counts: not where the floor that it was given is that of another server
   */
  look(): (sight: Sight) => boolean;
}

export const createOutboxFloor = (): OutboxFloor => {
  let known = UNKNOWN;
  return {
    current: () => known.floor,
    look: () => {
      // Looks may overlap, and one knows nothing of what another one has learnt since it began.
      const before = known;
      return (sight) => {
        if (known.origin !== before.origin) return before.floor === 0n;
        const isElsewhere = sight.origin !== before.origin || sight.drawn < before.floor;
        if (isElsewhere) {
          const anew = { ...UNKNOWN, origin: sight.origin };
          known = { ...anew, ...settle(anew, sight) };
          return before.floor === 0n;
        }
        const { oldest } = sight;
        const free = oldest !== undefined && oldest <= before.settled ? oldest - 1n : before.settled;
        const next = known.awaited === before.awaited ? settle(known, sight) : known;
        known = { ...known, ...next, floor: free > known.floor ? free : known.floor };
        return true;
      };
    },
  };
};
