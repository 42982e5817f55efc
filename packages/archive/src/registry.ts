import type pg from 'pg';
import { IS_SETTLED } from './candidates.ts';
import type { FiledOrder } from './filed-order.ts';
import { countFile } from './runs.ts';
import { inTransaction } from './transaction.ts';

/** A file that an archive has announced. */
export interface AnnouncedFile {
  readonly id: number;
  readonly file: string;
  /** As PostgreSQL writes it. */
  readonly closedBefore: string;
}

const FILE_COLUMNS = 'id, file, closed_before::text AS "closedBefore"';

/** Announces a file before anything of it is written: what a crash leaves behind is known by its name. */
export const announce = async (
  orders: pg.Pool,
  file: string,
  closedBefore: string,
): Promise<AnnouncedFile> => {
  const { rows } = await orders.query<AnnouncedFile>(
    `INSERT INTO archive_files (file, closed_before) VALUES ($1, $2::timestamptz) RETURNING ${FILE_COLUMNS}`,
    [file, closedBefore],
  );
  const [row] = rows;
  if (!row) throw new Error('a file was not announced');
  return row;
};

/**
 * Takes a file back whose orders are still in the database: no run removes them for it any more. It stays known by its
 * name, since a run that was held up meanwhile may still write it.
 *
 * @returns whether it was: not one whose orders were removed meanwhile
 */
export const takeBack = async (orders: pg.Pool, id: number): Promise<boolean> => {
  const { rowCount } = await orders.query(
    `UPDATE archive_files SET taken_back_at = coalesce(taken_back_at, clock_timestamp())
     WHERE id = $1 AND archived_at IS NULL`,
    [id],
  );
  return rowCount === 1;
};

/** The files that were announced and whose orders are still in the database, also those that were taken back. */
export const findUnfinished = async (orders: pg.Pool): Promise<AnnouncedFile[]> =>
  (
    await orders.query<AnnouncedFile>(
      `SELECT ${FILE_COLUMNS} FROM archive_files WHERE archived_at IS NULL ORDER BY id`,
    )
  ).rows;

/** The files whose orders were removed, and whose reservations may still stand in the inventory. */
export const findWithReservations = async (orders: pg.Pool): Promise<AnnouncedFile[]> =>
  (
    await orders.query<AnnouncedFile>(
      `SELECT ${FILE_COLUMNS} FROM archive_files
       WHERE archived_at IS NOT NULL AND reservations_removed_at IS NULL ORDER BY id`,
    )
  ).rows;

/** Locked by id, as everywhere, so that nobody waits in a circle; each only as it stands in the file. */
const REMOVE_ORDERS = `
  WITH filed AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
      AS t(id, status, closed_at, reservation_id)
  ), locked AS (
    SELECT orders.id FROM orders JOIN filed ON filed.id = orders.id
    WHERE orders.status::text = filed.status AND orders.updated_at = filed.closed_at
      AND orders.reservation_id = filed.reservation_id AND ${IS_SETTLED}
    ORDER BY orders.id FOR UPDATE OF orders
  ), removed AS (
    DELETE FROM orders USING locked WHERE orders.id = locked.id
    RETURNING orders.seq, orders.status, orders.id, orders.user_id, orders.lines, orders.reservation_id
  ), registered AS (
    INSERT INTO archived_orders (seq, file_id, status, id, user_id, content_digest, reservation_digest)
    SELECT seq, $5, status, id, user_id, order_digest(user_id, lines), short_digest(reservation_id) FROM removed
  )
  SELECT count(*)::int AS count FROM removed`;

const removeExactly = async (
  client: pg.PoolClient,
  id: number,
  filed: readonly FiledOrder[],
): Promise<boolean> => {
  const ids = filed.map((order) => order.id);
  const removed = await client.query<{ count: number }>(REMOVE_ORDERS, [
    ids,
    filed.map(({ status }) => status),
    filed.map(({ closed_at }) => closed_at),
    filed.map(({ reservation_id }) => reservation_id),
    id,
  ]);
  if (removed.rows[0]?.count !== filed.length) return false;
  const steps = await client.query('DELETE FROM order_history WHERE order_id = ANY($1::text[])', [ids]);
  return steps.rowCount === filed.reduce((sum, { history }) => sum + history.length, 0);
};

/**
 * Removes the orders of a file with their histories, and registers each as standing in it: in one transaction, all of them
 * as they are in the file, or none.
 *
 * @param at ISO 8601, the time by which it is dated; by the clock of the database, if it is null
 * @returns whether they were: not where one of them has changed, or somebody has taken the file back
 */
export const removeOrders = async (
  orders: pg.Pool,
  { id }: AnnouncedFile,
  filed: readonly FiledOrder[],
  { sha256, bytes, at }: { readonly sha256: string; readonly bytes: number; readonly at: string | null },
): Promise<boolean> => {
  const isDone = await inTransaction(orders, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE archive_files SET archived_at = coalesce($4::timestamptz, clock_timestamp()), orders = $2, sha256 = $3
       WHERE id = $1 AND archived_at IS NULL AND taken_back_at IS NULL`,
      [id, filed.length, sha256, at],
    );
    const isRemoved = rowCount === 1 && (await removeExactly(client, id, filed));
    if (isRemoved) await countFile(client, filed.length, bytes);
    return isRemoved;
  });
  // Plans that were made while these tables were empty read all of them.
  if (isDone) await orders.query('ANALYZE archived_orders, archive_files');
  return isDone;
};

export const recordReservationsRemoved = async (orders: pg.Pool, { id }: AnnouncedFile): Promise<void> => {
  await orders.query('UPDATE archive_files SET reservations_removed_at = clock_timestamp() WHERE id = $1', [
    id,
  ]);
};
