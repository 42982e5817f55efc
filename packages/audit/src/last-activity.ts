import type { DatabaseName } from '@order-pipeline/contracts';
import type { Reader } from './database.ts';

/** The columns with the times at which something was done, by database. What is dated in the future says nothing. */
const ACTIVITIES: Readonly<
  Partial<Record<DatabaseName, readonly (readonly [table: string, column: string])[]>>
> = {
  orders: [
    ['orders', 'updated_at'],
    ['orders', 'announced_at'],
    ['orders', 'stock_returned_at'],
    ['outbox', 'created_at'],
    ['dead_letters', 'updated_at'],
    ['abandoned_reservations', 'at'],
  ],
  inventory: [
    ['items', 'created_at'],
    ['reservations', 'updated_at'],
  ],
  users: [['users', 'created_at']],
};

/**
 * When a system that is stopped was last active, in milliseconds since the epoch; undefined where it never was. One that
 * runs publishes the event of a stuck order again, and notes when: so while an order was stuck this is never much
 * earlier than the stop.
 */
export const readLastActivity = async (
  readers: ReadonlyMap<DatabaseName, Reader>,
): Promise<number | undefined> => {
  const times: number[] = [];
  for (const [name, reader] of readers) {
    for (const [table, column] of ACTIVITIES[name] ?? []) {
      const [row] = await reader.rows<{ at: number | null }>(
        `SELECT (extract(epoch FROM max(${column})) * 1000)::float8 AS at
         FROM ${table} WHERE ${column} <= clock_timestamp() AND isfinite(${column})`,
      );
      if (row && row.at !== null) times.push(row.at);
    }
  }
  return times.length > 0 ? Math.max(...times) : undefined;
};
