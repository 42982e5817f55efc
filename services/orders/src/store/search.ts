import {
  ORDER_STATUSES,
  STATUSES_ON_THE_WAY,
  type OrderStatus,
  type StatusOnTheWay,
} from '@order-pipeline/contracts';
import { readPage, readPageBy, type Page, type PageRequest } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { bytesOf, listOrders, newestOf } from './queries.ts';
import { ORDER_COLUMNS, STATUS, type OrderRow, type Sql } from './sql.ts';

/** Which orders an operator looks for. */
export interface FoundSearch {
  /** The id of an order, or of the user whose orders they are. */
  readonly search?: string | undefined;
  readonly status?: OrderStatus | undefined;
}

/** The order with an id; not where `newestOf` the user of the same id has it. */
const withId = (id: string, statuses: readonly OrderStatus[]): Prisma.Sql => Prisma.sql`
  SELECT * FROM orders WHERE id = ${id} AND user_id <> ${id} AND ${STATUS} = ANY(${statuses}::text[])`;

/** A page of the orders that match, newest first: the one with the id and those of the user are entered by an index each. */
export const listFound = (
  sql: Sql,
  request: PageRequest,
  { search, status }: FoundSearch,
): Promise<Page<OrderRow>> => {
  if (search === undefined) return listOrders(sql, request, { status });
  const statuses = status === undefined ? ORDER_STATUSES : [status];
  return readPage(
    request,
    (range) => sql.$queryRaw<OrderRow[]>`
      SELECT ${ORDER_COLUMNS} FROM (${Prisma.join(
        [
          ...statuses.map((each) => newestOf(each, search, range)),
          range.before === undefined
            ? Prisma.sql`(${withId(search, statuses)})`
            : Prisma.sql`(${withId(search, statuses)} AND seq < ${range.before}::bigint)`,
        ],
        ' UNION ALL ',
      )}) AS orders
      ORDER BY orders.seq DESC LIMIT ${range.limit}`,
    bytesOf,
  );
};

/** Where an order that waits stands in a list of those that wait longest: since when, in milliseconds, and its `seq`. */
export interface WaitingPosition {
  readonly since: number;
  readonly seq: number;
}

export interface WaitingSearch extends FoundSearch {
  /** They took their status before that. ISO 8601. */
  readonly until: string;
}

export const positionOf = ({ updatedAt, seq }: Pick<OrderRow, 'updatedAt' | 'seq'>): WaitingPosition => ({
  since: updatedAt.getTime(),
  seq,
});

/** Of some orders those that wait long enough and come after a position; the first condition of a position is in the second. */
const waitingOf = (
  orders: Prisma.Sql,
  until: string,
  { limit, before }: PageRequest<WaitingPosition>,
): Prisma.Sql => {
  const since = before && Prisma.sql`${new Date(before.since).toISOString()}::timestamptz`;
  return Prisma.sql`
    (SELECT * FROM ${orders} WHERE updated_at < ${until}::timestamptz
     ${before && since ? Prisma.sql`AND updated_at >= ${since} AND (updated_at, seq) > (${since}, ${before.seq}::bigint)` : Prisma.empty}
     ORDER BY updated_at, seq LIMIT ${limit})`;
};

/**
 * The orders in a status on the way. Those of all users stand in an index in the order of their time; it is chosen where the
 * statement names the status itself. Those of one user are read whole, however many others wait: by the index of the user's
 * orders, since only that one has these two columns in this order. `OFFSET 0` keeps the conditions apart.
 */
const onTheWay = (status: StatusOnTheWay, search: string | undefined): Prisma.Sql =>
  search === undefined
    ? Prisma.sql`(SELECT * FROM orders WHERE status = ${Prisma.raw(`'${status}'`)}) AS waiting`
    : Prisma.sql`(
        SELECT * FROM orders
        WHERE (user_id, status) >= (${search}, ${status}::order_status)
          AND (user_id, status) <= (${search}, ${status}::order_status) OFFSET 0
      ) AS waiting`;

/** A page of the orders on the way that have been in their status since before `until`, the longest first. */
export const listWaiting = async (
  sql: Sql,
  request: PageRequest<WaitingPosition>,
  { search, status, until }: WaitingSearch,
): Promise<Page<OrderRow, WaitingPosition>> => {
  const statuses = STATUSES_ON_THE_WAY.filter((each) => status === undefined || each === status);
  if (statuses.length === 0) return { rows: [], next: undefined };
  const sources = [
    ...statuses.map((each) => onTheWay(each, search)),
    ...(search === undefined ? [] : [Prisma.sql`(${withId(search, statuses)}) AS waiting`]),
  ];
  return readPageBy(
    request,
    (range) => sql.$queryRaw<OrderRow[]>`
      SELECT ${ORDER_COLUMNS} FROM (${Prisma.join(
        sources.map((source) => waitingOf(source, until, range)),
        ' UNION ALL ',
      )}) AS orders
      ORDER BY orders.updated_at, orders.seq LIMIT ${range.limit}`,
    { bytesOf, positionOf },
  );
};
