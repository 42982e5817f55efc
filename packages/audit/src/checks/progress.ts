import { countIn, type Reader } from '../database.ts';
import { checkOf, type Check } from '../report.ts';
import { countOf } from '../words.ts';
import { ON_THE_WAY } from '../lifecycle.ts';
import { agoOf, aheadOf, type AuditContext } from './context.ts';

const IS_ON_THE_WAY = `status IN (${ON_THE_WAY.map((status) => `'${status}'`).join(', ')})`;

/** Stuck orders, each with the open dead letter that it waits for, if there is one. */
const STUCK = `
  SELECT CASE WHEN letter.id IS NULL THEN 'an order is stuck'
      ELSE 'an order is stuck because of a dead letter' END,
    orders.id,
    format('%s since %s%s', orders.status, to_char(orders.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      '; letter ' || letter.id || ': ' || left(letter.reason, 200))
  FROM orders LEFT JOIN LATERAL (
    SELECT id, reason FROM dead_letters
    WHERE order_id = orders.id AND dead_letters.status IN ('OPEN', 'REDRIVING') ORDER BY seq DESC LIMIT 1
  ) AS letter ON true
  WHERE orders.${IS_ON_THE_WAY} AND orders.updated_at < $1::timestamptz`;

/** Of these nobody can say how long they have stood in their status. */
const DATED_AHEAD = `
  SELECT 'an order in progress is dated ahead of the clock of its database', id,
    format('%s since %s', status, to_char(updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
  FROM orders WHERE ${IS_ON_THE_WAY} AND updated_at > $2::timestamptz`;

/**
 * No order stands in a status that is not terminal for longer than its limit. One whose message was dead-lettered waits for an
 * operator, which is a note and no violation.
 */
export const checkProgress = async (orders: Reader, context: AuditContext): Promise<Check> => {
  const { limits, exampleCount, timesOf } = context;
  const times = await timesOf(orders);
  const stuck = await orders.violations(
    `${STUCK} UNION ALL ${DATED_AHEAD}`,
    [agoOf(times, limits.orderMs), aheadOf(times, limits)],
    exampleCount,
  );
  const explained = stuck.filter(({ problem }) => problem.endsWith('dead letter'));
  return checkOf('progress', {
    checked: await countIn(orders, `SELECT count(*)::float8 AS count FROM orders WHERE ${IS_ON_THE_WAY}`),
    unit: 'orders in progress',
    violations: stuck.filter((violation) => !explained.includes(violation)),
    notes: [
      ...(times.asOf < times.now
        ? [
            `the system is stopped: ages are as of ${new Date(times.asOf).toISOString()}, when it was last active`,
          ]
        : []),
      ...explained.flatMap(({ count, examples }) => [
        `${countOf(count, 'order')} that waits for an operator to work a dead letter`,
        ...examples.map(({ id, detail }) => `  ${id}  ${detail}`),
      ]),
    ],
  });
};
