import {
  ORDER_STATUSES,
  STATUSES_ON_THE_WAY,
  type OrderStatus,
  type StatusOnTheWay,
} from '@order-pipeline/contracts';
import { readPage, readPageBy, type Page, type PageRequest, type Runtime } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { scanOrders, type ScannedPage } from './item-scan.ts';
import { bytesOf, newestOf, type Range } from './queries.ts';
import { ORDER_COLUMNS, STATUS, type OrderRow, type Sql } from './sql.ts';

/** Which orders an operator looks for. */
export interface FoundSearch {
  /** The id of an order, or of the user whose orders they are. */
  readonly search?: string | undefined;
  readonly status?: OrderStatus | undefined;
}

/** Which item the orders contain. */
export interface ItemSearch {
  readonly itemId: string;
}

const isOnTheWay = (status: OrderStatus): boolean => STATUSES_ON_THE_WAY.some((each) => each === status);

/** The order with an id; not where `newestOf` the user of the same id has it. */
const withId = (id: string, statuses: readonly OrderStatus[]): Prisma.Sql => Prisma.sql`
  SELECT * FROM orders WHERE id = ${id} AND user_id <> ${id} AND ${STATUS} = ANY(${statuses}::text[])`;

/** The orders that match: the one with the id and those of the user are entered by an index each. */
const foundOf = ({ search, status }: FoundSearch, range: Range): Prisma.Sql => {
  const statuses = status === undefined ? ORDER_STATUSES : [status];
  const newest = statuses.map((each) => newestOf(each, search, range));
  if (search === undefined) return Prisma.join(newest, ' UNION ALL ');
  const before = range.before === undefined ? Prisma.empty : Prisma.sql`AND seq < ${range.before}::bigint`;
  return Prisma.join([...newest, Prisma.sql`(${withId(search, statuses)} ${before})`], ' UNION ALL ');
};

/** A page of the orders that match, newest first. */
export const listFound = (sql: Sql, request: PageRequest, search: FoundSearch): Promise<Page<OrderRow>> =>
  readPage(
    request,
    (range) => sql.$queryRaw<OrderRow[]>`
      SELECT ${ORDER_COLUMNS} FROM (${foundOf(search, range)}) AS orders
      ORDER BY orders.seq DESC LIMIT ${range.limit}`,
    bytesOf,
  );

/** The same of those that contain an item, as far as a page looks for them. */
export const scanFound = (
  sql: Sql,
  request: PageRequest,
  { itemId, ...search }: FoundSearch & ItemSearch,
  runtime: Pick<Runtime, 'monotonic'>,
): Promise<ScannedPage> =>
  scanOrders(
    sql,
    request,
    {
      itemId,
      sources: (range) => foundOf(search, range),
      order: Prisma.sql`orders.seq DESC`,
      positionOf: ({ seq }) => seq,
      isListed: ({ status }) => search.status === undefined || status === search.status,
    },
    runtime,
  );

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
  { limit, before }: Range<WaitingPosition>,
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

/** The orders on the way that have been in their status since before `until`, and match; nothing where none can. */
const waitingOrders = ({ search, status, until }: WaitingSearch) => {
  const statuses = STATUSES_ON_THE_WAY.filter((each) => status === undefined || each === status);
  if (statuses.length === 0) return undefined;
  const sources = [
    ...statuses.map((each) => onTheWay(each, search)),
    ...(search === undefined ? [] : [Prisma.sql`(${withId(search, statuses)}) AS waiting`]),
  ];
  return (range: Range<WaitingPosition>): Prisma.Sql =>
    Prisma.join(
      sources.map((source) => waitingOf(source, until, range)),
      ' UNION ALL ',
    );
};

/** A page of the orders on the way that have been in their status since before `until`, the longest first. */
export const listWaiting = async (
  sql: Sql,
  request: PageRequest<WaitingPosition>,
  search: WaitingSearch,
): Promise<Page<OrderRow, WaitingPosition>> => {
  const sources = waitingOrders(search);
  if (!sources) return { rows: [], next: undefined };
  return readPageBy(
    request,
    (range) => sql.$queryRaw<OrderRow[]>`
      SELECT ${ORDER_COLUMNS} FROM (${sources(range)}) AS orders
      ORDER BY orders.updated_at, orders.seq LIMIT ${range.limit}`,
    { bytesOf, positionOf },
  );
};

/** The same of those that contain an item, as far as a page looks for them. */
export const scanWaiting = async (
  sql: Sql,
  request: PageRequest<WaitingPosition>,
  { itemId, ...search }: WaitingSearch & ItemSearch,
  runtime: Pick<Runtime, 'monotonic'>,
): Promise<ScannedPage<WaitingPosition>> => {
  const sources = waitingOrders(search);
  if (!sources) return { rows: [], next: undefined, last: undefined };
  const { status, until } = search;
  const isListed = (order: OrderRow): boolean =>
    (status === undefined ? isOnTheWay(order.status) : order.status === status) &&
    order.updatedAt < new Date(until);
  const order = Prisma.sql`orders.updated_at, orders.seq`;
  return scanOrders(sql, request, { itemId, sources, order, positionOf, isListed }, runtime);
};
