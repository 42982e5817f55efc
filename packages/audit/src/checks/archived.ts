import type { Reader } from '../database.ts';

/** Those of some ids whose orders were archived. */
export const findArchived = async (orders: Reader, ids: readonly string[]): Promise<ReadonlySet<string>> => {
  if (ids.length === 0) return new Set();
  const rows = await orders.rows<{ id: string }>(
    'SELECT id FROM archived_orders WHERE id = ANY($1::text[])',
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
};
