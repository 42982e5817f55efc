import type { DatabaseName } from '@order-pipeline/contracts';
import { withDatabase } from '../system/databases.ts';

const USERS = 1_000;
const ITEMS = 1_000;
/** Of each item; never sold out by what is filled in. */
const STOCK = 1_000_000_000;

/** Ids of what is filled in. */
export const STORED = {
  users: USERS,
  userId: (index: number): string => `stored-user-${index % USERS}`,
  orderId: (index: number): string => `stored-order-${index}`,
};

/** The orders from the first number to before the second, each with the two items that it has and when it was placed. */
const STORED_ORDERS = `
  SELECT i, 'stored-order-' || i AS id, md5('stored-' || i)::uuid::text AS reservation_id,
    'stored-item-' || i % ${ITEMS} AS first, 'stored-item-' || (i + 1 + i / ${ITEMS} % ${ITEMS - 1}) % ${ITEMS} AS second,
    $3::timestamptz - ($2 - i) * interval '1 millisecond' AS placed_at
  FROM generate_series($1::bigint, $2::bigint - 1) AS i`;

const LINES = `jsonb_build_array(
  jsonb_build_object('itemId', first, 'quantity', 1), jsonb_build_object('itemId', second, 'quantity', 2))`;

const STEPS = `(VALUES
  ('PENDING', interval '0', 'placed'), ('PROCESSING', interval '60 s', 'workflow'),
  ('SHIPPED', interval '61 s', 'shipping'), ('DELIVERED', interval '62 s', 'delivery')) AS step(status, after, cause)`;

const FILL_USERS = `
  INSERT INTO users (id, name, email)
  SELECT 'stored-user-' || i, 'Sriram', 'stored-user-' || i || '@example.com' FROM generate_series(0, ${USERS - 1}) i
  ON CONFLICT DO NOTHING`;

const FILL_ITEMS = `
  INSERT INTO items (id, name, initial_qty, stocked_qty, available_qty, reserved_qty, consumed_qty, created_at)
  SELECT 'stored-item-' || i, 'Laptop', ${STOCK}, ${STOCK}, ${STOCK}, 0, 0, now() FROM generate_series(0, ${ITEMS - 1}) i
  ON CONFLICT DO NOTHING`;

const FILL_RESERVATIONS = `
  INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
  SELECT id, reservation_id, 'CONSUMED', ${LINES}, placed_at, placed_at + interval '61 s'
  FROM (${STORED_ORDERS}) AS stored`;

const CONSUME_STOCK = `
  UPDATE items SET available_qty = available_qty - units, consumed_qty = consumed_qty + units
  FROM (
    SELECT item, sum(quantity) AS units
    FROM (${STORED_ORDERS}) AS stored, LATERAL (VALUES (first, 1), (second, 2)) AS line(item, quantity) GROUP BY item
  ) AS sold WHERE items.id = item`;

const FILL_ORDERS = `
  INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
  SELECT id, 'stored-user-' || i % ${USERS}, 'DELIVERED', ${LINES}, reservation_id,
    placed_at, placed_at + interval '62 s', placed_at + interval '62 s'
  FROM (${STORED_ORDERS}) AS stored ORDER BY i`;

const FILL_HISTORY = `
  INSERT INTO order_history (order_id, status, at, cause)
  SELECT id, step.status::order_status, placed_at + after, cause FROM (${STORED_ORDERS}) AS stored, ${STEPS}`;

/**
 * Fills delivered orders in, with their users, their items and all that belongs to them, as if the services had stored
 * them a while ago.
 *
 * @param range the numbers of the orders, from the first to before the second
 * @param before when the last of them was placed, at least two minutes ago
 */
export const fillOrders = async (
  databases: Readonly<Record<DatabaseName, string>>,
  range: { readonly from: number; readonly to: number },
  before: Date,
): Promise<void> => {
  const values = [range.from, range.to, before];
  await withDatabase(databases.users, ({ run }) => run(FILL_USERS));
  await withDatabase(databases.inventory, async ({ rows, run }) => {
    await run(FILL_ITEMS);
    await rows(FILL_RESERVATIONS, values);
    await rows(CONSUME_STOCK, values);
  });
  await withDatabase(databases.orders, async ({ rows }) => {
    await rows(FILL_ORDERS, values);
    await rows(FILL_HISTORY, values);
  });
};

/** Does at once what the server would else do by and by after a fill, during what is measured. */
export const tidyUp = async (databases: Readonly<Record<DatabaseName, string>>): Promise<void> => {
  for (const url of Object.values(databases))
    await withDatabase(url, async ({ run }) => {
      await run('VACUUM ANALYZE');
      await run('CHECKPOINT');
    });
};
