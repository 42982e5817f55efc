import { countIn, type Reader } from '../database.ts';
import { checkOf, type Check } from '../report.ts';
import type { AuditContext } from './context.ts';

/** Both are written in one statement, so at every moment they agree. */
const WRONG_COUNTS = `
  SELECT CASE WHEN coalesce(kept.orders, 0) <> coalesce(counted.orders, 0)
      THEN 'the stored count of a status is not the number of its orders' END,
    coalesce(kept.status, counted.status)::text,
    format('stored %s, counted %s', coalesce(kept.orders, 0), coalesce(counted.orders, 0))
  FROM (SELECT status, sum(entered - "left") AS orders FROM order_transitions GROUP BY status) AS kept
  FULL JOIN (SELECT status, count(*) AS orders FROM orders GROUP BY status) AS counted
    ON counted.status = kept.status`;

/** The counts that the overview shows are those of the orders. */
export const checkCounts = async (orders: Reader, { exampleCount }: AuditContext): Promise<Check> =>
  checkOf('counts', {
    checked: await countIn(orders, 'SELECT count(DISTINCT status)::float8 AS count FROM order_transitions'),
    unit: 'statuses',
    violations: await orders.violations(WRONG_COUNTS, [], exampleCount),
  });
