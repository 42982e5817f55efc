import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { useFixture } from '../../audit/test/planted-faults.ts';
import { runOrders } from './run-orders.ts';

const fixture = useFixture();
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-archive-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const named = (other: Record<string, string> = {}) => ({
  USERS_DATABASE_URL: fixture().databases.users,
  INVENTORY_DATABASE_URL: fixture().databases.inventory,
  ORDERS_DATABASE_URL: fixture().databases.orders,
  ...other,
});

const age = () =>
  fixture().run(
    'orders',
    `UPDATE orders SET created_at = created_at - interval '40 days', updated_at = updated_at - interval '40 days';
     UPDATE order_history SET at = at - interval '40 days'`,
  );

test('closed orders of that age are archived, and the audit reads their files', async () => {
  await age();
  const { code, out, err } = await runOrders(['archive', dir], named({ RETAIN_ORDERS_DAYS: '30' }));
  expect(out).toMatch(/^Archived 2 orders in [12] files, closed before \d{4}-/);
  expect(err).toMatch(/orders are in year=\d{4}\/month=\d\d\//);
  expect(code).toBe(0);
  expect(await fixture().select('orders', 'SELECT id FROM orders ORDER BY id')).toHaveLength(4);
  const audit = await runOrders(['audit', '--archive', dir, '--stuck-after-ms', '2147483647'], named());
  expect(audit.out).toMatch(/✔ archive +2 archived orders: every archived order is in one file/);
});

test('nothing is archived while the setting is missing, wrong, or not reached', async () => {
  await age();
  const without = await runOrders(['archive', dir], named());
  expect(without).toMatchObject({ code: 0, out: 'RETAIN_ORDERS_DAYS is not set: every order is kept\n' });
  const wrong = await runOrders(['archive', dir], named({ RETAIN_ORDERS_DAYS: '0' }));
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('RETAIN_ORDERS_DAYS') });
  const young = await runOrders(['archive', dir, '--json'], named({ RETAIN_ORDERS_DAYS: '50' }));
  expect(JSON.parse(young.out)).toMatchObject({ orders: 0, files: 0, left: 0 });
  expect(await fixture().select('orders', 'SELECT FROM orders')).toHaveLength(6);
});

test('what prevents an archive is a sentence', async () => {
  const url = 'postgresql://nobody:x@127.0.0.1:1/orders';
  const { code, err } = await runOrders(
    ['archive', dir],
    named({ RETAIN_ORDERS_DAYS: '30', ORDERS_DATABASE_URL: url }),
  );
  expect(code).toBe(2);
  expect(err).toMatch(/^The archive could not be made: .*ECONNREFUSED/m);
});
