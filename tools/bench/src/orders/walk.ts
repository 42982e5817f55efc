import { STATUSES_ON_THE_WAY } from '@order-pipeline/contracts';
import { SECOND_MS } from '@order-pipeline/service-kit';
import { waitUntil } from '../context/waiting.ts';
import { withDatabase, type Session } from '../system/databases.ts';

/** Orders that went from PENDING to DELIVERED. */
export interface Walk {
  readonly orders: number;
  /** When the first became PROCESSING, in milliseconds since the epoch. */
  readonly firstProcessingAt: number;
  /** When the last became DELIVERED. */
  readonly lastDeliveredAt: number;
}

/** Orders a second, from the first PROCESSING to the last DELIVERED. */
export const rateOf = ({ orders, firstProcessingAt, lastDeliveredAt }: Walk): number =>
  (orders / (lastDeliveredAt - firstProcessingAt)) * SECOND_MS;

/** The time of the database, in milliseconds since the epoch. */
export const databaseTime = (ordersUrl: string): Promise<number> =>
  withDatabase(ordersUrl, async ({ rows }) => {
    const [row] = await rows<{ now: number }>(
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
    );
    return row?.now ?? Number.NaN;
  });

const isOnTheWay = async ({ rows }: Session): Promise<boolean> => {
  const [row] = await rows<{ some: boolean }>(
    'SELECT EXISTS (SELECT FROM orders WHERE status = ANY($1::order_status[])) AS some',
    [STATUSES_ON_THE_WAY],
  );
  return row?.some ?? true;
};

/** Waits until no order is in progress. */
export const allArrived = (ordersUrl: string, timeoutMs: number): Promise<void> =>
  withDatabase(ordersUrl, async (session) => {
    await waitUntil(async () => ((await isOnTheWay(session)) ? undefined : true), {
      timeoutMs,
      what: 'every order is delivered',
    });
  });

/** Reads from the history how the orders walked that were placed since a time, in milliseconds since the epoch. */
export const readWalk = (ordersUrl: string, since: number): Promise<Walk> =>
  withDatabase(ordersUrl, async ({ rows }) => {
    const [row] = await rows<Walk>(
      `SELECT count(*) FILTER (WHERE status = 'DELIVERED')::float8 AS orders,
         (extract(epoch FROM min(at) FILTER (WHERE status = 'PROCESSING')) * 1000)::float8 AS "firstProcessingAt",
         (extract(epoch FROM max(at) FILTER (WHERE status = 'DELIVERED')) * 1000)::float8 AS "lastDeliveredAt"
       FROM order_history
       WHERE order_id IN (SELECT id FROM orders WHERE created_at >= to_timestamp($1::float8 / 1000))`,
      [since],
    );
    return row ?? { orders: 0, firstProcessingAt: Number.NaN, lastDeliveredAt: Number.NaN };
  });
