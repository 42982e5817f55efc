import { beforeEach, expect, test } from '@jest/globals';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { walkRateOfPgbench } from '../src/reference/compare-and-set.ts';
import { fillReference, fillSteps } from '../src/reference/database.ts';
import { withDatabase } from '../src/system/databases.ts';

let url = '';

const postgres = useTestPostgres();

beforeEach(async () => {
  url = await postgres.freshDatabase('reference');
  await fillReference(url);
});

/** What pgbench would do, for so many orders. */
const moving = (orders: number) => async () => {
  await withDatabase(url, ({ rows }) =>
    rows(
      `UPDATE orders SET status = 'PROCESSING' WHERE id IN (SELECT id FROM orders WHERE status = 'PENDING' LIMIT $1)`,
      [orders],
    ),
  );
  return 900;
};

test('the baseline has the tables and indexes of all services, with users and items', async () => {
  const indexes = await withDatabase(url, ({ rows }) =>
    rows<{ name: string }>(
      `SELECT schemaname || '.' || indexname AS name FROM pg_indexes WHERE schemaname <> 'pg_catalog'`,
    ),
  );
  expect(indexes.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'users.users_pkey',
      'inventory.items_pkey',
      'orders.orders_status_seq_idx',
      'orders.outbox_event_id_key',
      'users.operator_actions_pkey',
      'orders.operator_actions_pkey',
    ]),
  );
  const [counts] = await withDatabase(url, ({ rows }) =>
    rows(`SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM items) AS items`),
  );
  expect(counts).toEqual({ users: 1_000, items: 1_000 });
});

test('a walk is three steps, each of which is one compare-and-set', async () => {
  expect(await walkRateOfPgbench(moving(80), url, 80)).toBe(300);
});

test('every measure has its own orders to move', async () => {
  await walkRateOfPgbench(moving(80), url, 80);
  expect(await walkRateOfPgbench(moving(160), url, 160)).toBe(300);
});

test('steps that were not taken are not counted', async () => {
  await fillSteps(url, 80);
  await expect(walkRateOfPgbench(moving(79), url, 80)).rejects.toThrow('pgbench moved 79 orders of 80.');
});
