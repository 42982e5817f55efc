import type { DatabaseName } from '@order-pipeline/contracts';
import { openClient } from '@order-pipeline/service-kit';
import { eventually, times } from '@order-pipeline/testing';

// The schema of the first release, what was in its databases, and the statements that its services made.

/** The last of its migrations. */
export const LAST_MIGRATION = '20261122200000';

const ITEMS = 10;
const USERS = 10;
/** Orders of each kind that are on their way. */
const OPEN = 30;
export const LETTERS = 200;
/** How many orders the load can place; their stock is held. */
const LOAD = 2_000;

const statusOf = (n: string): string => `
  CASE WHEN ${n} <= ${OPEN} THEN 'PENDING' WHEN ${n} <= ${2 * OPEN} THEN 'PROCESSING'
    WHEN ${n} <= ${3 * OPEN} THEN 'SHIPPED' WHEN ${n} % 10 = 0 THEN 'CANCELLED' ELSE 'DELIVERED' END`;
const linesOf = (n: string): string =>
  `jsonb_build_array(jsonb_build_object('itemId', 'item' || ${n} % ${ITEMS}, 'quantity', 1))`;
const PLACED = `date_trunc('second', now()) - interval '20 days' + n * interval '1 second'`;

/** Seconds after the placement, by status. */
const STEPS = `(VALUES ('PENDING', 0), ('CANCELLED', 1), ('PROCESSING', 1), ('SHIPPED', 2), ('DELIVERED', 3)) AS step(status, after)`;
const PASSED = `
  step.status = 'PENDING' OR step.status = o.status::text
  OR (o.status::text IN ('SHIPPED', 'DELIVERED') AND step.status = 'PROCESSING')
  OR (o.status::text = 'DELIVERED' AND step.status = 'SHIPPED')`;

const TRACEPARENT = `'00-' || md5(o.id) || '-' || left(md5(o.id), 16) || '-00'`;
const eventOf = (alias: string): string => `
  jsonb_build_object('orderId', ${alias}.id, 'userId', ${alias}.user_id, 'items', ${alias}.lines, 'status', ${alias}.status,
    'at', to_char(${alias}.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;

const fillOrders = (count: number): string => `
  INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at, stock_returned_at)
  SELECT 'old-' || n, 'user' || n % ${USERS}, status::order_status, ${linesOf('n')}, 'r-old-' || n, placed,
    placed + after * interval '1 second', placed + after * interval '1 second',
    CASE WHEN status = 'CANCELLED' THEN placed + interval '2 seconds' END
  FROM (SELECT n, ${statusOf('n')} AS status, ${PLACED} AS placed FROM generate_series(1, ${count}) AS n) AS given
    JOIN ${STEPS} USING (status);
  INSERT INTO order_history (order_id, status, at, cause)
  SELECT o.id, step.status::order_status, o.created_at + after * interval '1 second', 'test'
  FROM orders AS o JOIN ${STEPS} ON ${PASSED};
  INSERT INTO outbox (event_id, event, traceparent, created_at)
  SELECT o.id || ':PENDING', ${eventOf('o')}, ${TRACEPARENT}, o.created_at
  FROM orders AS o WHERE o.status = 'PENDING' ORDER BY o.seq;
  INSERT INTO dead_letters (id, status, topic, partition, message_offset, consumer_group, reason, tries, send_backs,
    order_id, failed_at, received_at, updated_at, key, value, headers)
  SELECT 'letter-' || n, (CASE WHEN n % 2 = 0 THEN 'SENT_BACK' ELSE 'DISCARDED' END)::dead_letter_status, 'ORDER_PLACED', 0, n,
    'workflow', 'a test', 5, n % 2, 'old-' || 100 + n, now(), now(), now(), NULL, NULL, '[]'
  FROM generate_series(1, ${LETTERS}) AS n;
  INSERT INTO dead_letter_actions (letter_id, action, "by", at, note, forced)
  SELECT 'letter-' || n, CASE WHEN n % 2 = 0 THEN 'SEND_BACK' ELSE 'DISCARD' END, 'ops', now(), NULL, false
  FROM generate_series(1, ${LETTERS}) AS n;
  ANALYZE`;

const fillInventory = (count: number): string => `
  INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at, check_at)
  SELECT 'old-' || n, 'r-old-' || n, (CASE ${statusOf('n')} WHEN 'DELIVERED' THEN 'CONSUMED' WHEN 'CANCELLED' THEN 'RELEASED'
    ELSE 'HELD' END)::reservation_state, ${linesOf('n')}, placed, placed, placed
  FROM (SELECT n, ${PLACED} AS placed FROM generate_series(1, ${count}) AS n) AS given
  UNION ALL
  SELECT 'load-' || n, 'r-load-' || n, 'HELD', ${linesOf('n')}, now(), now(), now() FROM generate_series(1, ${LOAD}) AS n;
  INSERT INTO items (id, name, initial_qty, stocked_qty, available_qty, reserved_qty, consumed_qty, created_at)
  SELECT item, 'Laptop', ${count + LOAD}, ${count + LOAD}, ${count + LOAD} - held - consumed, held, consumed, now() - interval '30 days'
  FROM (SELECT lines->0->>'itemId' AS item, count(*) FILTER (WHERE state = 'HELD') AS held,
    count(*) FILTER (WHERE state = 'CONSUMED') AS consumed FROM reservations GROUP BY 1) AS sums;
  ANALYZE`;

const FILL_USERS = `
  INSERT INTO users (id, name, email) SELECT 'user' || n, 'Sriram', 'sriram@example.com' FROM generate_series(0, ${USERS - 1}) AS n`;

/** SQL that fills a database of the first release with what so many orders have left in it. */
export const fill = (database: DatabaseName, count: number): string =>
  ({ users: FILL_USERS, inventory: fillInventory(count), orders: fillOrders(count) })[database];

const PLACE = `
  WITH o AS (
    INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
    SELECT 'load-' || $1::int, 'user1', 'PENDING', ${linesOf('$1::int')}, 'r-load-' || $1::int, at, at, at
    FROM (SELECT date_trunc('milliseconds', clock_timestamp()) AS at) AS moment
    ON CONFLICT (id) DO NOTHING RETURNING *
  ), history AS (
    INSERT INTO order_history (order_id, status, at, cause) SELECT o.id, o.status, o.created_at, 'test' FROM o
  )
  INSERT INTO outbox (event_id, event, traceparent, created_at)
  SELECT o.id || ':PENDING', ${eventOf('o')}, ${TRACEPARENT}, o.created_at FROM o`;

const MOVE = `
  WITH o AS (
    UPDATE orders SET status = 'PROCESSING', updated_at = date_trunc('milliseconds', clock_timestamp())
    WHERE id = 'load-' || $1::int AND status = 'PENDING' RETURNING *
  ), history AS (
    INSERT INTO order_history (order_id, status, at, cause) SELECT o.id, o.status, o.updated_at, 'test' FROM o
  )
  INSERT INTO outbox (event_id, event, traceparent, created_at)
  SELECT o.id || ':PROCESSING', ${eventOf('o')}, ${TRACEPARENT}, o.updated_at FROM o`;

const READ = `
  SELECT id, seq, user_id, status, lines, reservation_id, created_at, updated_at,
    (SELECT count(*) FROM order_history WHERE order_id = orders.id AND status <> 'CANCELLED')
  FROM orders WHERE status = 'PENDING' AND $1::int > 0 ORDER BY orders.seq DESC LIMIT 20`;

/** What instances of the first release do with the orders database. */
export interface Load {
  /** Resolves when every kind of statement has been carried out several times more. */
  goesOn(): Promise<void>;
  /** Ends it; answers the statements that failed. */
  stop(): Promise<string[]>;
}

/** The longest that a migration may have others wait for it, as it waits itself. */
const LOCK_TIMEOUT = 'lock_timeout=10s';
const MORE = 5;

/** Starts statements of each kind, one after the other, until it is stopped. */
export const startLoad = async (url: string): Promise<Load> => {
  const failures: string[] = [];
  const done = new Map<string, number>();
  let isStopped = false;
  const repeat = async (kind: string, statement: string, behind?: string): Promise<void> => {
    const client = await openClient({ url, applicationName: kind, settings: [LOCK_TIMEOUT] });
    for (let n = 1; !isStopped;) {
      if (behind !== undefined && n >= (done.get(behind) ?? 0)) {
        await client.query('SELECT 1');
        continue;
      }
      await client
        .query(statement, [n])
        .catch((error: unknown) => failures.push(`${kind}: ${String(error)}`));
      done.set(kind, (done.get(kind) ?? 0) + 1);
      n = Math.min(n + 1, LOAD);
    }
    await client.end();
  };
  const running = Promise.all([
    repeat('place', PLACE),
    repeat('move', MOVE, 'place'),
    ...times(2, (index) => repeat(`read ${index}`, READ)),
  ]);
  return {
    goesOn: async () => {
      const before = new Map(done);
      await eventually(
        () => {
          for (const kind of ['place', 'move', 'read 0', 'read 1'])
            if ((done.get(kind) ?? 0) < (before.get(kind) ?? 0) + MORE)
              throw new Error(`${kind} has stopped`);
        },
        { timeoutMs: 60_000 },
      );
    },
    stop: async () => {
      isStopped = true;
      await running;
      return failures;
    },
  };
};
