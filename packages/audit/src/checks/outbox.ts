import { countIn, type Reader } from '../database.ts';
import { checkOf, type Check } from '../report.ts';
import { agoOf, type AuditContext } from './context.ts';

/** The row of the outbox is written in the statement that takes the step, so at every moment its step is there. */
const WRONG_OUTBOX = `
  SELECT unnest(array_remove(ARRAY[
      CASE WHEN outbox.created_at < $1::timestamptz THEN 'an event has been in the outbox for too long' END,
      CASE WHEN step.order_id IS NULL THEN 'an event in the outbox announces a transition that did not happen' END,
      CASE WHEN event_id <> (event->>'orderId') || ':' || (event->>'status')
        THEN 'an event in the outbox has the id of another one' END
    ], NULL)),
    event_id, format('since %s', to_char(outbox.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
  FROM outbox LEFT JOIN order_history AS step
    ON step.order_id = event->>'orderId' AND step.status::text = event->>'status'`;

/** The outbox is empty or draining, and announces only what has happened. */
export const checkOutbox = async (
  orders: Reader,
  { limits, exampleCount, timesOf }: AuditContext,
): Promise<Check> => {
  const before = agoOf(await timesOf(orders), limits.outboxMs);
  return checkOf('outbox', {
    checked: await countIn(orders, 'SELECT count(*)::float8 AS count FROM outbox'),
    unit: 'waiting events',
    violations: await orders.violations(WRONG_OUTBOX, [before], exampleCount),
  });
};
