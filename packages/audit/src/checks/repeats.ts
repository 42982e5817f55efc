import type { Reader } from '../database.ts';
import { createFindings, type Violation } from '../report.ts';

/** How many values are remembered at a time: a table with more is read as often as it takes to come to all of them. */
const MOST_REMEMBERED = 5_000_000;
/** As many bits of a hash as a number holds. */
const HASH_MASK = 4_503_599_627_370_495;
const SUSPECTS_AT_ONCE = 1_000;

interface Seen {
  readonly place: string;
  readonly hash: number;
}

interface Repeats {
  readonly table: string;
  /** The column in which each value is to be once. */
  readonly column: string;
  /** SQL: selects problem, id and detail of a group of rows with one value. */
  readonly columns: string;
  /** SQL: which groups are wrong. */
  readonly having: string;
}

/** The places of rows whose values have one hash, by hash; those with a hash of their own are left out. */
const findSuspects = async (
  reader: Reader,
  { table, column }: Repeats,
  bucket: { readonly index: number; readonly count: number },
): Promise<string[][]> => {
  const first = new Map<number, string>();
  const suspects = new Map<number, string[]>();
  // By its bytes, so that neither an index nor the language of the database has a say in what is the same.
  const hash = `(hashtextextended(${column} COLLATE "C", 0) & ${HASH_MASK})::float8 AS hash`;
  for await (const page of reader.blocks<Seen>(`ctid::text AS place, ${hash}`, table)) {
    for (const seen of page) {
      if (seen.hash % bucket.count !== bucket.index) continue;
      const before = first.get(seen.hash);
      if (before === undefined) first.set(seen.hash, seen.place);
      else suspects.set(seen.hash, [...(suspects.get(seen.hash) ?? [before]), seen.place]);
    }
  }
  return [...suspects.values()];
};

/**
 * The values that several rows of a table have. All rows are passed in pages, and only hashes of them are kept. One that is
 * updated meanwhile may be met twice: so rows with one hash are looked at again together, at one moment, at the
 * places where they were met. What was there before and is not any more was one row, not two.
 */
const findRepeats = async (reader: Reader, repeats: Repeats, exampleCount: number): Promise<Violation[]> => {
  const findings = createFindings(exampleCount);
  const { table, column, columns, having } = repeats;
  const [estimate] = await reader.rows<{ rows: number }>(
    `SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = '${table}'::regclass`,
  );
  const count = 1 + Math.floor((estimate?.rows ?? 0) / MOST_REMEMBERED);
  for (let index = 0; index < count; index += 1) {
    const suspects = await findSuspects(reader, repeats, { index, count });
    for (let from = 0; from < suspects.length; from += SUSPECTS_AT_ONCE)
      findings.addAll(
        await reader.violations(
          `SELECT ${columns} FROM ${table} WHERE ctid = ANY($1::tid[])
           GROUP BY ${column} COLLATE "C" HAVING ${having}`,
          [suspects.slice(from, from + SUSPECTS_AT_ONCE).flat()],
          exampleCount,
        ),
      );
  }
  return [...findings.list()];
};

/**
 * The ids under which a table has more than one row, as it can once its index is broken: the libraries of the operating
 * system may sort text another way after an upgrade, and PostgreSQL then looks for an id in the wrong place.
 *
 * @param what `an item`
 */
export const findStoredTwice = (
  reader: Reader,
  table: string,
  what: string,
  exampleCount: number,
  key = 'id',
): Promise<Violation[]> =>
  findRepeats(
    reader,
    {
      table,
      column: key,
      columns: `'${what} is stored twice', ${key} COLLATE "C", format('%s rows', count(*))`,
      having: 'count(*) > 1',
    },
    exampleCount,
  );

/**
 * The reservations that rows of several orders name.
 *
 * @param key the column with the id of the order
 * @param what `orders`
 */
export const findShared = (
  reader: Reader,
  { table, key, problem, what }: Readonly<Record<'table' | 'key' | 'problem' | 'what', string>>,
  exampleCount: number,
): Promise<Violation[]> =>
  findRepeats(
    reader,
    {
      table,
      column: 'reservation_id',
      columns: `'${problem}', min(${key} COLLATE "C"), format('reservation %s, %s ${what}, another one is %s',
        min(reservation_id COLLATE "C"), count(*), max(${key} COLLATE "C"))`,
      having: `min(${key} COLLATE "C") <> max(${key} COLLATE "C")`,
    },
    exampleCount,
  );
