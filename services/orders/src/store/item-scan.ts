import { readPageBy, type Page, type PageRequest, type Runtime } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { bytesOf, type Range } from './queries.ts';
import { ORDER_COLUMNS, type OrderRow, type Sql } from './sql.ts';

/** How many orders a page looks at for an item, whether they contain it or not; no index knows the items of orders. */
export const MAX_SCANNED_ROWS = 10_000;
/** How long a page may look before it begins no further slice, in milliseconds: a fraction of what a call may take. */
export const MAX_SCAN_MS = 300;
/** How many orders one statement looks at. */
export const SCAN_SLICE_ROWS = 1_000;

/** A page of the orders that contain an item. */
export interface ScannedPage<P = number> extends Page<OrderRow, P> {
  /** The last order that was looked at, which need not contain the item; nothing where there was none. */
  readonly last: Pick<OrderRow, 'createdAt' | 'updatedAt'> | undefined;
}

/** An order that was looked at. */
interface Looked {
  readonly id: string;
  readonly seq: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly contains: boolean;
}

type LookedRow = Looked & { readonly slice: number };

/** Which orders are looked at, in which order. */
export interface Scanned<P> {
  readonly itemId: string;
  /** Tables `orders` of which those that come first beyond a position are among the first `limit` of each. */
  readonly sources: (range: Range<P>) => Prisma.Sql;
  /** The columns that they are in the order of. */
  readonly order: Prisma.Sql;
  readonly positionOf: (order: Pick<OrderRow, 'updatedAt' | 'seq'>) => P;
  /** Whether an order is still one of them when it is read. */
  readonly isListed: (order: OrderRow) => boolean;
}

/**
 * A limit that the planner does not know. Of as many rows as these it would rather sort all that a status has, wherever its
 * statistics still say that there are hardly any.
 */
const SLICE = Prisma.sql`(SELECT ${SCAN_SLICE_ROWS}::bigint)`;

/** Of the next orders those that contain the item, and the last one whatever it contains. */
const look = <P>(
  sql: Sql,
  { itemId, sources, order }: Scanned<P>,
  before: P | undefined,
): Promise<LookedRow[]> => sql.$queryRaw<LookedRow[]>`
  SELECT id, seq::float8 AS seq, created_at AS "createdAt", updated_at AS "updatedAt", contains, slice::int AS slice
  FROM (
    SELECT *, lines @> ${JSON.stringify([{ itemId }])}::jsonb AS contains,
      row_number() OVER (ORDER BY ${order}) AS no, count(*) OVER () AS slice
    FROM (SELECT * FROM (${sources({ limit: SLICE, ...(before === undefined ? {} : { before }) })}) AS orders ORDER BY ${order} LIMIT ${SLICE}) AS orders
  ) AS looked
  WHERE contains OR no = slice ORDER BY no`;

/** The orders that contain the item, as far as a page looks, and the last one that was looked at. */
const scan = async <P>(
  sql: Sql,
  { limit, before }: PageRequest<P>,
  scanned: Scanned<P>,
  runtime: Pick<Runtime, 'monotonic'>,
): Promise<{ found: Looked[]; last: Looked | undefined; isWhole: boolean }> => {
  const endsAt = runtime.monotonic() + MAX_SCAN_MS;
  const found: Looked[] = [];
  let last: Looked | undefined;
  for (let left = MAX_SCANNED_ROWS; left > 0; left -= SCAN_SLICE_ROWS) {
    const rows = await look(sql, scanned, last ? scanned.positionOf(last) : before);
    last = rows.at(-1) ?? last;
    found.push(...rows.filter(({ contains }) => contains));
    if (found.length > limit) return { found: found.slice(0, limit), last: found[limit - 1], isWhole: false };
    if ((rows[0]?.slice ?? 0) < SCAN_SLICE_ROWS) return { found, last, isWhole: true };
    if (runtime.monotonic() >= endsAt) break;
  }
  return { found, last, isWhole: false };
};

const readOrders = async (sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, OrderRow>> => {
  const rows = await sql.$queryRaw<OrderRow[]>`
    SELECT ${ORDER_COLUMNS} FROM orders WHERE id = ANY(${ids}::text[])`;
  return new Map(rows.map((row) => [row.id, row]));
};

/**
 * A page of the orders that contain an item. It looks at a bounded number of orders in a bounded time, and ends where it is
 * then: it may have fewer orders than its limit, or none, and still lead on. What is found is read by its ids afterwards, in
 * slices, so that large orders make no large page.
 */
export const scanOrders = async <P>(
  sql: Sql,
  request: PageRequest<P>,
  scanned: Scanned<P>,
  runtime: Pick<Runtime, 'monotonic'>,
): Promise<ScannedPage<P>> => {
  const { positionOf, isListed } = scanned;
  const { found, last, isWhole } = await scan(sql, request, scanned, runtime);
  const next = isWhole || !last ? undefined : positionOf(last);
  if (found.length === 0) return { rows: [], next, last };
  let read = 0;
  const page = await readPageBy<{ looked: Looked; order: OrderRow | undefined }, P>(
    { limit: request.limit },
    async ({ limit }) => {
      const slice = found.slice(read, read + limit);
      read += slice.length;
      const orders = await readOrders(
        sql,
        slice.map(({ id }) => id),
      );
      return slice.map((looked) => ({ looked, order: orders.get(looked.id) }));
    },
    { bytesOf: ({ order }) => (order ? bytesOf(order) : 0), positionOf: ({ looked }) => positionOf(looked) },
  );
  const rows = page.rows.flatMap(({ order }) => (order && isListed(order) ? [order] : []));
  if (page.next !== undefined) return { rows, next: page.next, last: page.rows.at(-1)?.looked };
  return { rows, next, last };
};
