import { ORDER_STATUSES, PREDECESSOR, type OrderStatus } from '@order-pipeline/contracts';
import { boundsOf, countIn, within, type Reader } from '../database.ts';
import { checkOf, createFindings, type Check } from '../report.ts';
import type { AuditContext } from './context.ts';

const predecessorOf: Readonly<Partial<Record<OrderStatus, OrderStatus>>> = PREDECESSOR;

/** The only way that leads to a status, itself included. */
export const pathTo = (status: OrderStatus): OrderStatus[] => {
  const before = predecessorOf[status];
  return before === undefined ? [status] : [...pathTo(before), status];
};

const SEPARATOR = ' > ';

/**
 * Orders of a range against their histories, as of one moment. A move writes the order and its row of history in one statement, and
 * never a time before the last one, so at every moment this holds.
 */
const WRONG_HISTORIES = `
  SELECT CASE
      WHEN orders.id IS NULL THEN 'a history has no order'
      WHEN by_status IS NULL THEN 'an order has no history'
      WHEN by_status <> path.steps THEN 'a history is not the path to the status of its order'
      WHEN by_time <> path.steps THEN 'the times of a history decrease'
      WHEN first_at <> created_at OR last_at <> updated_at
        THEN 'the times of a history are not those of its order'
    END,
    coalesce(orders.id, walked.order_id),
    format('%s; history %s', coalesce(orders.status::text, 'no order'), coalesce(by_time, 'none'))
  FROM (SELECT * FROM orders WHERE ${within('id')}) AS orders
  JOIN unnest($3::text[], $4::text[]) AS path(status, steps) ON path.status = orders.status::text
  FULL JOIN (
    SELECT order_id, min(at) AS first_at, max(at) AS last_at,
      string_agg(status::text, '${SEPARATOR}' ORDER BY status) AS by_status,
      string_agg(status::text, '${SEPARATOR}' ORDER BY at, status) AS by_time
    FROM order_history WHERE ${within('order_id')} GROUP BY order_id
  ) AS walked ON walked.order_id = orders.id`;

const COUNT = `SELECT count(*)::float8 AS count FROM order_history WHERE ${within('order_id')}`;

/** Every history is a path of the state machine that ends in the status of its order, a row a step. */
export const checkHistories = async (orders: Reader, { exampleCount }: AuditContext): Promise<Check> => {
  const paths = ORDER_STATUSES.map((status) => pathTo(status).join(SEPARATOR));
  const findings = createFindings(exampleCount);
  let checked = 0;
  for await (const range of orders.ranges('orders', 'id')) {
    const bounds = boundsOf(range);
    checked += await countIn(orders, COUNT, bounds);
    findings.addAll(
      await orders.violations(WRONG_HISTORIES, [...bounds, [...ORDER_STATUSES], paths], exampleCount),
    );
  }
  return checkOf('histories', { checked, unit: 'transitions', violations: findings.list() });
};
