import { beforeAll, expect, test } from '@jest/globals';
import { auditSystem, violationLines } from '@order-pipeline/audit';
import { DATABASE_NAMES } from '@order-pipeline/contracts';
import { createRuntime } from '@order-pipeline/service-kit';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { fillOrders, STORED, tidyUp } from '../src/growth/fill.ts';
import { withDatabase } from '../src/system/databases.ts';

let databases: { users: string; inventory: string; orders: string };

const postgres = useTestPostgres();

beforeAll(async () => {
  const urls = await Promise.all(
    DATABASE_NAMES.map(async (name) => [name, await postgres.migratedDatabase(name)] as const),
  );
  databases = Object.fromEntries(urls) as typeof databases;
}, 60_000);

const audit = () => auditSystem({ databases, runtime: createRuntime() });

const countOf = (table: string): Promise<number> =>
  withDatabase(databases.orders, async ({ rows }) => {
    const [row] = await rows<{ count: number }>(`SELECT count(*)::float8 AS count FROM ${table}`);
    return row?.count ?? 0;
  });

test('what is filled in, in two parts, is what services would have stored', async () => {
  const before = new Date(Date.now() - 600_000);
  await fillOrders(databases, { from: 0, to: 2_000 }, before);
  await fillOrders(databases, { from: 2_000, to: 5_000 }, before);
  await tidyUp(databases);
  expect(await countOf('orders')).toBe(5_000);
  expect(await countOf('order_history')).toBe(20_000);
  const report = await audit();
  expect(violationLines(report)).toEqual([]);
  const checked = new Map(report.checks.map((check) => [check.name, check.checked]));
  expect(checked.get('reservations')).toBe(5_000);
  expect(checked.get('users')).toBe(STORED.users);
});

test('every user has as many orders as every other, under the ids that are read', async () => {
  const [first, last] = await withDatabase(databases.orders, async ({ rows }) =>
    rows<{ count: number }>(
      `SELECT count(*)::float8 AS count FROM orders WHERE user_id = ANY($1::text[]) GROUP BY user_id`,
      [[STORED.userId(0), STORED.userId(STORED.users - 1)]],
    ),
  );
  expect([first?.count, last?.count]).toEqual([5, 5]);
});

test('the audit sees a unit that is missing from what was filled in', async () => {
  await withDatabase(databases.inventory, ({ run }) =>
    run(`UPDATE items SET consumed_qty = consumed_qty - 1, available_qty = available_qty + 1 WHERE seq = 1`),
  );
  expect(violationLines(await audit())).toEqual([expect.stringContaining('stored-item-0')]);
});
