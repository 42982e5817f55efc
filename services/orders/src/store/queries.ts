import {
  ORDER_LIFECYCLE,
  ORDER_STATUSES,
  STATUSES_ON_THE_WAY,
  type HistoryEntry,
  type OrderStatus,
  type Topic,
} from '@order-pipeline/contracts';
import {
  readPage,
  timeLiteral,
  type DueTimes,
  type Page,
  type PageRequest,
} from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import {
  EACH_ON_THE_WAY,
  ON_THE_WAY,
  ORDER_COLUMNS,
  STATUS,
  type Models,
  type OrderRow,
  type Sql,
} from './sql.ts';
import { createStanding, type Standing } from './stuck.ts';

const NOTHING_ELSE = Prisma.empty;

/** What a line, and an order without its lines, take in JSON beside their ids, about. */
const LINE_BYTES = 32;
const ORDER_BYTES = 72;

/** About what an order takes in JSON. */
export const bytesOf = ({ id, userId, lines }: OrderRow): number =>
  lines.reduce(
    (sum, { itemId }) => sum + itemId.length + LINE_BYTES,
    id.length + userId.length + ORDER_BYTES,
  );

/** Which orders are listed; those of all users unless one is named. */
export interface OrderSearch {
  readonly status?: OrderStatus | undefined;
  readonly userId?: string | undefined;
}

/** Which part of a list a statement reads. */
export interface Range<P = number> {
  /** A number of rows, or an expression of which the planner does not know how many it says. */
  readonly limit: number | Prisma.Sql;
  /** Only orders that come after this position: that were placed before the one with this `seq`. */
  readonly before?: P;
}

/** The newest orders of one status, as an index has them. */
export const newestOf = (
  status: OrderStatus,
  userId: string | undefined,
  { limit, before }: Range,
): Prisma.Sql => Prisma.sql`
  (SELECT * FROM orders WHERE status = ${status}::order_status
   ${userId === undefined ? NOTHING_ELSE : Prisma.sql`AND user_id = ${userId}`}
   ${before === undefined ? NOTHING_ELSE : Prisma.sql`AND seq < ${before}::bigint`}
   ORDER BY seq DESC LIMIT ${limit})`;

/**
 * A page of orders, newest first. Those of every status are merged from the newest of each: each range enters an index by
 * itself, and no more rows are read than are listed, and one for each status.
 */
export const listOrders = (
  sql: Sql,
  request: PageRequest,
  { status, userId }: OrderSearch = {},
): Promise<Page<OrderRow>> => {
  const statuses = status === undefined ? ORDER_STATUSES : [status];
  return readPage(
    request,
    (range) => sql.$queryRaw<OrderRow[]>`
      SELECT ${ORDER_COLUMNS} FROM (${Prisma.join(
        statuses.map((each) => newestOf(each, userId, range)),
        ' UNION ALL ',
      )}) AS orders
      ORDER BY orders.seq DESC LIMIT ${range.limit}`,
    bytesOf,
  );
};

/** The statuses of those orders that there are. */
export const findStatuses = (
  sql: Sql,
  orderIds: readonly string[],
): Promise<{ orderId: string; status: OrderStatus }[]> => sql.$queryRaw`
  SELECT id AS "orderId", status::text AS status FROM orders WHERE id = ANY(${orderIds}::text[])`;

interface HistoryRow {
  readonly status: OrderStatus;
  readonly at: Date;
  readonly cause: string;
  readonly eventPartition: number | null;
  readonly eventOffset: bigint | null;
  readonly publishedPartition: number | null;
  readonly publishedOffset: bigint | null;
}

/** The topic of the event that takes orders to each status. */
const topicTo = (status: OrderStatus) => {
  const { from } = ORDER_LIFECYCLE[status];
  return from === null ? null : ORDER_LIFECYCLE[from].topic;
};

const positionOf = (topic: Topic | null, partition: number | null, offset: bigint | null) =>
  topic === null || partition === null || offset === null
    ? undefined
    : { topic, partition, offset: String(offset) };

const entryOf = ({ status, at, cause, ...row }: HistoryRow): HistoryEntry => {
  const event = positionOf(topicTo(status), row.eventPartition, row.eventOffset);
  const published = positionOf(ORDER_LIFECYCLE[status].topic, row.publishedPartition, row.publishedOffset);
  return { status, at: at.toISOString(), cause, ...(event && { event }), ...(published && { published }) };
};

/**
 * The steps of an order, oldest first; none for an unknown one.
 *
 * @param owner whose order it has to be, where that matters
 */
export const readHistory = async (
  { order, orderHistory }: Models,
  orderId: string,
  owner?: string,
): Promise<HistoryEntry[]> => {
  if (owner !== undefined) {
    const found = await order.findUnique({ where: { id: orderId }, select: { userId: true } });
    if (found?.userId !== owner) return [];
  }
  const rows = await orderHistory.findMany({
    where: { orderId },
    select: {
      status: true,
      at: true,
      cause: true,
      eventPartition: true,
      eventOffset: true,
      publishedPartition: true,
      publishedOffset: true,
    },
    orderBy: [{ at: 'asc' }, { status: 'asc' }],
  });
  return rows.map(entryOf);
};

/** The steps of these orders, oldest first, by their ids. */
export const readHistories = async (
  sql: Sql,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, readonly HistoryEntry[]>> => {
  const rows = await sql.$queryRaw<(HistoryRow & { readonly id: string })[]>`
    SELECT order_id AS id, status::text AS status, at, cause,
           event_partition AS "eventPartition", event_offset AS "eventOffset",
           published_partition AS "publishedPartition", published_offset AS "publishedOffset" FROM order_history
    WHERE order_id = ANY(${orderIds}::text[]) ORDER BY at, order_history.status`;
  const histories = new Map<string, HistoryEntry[]>(orderIds.map((id) => [id, []]));
  for (const row of rows) histories.get(row.id)?.push(entryOf(row));
  return histories;
};

/**
 * The orders that come after the one with this id. By when that one was placed, since that never changes: for as long as
 * an order is PENDING it is also when its status last changed, and it may have been transitioned since the page before.
 */
const placedAfter = (id: string): Prisma.Sql => {
  const placedAt = Prisma.sql`(SELECT created_at FROM orders WHERE id = ${id})`;
  // The first condition is in the second; it is the one that the index is entered with.
  return Prisma.sql`AND updated_at >= ${placedAt}
    AND (updated_at, seq) > (${placedAt}, (SELECT seq FROM orders WHERE id = ${id}))`;
};

/** Behind all orders of the same date. */
const LAST = Prisma.sql`9223372036854775807::bigint`;

/**
 * The orders that are dated after `ahead` and come after the one with this id. One bound that is a query: by its statistics
 * PostgreSQL would reckon with hardly any such order, and read and sort all of them.
 */
const aheadAfter = (ahead: string, id: string | undefined): Prisma.Sql => {
  const time = Prisma.sql`${ahead}::timestamptz`;
  if (id === undefined) return Prisma.sql`(updated_at, seq) > ((SELECT ${time}), ${LAST})`;
  return Prisma.sql`(updated_at, seq) > (
    (SELECT GREATEST(created_at, ${time}) FROM orders WHERE id = ${id}),
    (SELECT CASE WHEN created_at > ${time} THEN seq ELSE ${LAST} END FROM orders WHERE id = ${id}))`;
};

/**
 * PENDING orders that are due, those dated ahead behind all others, and otherwise the oldest first.
 *
 * @param after the last id of the page before
 * @param standing what is not read again but by the ids of those that it found
 */
export const findOverdue = async (
  sql: Sql,
  due: DueTimes,
  after: string | undefined,
  limit: number,
  { look, ids }: Pick<Standing, 'look' | 'ids'> = createStanding(),
): Promise<string[]> => {
  const next = after === undefined ? NOTHING_ELSE : placedAfter(after);
  const from = Prisma.sql`${timeLiteral(look.front())}::timestamptz`;
  const known = Prisma.sql`
    (SELECT id, updated_at, seq FROM orders WHERE id = ANY(${ids()}::text[]) AND ${STATUS} = 'PENDING'
       AND updated_at <= ${from} AND updated_at <= ${due.until}::timestamptz ${next})`;
  // Two ranges of one index, each entered by itself.
  const range = (condition: Prisma.Sql): Prisma.Sql => Prisma.sql`
    (SELECT id, updated_at, seq FROM orders WHERE status = 'PENDING' AND ${condition}
     ORDER BY updated_at, seq LIMIT ${limit})`;
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM (
      ${range(Prisma.sql`updated_at > ${from} AND updated_at <= ${due.until}::timestamptz ${next}`)}
      UNION ALL ${range(aheadAfter(due.ahead, after))} UNION ALL ${known}
    ) AS overdue ORDER BY updated_at, seq LIMIT ${limit}`;
  return rows.map(({ id }) => id);
};

/** The order that stands longest in a status, as far as dates say. */
export interface OldestOrder {
  readonly id: string;
  readonly status: OrderStatus;
  readonly since: Date;
}

/** The oldest order in each status on the way, and beside it the first of those that are dated ahead. */
export const oldestOnTheWay = (
  sql: Sql,
  { ahead }: Pick<DueTimes, 'ahead'>,
  { look, ids }: Pick<Standing, 'look' | 'ids'> = createStanding(),
): Promise<OldestOrder[]> => {
  const from = Prisma.sql`${timeLiteral(look.front())}::timestamptz`;
  // The first entry of the index for each, however many there are.
  const first = (condition: Prisma.Sql): Prisma.Sql => Prisma.sql`
    (SELECT id, status::text AS status, updated_at AS since FROM orders
     WHERE ${ON_THE_WAY} AND status = way.stands_in AND ${condition} ORDER BY updated_at LIMIT 1)`;
  return sql.$queryRaw<OldestOrder[]>`
    SELECT oldest.* FROM ${EACH_ON_THE_WAY} CROSS JOIN LATERAL (
      ${first(Prisma.sql`updated_at > ${from} AND updated_at <= ${ahead}::timestamptz`)}
      UNION ALL ${first(Prisma.sql`updated_at > ${ahead}::timestamptz`)}
    ) AS oldest
    UNION ALL (
      SELECT DISTINCT ON (orders.status) id, status::text, updated_at FROM orders
      WHERE id = ANY(${ids()}::text[]) AND ${STATUS} = ANY(${STATUSES_ON_THE_WAY}) ORDER BY orders.status, updated_at
    )`;
};

/** The `traceparent` under which an order was placed: null if its trace is not sampled, nothing if there is no such order. */
export const findTraceparent = async (
  { order }: Models,
  orderId: string,
): Promise<string | null | undefined> => {
  const row = await order.findUnique({ where: { id: orderId }, select: { traceparent: true } });
  return row?.traceparent;
};
