import { isLockTimeout } from '@order-pipeline/service-kit';
import type { ReservationRequests } from '../domain.ts';
import type { Sql } from './sql.ts';

/** How many items and orders are remembered as locked. */
const MAX_KNOWN = 1_000;

/** Keys of what somebody keeps locked, by which requests are distinguished. */
const keysOf = ({ orderId, lines }: ReservationRequests[number]): string[] => [
  `order ${orderId}`,
  ...lines.map(({ itemId }) => `item ${itemId}`),
];

/**
 * Which items and reservations of the requests are locked right now; nobody is waited for. An item is whose bucket is: who
 * gets here needs all of them, or has waited for one.
 */
const findLocked = async (sql: Sql, requests: ReservationRequests): Promise<Set<string>> => {
  const itemIds = [...new Set(requests.flatMap(({ lines }) => lines.map(({ itemId }) => itemId)))];
  const orderIds = [...new Set(requests.map(({ orderId }) => orderId))];
  const rows = await sql.$queryRaw<{ key: string }[]>`
    WITH item AS (
      SELECT id FROM items WHERE id = ANY(${itemIds}::text[]) ORDER BY id FOR UPDATE SKIP LOCKED
    ), bucket AS (
      SELECT item_id, no FROM stock_buckets WHERE item_id = ANY(${itemIds}::text[])
      ORDER BY item_id, no FOR UPDATE SKIP LOCKED
    ), reservation AS (
      SELECT order_id FROM reservations WHERE order_id = ANY(${orderIds}::text[])
      ORDER BY order_id FOR UPDATE SKIP LOCKED
    )
    SELECT 'item ' || id AS key FROM items
    WHERE id = ANY(${itemIds}::text[]) AND id NOT IN (SELECT id FROM item)
    UNION
    SELECT 'item ' || item_id FROM stock_buckets
    WHERE item_id = ANY(${itemIds}::text[]) AND (item_id, no) NOT IN (SELECT item_id, no FROM bucket)
    UNION
    SELECT 'order ' || order_id FROM reservations
    WHERE order_id = ANY(${orderIds}::text[]) AND order_id NOT IN (SELECT order_id FROM reservation)`;
  return new Set(rows.map(({ key }) => key));
};

/** Those that are locked at two looks: a statement under way locks what it works for a moment only. */
const findKeptLocked = async (sql: Sql, requests: ReservationRequests): Promise<Set<string>> => {
  const first = await findLocked(sql, requests);
  if (first.size === 0) return first;
  const second = await findLocked(sql, requests);
  return new Set([...first].filter((key) => second.has(key)));
};

/**
 * Keeps requests for what somebody keeps locked apart from the others: the first ones wait for it once, together with
 * their batch; those that come after get that answer at once for as long as it is locked.
 */
export const createLockedApart = () => {
  let known = new Set<string>();

  /** Those of the requests that can be processed; what was seen to be locked is looked at first. */
  const withoutLocked = async (sql: Sql, requests: ReservationRequests): Promise<ReservationRequests> => {
    const suspects = requests.filter((request) => keysOf(request).some((key) => known.has(key)));
    if (suspects.length === 0) return requests;
    const locked = await findLocked(sql, suspects);
    for (const key of suspects.flatMap(keysOf)) if (!locked.has(key)) known.delete(key);
    return requests.filter((request) => !keysOf(request).some((key) => locked.has(key)));
  };

  return {
    /**
     * Works the requests without those for what is locked.
     *
     * @returns the results of those that were processed
     */
    work: async <R>(
      sql: Sql,
      requests: ReservationRequests,
      run: (unlocked: ReservationRequests) => Promise<ReadonlyMap<ReservationRequests[number], R>>,
    ): Promise<ReadonlyMap<ReservationRequests[number], R>> => {
      const unlocked = known.size === 0 ? requests : await withoutLocked(sql, requests);
      if (unlocked.length === 0) return new Map();
      try {
        return await run(unlocked);
      } catch (error) {
        if (!isLockTimeout(error)) throw error;
      }
      const locked = await findKeptLocked(sql, unlocked);
      known = new Set([...known, ...locked].slice(-MAX_KNOWN));
      const rest = unlocked.filter((request) => !keysOf(request).some((key) => locked.has(key)));
      return rest.length === 0 ? new Map() : run(rest);
    },
  };
};

export type LockedApart = ReturnType<typeof createLockedApart>;
