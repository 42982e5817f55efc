import type pg from 'pg';
import { ArchiveError } from './archive-error.ts';
import type { FiledOrder } from './filed-order.ts';
import type { AnnouncedFile } from './registry.ts';
import { inTransaction } from './transaction.ts';

/**
 * Each only as it stands in the file: another placement of a cancelled order, which came too late, may have made it anew.
 * What was consumed stays as a number an item. Locked by the order's id, as everywhere.
 */
const REMOVE = `
  WITH filed AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS t(order_id, reservation_id, state)
  ), locked AS (
    SELECT r.order_id FROM reservations AS r JOIN filed USING (order_id, reservation_id)
    WHERE r.state::text = filed.state ORDER BY r.order_id FOR UPDATE OF r
  ), removed AS (
    DELETE FROM reservations USING locked WHERE reservations.order_id = locked.order_id
    RETURNING reservations.state, reservations.lines
  ), kept AS (
    INSERT INTO archived_units (file, item_id, consumed_qty)
    SELECT $4, line."itemId", sum(line.quantity)
    FROM removed, jsonb_to_recordset(removed.lines) AS line("itemId" text, quantity bigint)
    WHERE removed.state = 'CONSUMED' GROUP BY line."itemId"
  )
  SELECT count(*)::int AS count, (count(*) FILTER (WHERE state = 'CONSUMED'))::int AS consumed FROM removed`;

/**
 * Removes the reservations of the orders of a file, once: a repeat finds it done.
 *
 * @throws ArchiveError when a reservation that was consumed is not as it stands in the file
 */
export const removeReservations = async (
  inventory: pg.Pool,
  { file, closedBefore }: AnnouncedFile,
  filed: readonly FiledOrder[],
): Promise<void> => {
  const consumed = filed.filter(({ reservation }) => reservation.state === 'CONSUMED').length;
  await inTransaction(inventory, async (client) => {
    const begun = await client.query(
      `INSERT INTO archive_files (file, closed_before, removed_at, reservations)
       VALUES ($1, $2::timestamptz, clock_timestamp(), 0) ON CONFLICT DO NOTHING`,
      [file, closedBefore],
    );
    if (begun.rowCount === 0) return false;
    const { rows } = await client.query<{ count: number; consumed: number }>(REMOVE, [
      filed.map(({ id }) => id),
      filed.map(({ reservation }) => reservation.reservation_id),
      filed.map(({ reservation }) => reservation.state),
      file,
    ]);
    if (rows[0]?.consumed !== consumed)
      throw new ArchiveError(
        `${consumed} reservations of ${file} were consumed, and the inventory has ${rows[0]?.consumed ?? 0} of them: run the audit`,
      );
    await client.query('UPDATE archive_files SET reservations = $2 WHERE file = $1', [file, rows[0].count]);
    return true;
  });
};
