import { boundsOf, countIn, within, type Reader } from '../database.ts';
import { ON_THE_WAY } from '../lifecycle.ts';
import { checkOf, createFindings, type Check, type Violation } from '../report.ts';
import type { AuditContext } from './context.ts';

const WRONG = 'the stored count of a status is not the number of its orders';
const IS_ON_THE_WAY = `status IN (${ON_THE_WAY.map((status) => `'${status}'`).join(', ')})`;

/** Both are written in one statement, so at every moment they agree. */
const wrongCounts = (where: string): string => `
  SELECT CASE WHEN coalesce(kept.orders, 0) <> coalesce(counted.orders, 0) THEN '${WRONG}' END,
    coalesce(kept.status, counted.status)::text,
    format('stored %s, counted %s', coalesce(kept.orders, 0), coalesce(counted.orders, 0))
  FROM (SELECT status, sum(entered - "left") AS orders FROM order_transitions WHERE ${where} GROUP BY status) AS kept
  FULL JOIN (SELECT status, count(*) AS orders FROM orders WHERE ${where} GROUP BY status) AS counted
    ON counted.status = kept.status`;

interface Kept {
  readonly status: string;
  /** How many orders ever came to it, and how many were removed from it. */
  readonly entered: number;
  readonly left: number;
}

const KEPT_OF_THE_REST = `
  SELECT status::text AS status, sum(entered)::float8 AS entered, sum("left")::float8 AS left
  FROM order_transitions WHERE NOT ${IS_ON_THE_WAY} GROUP BY status`;
const COUNTED_OF_THE_REST = `
  SELECT status::text AS status, count(*)::float8 AS orders FROM orders
  WHERE NOT ${IS_ON_THE_WAY} AND ${within('id')} GROUP BY status`;

const readKept = async (orders: Reader): Promise<ReadonlyMap<string, Kept>> =>
  new Map((await orders.rows<Kept>(KEPT_OF_THE_REST)).map((kept) => [kept.status, kept]));

const countRest = async (orders: Reader): Promise<ReadonlyMap<string, number>> => {
  const counted = new Map<string, number>();
  for await (const range of orders.ranges('orders', 'id')) {
    const rows = await orders.rows<{ status: string; orders: number }>(COUNTED_OF_THE_REST, boundsOf(range));
    for (const { status, orders: count } of rows) counted.set(status, (counted.get(status) ?? 0) + count);
  }
  return counted;
};

/**
 * The orders that are done, counted in parts. One that is counted had come there by the end and was not removed before; one
 * that had come there before is counted unless it is removed by the end. While nothing moves the two bounds are one.
 */
const findWrongRest = async (orders: Reader, exampleCount: number): Promise<readonly Violation[]> => {
  const findings = createFindings(exampleCount);
  const before = await readKept(orders);
  const counted = await countRest(orders);
  const after = await readKept(orders);
  for (const status of new Set([...counted.keys(), ...after.keys()])) {
    const none = { entered: 0, left: 0 };
    const [first, last, count] = [
      before.get(status) ?? none,
      after.get(status) ?? none,
      counted.get(status) ?? 0,
    ];
    const [least, most] = [first.entered - last.left, last.entered - first.left];
    if (count < least || count > most)
      findings.add(WRONG, { id: status, detail: `stored ${least} to ${most}, counted ${count}` });
  }
  return findings.list();
};

/** The counts that the overview shows are those of the orders. */
export const checkCounts = async (orders: Reader, { exampleCount }: AuditContext): Promise<Check> => {
  const isSmall = await orders.isSmall('orders');
  const wrong = await orders.violations(wrongCounts(isSmall ? 'true' : IS_ON_THE_WAY), [], exampleCount);
  return checkOf('counts', {
    checked: await countIn(orders, 'SELECT count(DISTINCT status)::float8 AS count FROM order_transitions'),
    unit: 'statuses',
    violations: [...wrong, ...(isSmall ? [] : await findWrongRest(orders, exampleCount))],
  });
};
