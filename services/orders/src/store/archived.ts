import type { ArchivedOrder, OrderLine } from '@order-pipeline/contracts';
import { readPage, type Page, type PageRequest } from '@order-pipeline/service-kit';
import { ORDER_COLUMNS, type OrderRow, type Sql } from './sql.ts';

/** What stays of an order that was archived, and where it stands. */
export interface ArchivedRow {
  readonly id: string;
  readonly seq: number;
  readonly userId: string;
  readonly archivedAt: Date;
  readonly file: string;
}

export const archivedOf = ({ id, archivedAt, file }: ArchivedRow): ArchivedOrder => ({
  orderId: id,
  archivedAt: archivedAt.toISOString(),
  file,
});

/** All that there is under some ids. */
interface KnownOrders {
  readonly orders: ReadonlyMap<string, OrderRow>;
  readonly archived: ReadonlyMap<string, ArchivedRow>;
}

const isArchived = (row: OrderRow | ArchivedRow): row is ArchivedRow => 'file' in row && row.file !== null;

/** The orders under these ids, and those that were archived: as of one moment, so that none is missed on its way. */
export const findKnown = async (sql: Sql, orderIds: readonly string[]): Promise<KnownOrders> => {
  const rows = await sql.$queryRaw<(OrderRow | ArchivedRow)[]>`
    SELECT ${ORDER_COLUMNS}, NULL::timestamptz AS "archivedAt", NULL::text AS file
    FROM orders WHERE id = ANY(${orderIds}::text[])
    UNION ALL
    SELECT archived.seq, archived.id, archived.user_id, NULL, NULL, NULL, NULL, NULL, archived_at, file
    FROM archived_orders AS archived JOIN archive_files ON archive_files.id = archived.file_id
    WHERE archived.id = ANY(${orderIds}::text[])`;
  const orders = new Map<string, OrderRow>();
  const archived = new Map<string, ArchivedRow>();
  for (const row of rows) {
    if (isArchived(row)) archived.set(row.id, row);
    else orders.set(row.id, row);
  }
  return { orders, archived };
};

/** What of a placement tells whether it repeats an archived one. */
export interface AskedOrder {
  readonly orderId: string;
  readonly userId: string;
  readonly items: readonly OrderLine[];
}

/** The ids of those that ask for the same as the archived order of their id did. */
export const findArchivedRepeats = async (sql: Sql, asked: readonly AskedOrder[]): Promise<Set<string>> => {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT archived.id FROM archived_orders AS archived JOIN unnest(
      ${asked.map(({ orderId }) => orderId)}::text[],
      ${asked.map(({ userId }) => userId)}::text[],
      ${asked.map(({ items }) => JSON.stringify(items))}::text[]
    ) AS asked(id, user_id, lines) ON asked.id = archived.id
    WHERE archived.content_digest = order_digest(asked.user_id, asked.lines::jsonb)`;
  return new Set(rows.map(({ id }) => id));
};

/** About what an archived order takes in JSON. */
const ARCHIVED_BYTES = 200;

/** The archived orders of a user, in the order of placement, newest first. */
export const listArchived = (sql: Sql, request: PageRequest, userId: string): Promise<Page<ArchivedRow>> =>
  readPage(
    request,
    ({ limit, before = Number.MAX_SAFE_INTEGER }) => sql.$queryRaw<ArchivedRow[]>`
      SELECT archived.id, archived.seq::float8 AS seq, archived.user_id AS "userId", archived_at AS "archivedAt", file
      FROM (
        SELECT * FROM archived_orders WHERE user_id = ${userId} AND seq < ${before}::bigint
        ORDER BY seq DESC LIMIT ${limit}
      ) AS archived JOIN archive_files ON archive_files.id = archived.file_id
      ORDER BY archived.seq DESC`,
    () => ARCHIVED_BYTES,
  );
