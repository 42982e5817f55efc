import type { PublishedPosition } from '@order-pipeline/contracts';
import type { Sql } from './sql.ts';

/**
 * Keeps where the ORDER_DELIVERED events of orders stand. The first position stays; an order that is not DELIVERED has none.
 * Each row is looked up by itself, whatever PostgreSQL knows of how many there are; one that another statement changes meanwhile
 * is left to it.
 *
 * @param positions one an order. In one order for every batch, two of them wait for one another and never in a circle
 * @returns how many were kept
 */
export const recordPositions = (sql: Sql, positions: readonly PublishedPosition[]): Promise<number> => {
  const published = positions.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
  return sql.$executeRaw`
    WITH due AS MATERIALIZED (
      SELECT published.partition, published."offset", history.place FROM unnest(
        ${published.map(({ orderId }) => orderId)}::text[],
        ${published.map(({ partition }) => partition)}::int[],
        ${published.map(({ offset }) => offset)}::bigint[]
      ) AS published(order_id, partition, "offset") CROSS JOIN LATERAL (
        SELECT ctid AS place FROM order_history
        WHERE order_history.order_id = published.order_id AND status = 'DELIVERED' AND published_offset IS NULL
        OFFSET 0
      ) AS history
    )
    UPDATE order_history SET published_partition = due.partition, published_offset = due."offset"
    FROM due WHERE order_history.ctid = due.place AND published_offset IS NULL`;
};
