import type { OrderStatus } from '@order-pipeline/contracts';
import { Prisma } from '../generated/client.ts';
import type { Sql } from './sql.ts';

/** Of each closed status, the first ones by placement: a look costs the same however many there are. */
const MAX_PER_STATUS = 1_000;
const CLOSED = ['DELIVERED', 'CANCELLED'] as const satisfies readonly OrderStatus[];
type Closed = (typeof CLOSED)[number];

/** From which place in the order of placement on closed orders of each status are to be looked for. */
export type ClosedFrom = Readonly<Partial<Record<Closed, string>>>;

/** The closed orders that should have been archived. */
export interface OverdueForArchiving {
  /** At most 1,000 of each status. */
  readonly orders: number;
  /** When the first of them was closed. */
  readonly closedAt: Date | undefined;
  /** Where a next look may begin. Orders that are closed later may be below it. */
  readonly from: ClosedFrom;
}

interface ClosedRow {
  readonly status: Closed;
  readonly orders: number;
  readonly closedAt: Date | null;
  readonly first: string;
}

/**
 * Looks at the first closed orders of each status, as the index has them, for those that were closed at `until` or before.
 *
 * @param until ISO 8601
 */
export const findOverdueForArchiving = async (
  sql: Sql,
  until: string,
  from: ClosedFrom,
): Promise<OverdueForArchiving> => {
  const firstOf = (status: Closed): Prisma.Sql => Prisma.sql`
    (SELECT status, seq, updated_at FROM orders WHERE status = ${status}::order_status AND seq >= ${from[status] ?? '0'}::bigint
     ORDER BY seq LIMIT ${MAX_PER_STATUS})`;
  const rows = await sql.$queryRaw<ClosedRow[]>`
    SELECT status::text AS status, min(seq)::text AS first,
      (count(*) FILTER (WHERE updated_at <= ${until}::timestamptz))::float8 AS orders,
      min(updated_at) FILTER (WHERE updated_at <= ${until}::timestamptz) AS "closedAt"
    FROM (${Prisma.join(CLOSED.map(firstOf), ' UNION ALL ')}) AS closed GROUP BY closed.status`;
  const dates = rows.flatMap(({ closedAt }) => (closedAt ? [closedAt.getTime()] : []));
  return {
    orders: rows.reduce((sum, { orders }) => sum + orders, 0),
    closedAt: dates.length > 0 ? new Date(Math.min(...dates)) : undefined,
    from: { ...from, ...Object.fromEntries(rows.map(({ status, first }) => [status, first])) },
  };
};

/** What `orders archive` has done, over all of its runs. */
export interface ArchiveTotals {
  readonly runsSucceeded: number;
  readonly runsFailed: number;
  /** When the last run that succeeded came to its end. */
  readonly succeededAt: Date | null;
  readonly files: number;
  readonly orders: number;
  readonly bytes: number;
  readonly takenBack: number;
}

export const readArchiveTotals = async (sql: Sql): Promise<ArchiveTotals | undefined> => {
  const [row] = await sql.$queryRaw<ArchiveTotals[]>`
    SELECT runs_succeeded::float8 AS "runsSucceeded", runs_failed::float8 AS "runsFailed", succeeded_at AS "succeededAt",
      files::float8 AS files, orders::float8 AS orders, bytes::float8 AS bytes,
      (SELECT count(*) FROM archive_files WHERE taken_back_at IS NOT NULL)::float8 AS "takenBack"
    FROM archive_totals`;
  return row;
};
