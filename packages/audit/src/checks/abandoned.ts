import { boundsOf, countIn, within, type Reader } from '../database.ts';
import { checkOf, createFindings, type Check } from '../report.ts';
import type { AuditContext } from './context.ts';

/**
 * An insert that was under way when a reservation was fenced may still store its order: the caller that fenced it waits for such
 * inserts and then finds the order, so the reservation stays. That takes seconds; what is stored later has not looked at
 * the bar. (That the stock of no such order was given back is among the `reservations`.)
 */
const STORED_IN_SPITE = `
  SELECT 'an order was stored with an abandoned reservation', orders.id,
    format('reservation %s, abandoned %s before', reservation_id, orders.created_at - abandoned.at)
  FROM (SELECT * FROM orders WHERE ${within('id')}) AS orders
  JOIN abandoned_reservations AS abandoned USING (reservation_id)
  WHERE orders.created_at > abandoned.at + $3::float8 * interval '1 millisecond'`;

/** No order was stored with a reservation that had been given up before. */
export const checkAbandoned = async (
  orders: Reader,
  { limits, exampleCount }: AuditContext,
): Promise<Check> => {
  const findings = createFindings(exampleCount);
  for await (const range of orders.ranges('orders', 'id'))
    findings.addAll(
      await orders.violations(STORED_IN_SPITE, [...boundsOf(range), limits.clockMs], exampleCount),
    );
  return checkOf('abandoned', {
    checked: await countIn(orders, 'SELECT count(*)::float8 AS count FROM abandoned_reservations'),
    unit: 'abandoned reservations',
    violations: findings.list(),
  });
};
