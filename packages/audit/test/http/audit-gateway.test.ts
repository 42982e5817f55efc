import { afterEach, expect, test } from '@jest/globals';
import { ORDER_PATH_WORDS } from '@order-pipeline/contracts';
import { startSystem, type System } from '@order-pipeline/launcher';
import { createRuntime } from '@order-pipeline/service-kit';
import { auditGateway } from '../../src/http/audit-gateway.ts';
import { DEFAULT_LIMITS, type AuditLimits } from '../../src/index.ts';
import { findingsOf } from '../fixture.ts';
import { useFixture } from '../planted-faults.ts';

const fixture = useFixture();
let system: System | undefined;

// Before the fixture is closed.
afterEach(async () => {
  await system?.stop();
  system = undefined;
});

/** Only the orders that the system itself does not move on within the test. */
const KEPT = `('pending', 'delivered', 'cancelled')`;

const audit = async (limits: Partial<AuditLimits> = {}) => {
  const { databases } = fixture();
  system = await startSystem({
    environment: {
      PORT: '0',
      LOG_LEVEL: 'silent',
      RATE_LIMIT: '20',
      USERS_DATABASE_URL: databases.users,
      INVENTORY_DATABASE_URL: databases.inventory,
      ORDERS_DATABASE_URL: databases.orders,
    },
  });
  return auditGateway({
    url: system.url,
    runtime: createRuntime(),
    limits: { ...DEFAULT_LIMITS, ...limits },
    exampleCount: 5,
    progress: () => undefined,
  });
};

const keepFew = async (): Promise<void> => {
  await fixture().run('orders', `DELETE FROM order_history WHERE order_id NOT IN ${KEPT}`);
  await fixture().run('orders', `DELETE FROM orders WHERE id NOT IN ${KEPT}`);
  await fixture().run('inventory', `DELETE FROM reservations WHERE order_id NOT IN ${KEPT}`);
  await fixture().run(
    'inventory',
    `UPDATE items SET reserved_qty = 2, consumed_qty = 2, available_qty = 96 WHERE id = 'item1'`,
  );
  await fixture().run(
    'inventory',
    `UPDATE items SET reserved_qty = 1, consumed_qty = 1, available_qty = 48 WHERE id = 'item2'`,
  );
};

test('what the API shows of a system in which everything is right is clean, and the rest is not checked', async () => {
  await keepFew();
  const { clean, checks } = await audit();
  expect(clean).toBe(true);
  expect(checks.map(({ name, checked }) => [name, checked])).toEqual([
    ['stock', 2],
    ['histories', 7],
    ['users', 1],
    ['progress', 1],
    ['reservations', 0],
    ['cancellations', 0],
    ['abandoned', 0],
    ['archive', 0],
    ['outbox', 0],
    ['events', 0],
    ['dead letters', 0],
  ]);
  for (const { name, notChecked } of checks)
    if (!['histories', 'users'].includes(name))
      expect([name, notChecked]).toEqual([name, expect.any(String)]);
});

test('what is wrong and shows in the API is found', async () => {
  await keepFew();
  await fixture().run(
    'orders',
    `DELETE FROM order_history WHERE order_id = 'delivered' AND status = 'PROCESSING'`,
  );
  await fixture().run('orders', `UPDATE orders SET user_id = 'nobody' WHERE id = 'cancelled'`);
  await fixture().run(
    'inventory',
    `UPDATE items SET reserved_qty = 1, available_qty = available_qty + 1 WHERE id = 'item1'`,
  );
  expect(findingsOf(await audit({ orderMs: 5_000 }))).toEqual({
    'histories: a history is not the path to the status of its order': ['delivered'],
    'progress: an order is stuck': ['pending'],
    'stock: fewer units of an item are reserved than its orders hold': ['item1'],
    'users: the user of an order does not exist': ['cancelled'],
  });
});

test('an order of before whose id is a word of the paths counts like the others, though its history has no path', async () => {
  await keepFew();
  const [word = ''] = ORDER_PATH_WORDS;
  expect(word).toBe('user');
  await fixture().run('orders', `UPDATE orders SET id = '${word}' WHERE id = 'pending'`);
  await fixture().run('orders', `UPDATE order_history SET order_id = '${word}' WHERE order_id = 'pending'`);
  await fixture().run(
    'inventory',
    `UPDATE items SET reserved_qty = 1, available_qty = available_qty + 1 WHERE id = 'item1'`,
  );
  const report = await audit();
  expect(findingsOf(report)).toEqual({
    'stock: fewer units of an item are reserved than its orders hold': ['item1'],
  });
  expect(report.checks.find(({ name }) => name === 'users')).toMatchObject({ checked: 1 });
});
