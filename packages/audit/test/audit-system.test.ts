import { expect, test } from '@jest/globals';
import { useLedger } from './plants.ts';

const ledger = useLedger();

test('books in which everything is right are clean, and what could not be looked at is said', async () => {
  const report = await ledger().audit();
  expect(report.clean).toBe(true);
  expect(report.checks.map(({ name, checked, notChecked }) => [name, checked, notChecked])).toEqual([
    ['stock', 2, undefined],
    ['reservations', 6, undefined],
    ['cancellations', 1, undefined],
    ['abandoned', 0, undefined],
    ['histories', 15, undefined],
    ['users', 1, undefined],
    ['progress', 4, undefined],
    ['outbox', 0, undefined],
    ['events', 0, 'no Kafka is named'],
    ['dead letters', 0, 'whether all were kept: no Kafka is named'],
  ]);
});

test('what is within its limits is on its way', async () => {
  expect(
    await ledger().findings({
      limits: { orderMs: 11_000, stockMs: 11_000, leaveMs: 11_000, outboxMs: 5_000, eventMs: 5_000 },
    }),
  ).toEqual({});
});

test('of many violations of a kind all are counted and the first are named', async () => {
  await ledger().run('orders', `UPDATE orders SET user_id = 'nobody-' || id`);
  await ledger().run('orders', 'DELETE FROM order_history');
  const { checks } = await ledger().audit({ exampleCount: 2 });
  const violations = checks.flatMap((check) => check.violations);
  expect(violations.map(({ problem, count, examples }) => [problem, count, examples.length])).toEqual([
    ['an order has no history', 6, 2],
    ['the user of an order is not there', 6, 2],
  ]);
});

test('checks whose database is not named say so and nothing else', async () => {
  const { inventory } = ledger().databases;
  const { checks, clean } = await ledger().audit({ databases: { inventory } });
  expect(clean).toBe(true);
  expect(checks.filter((check) => check.notChecked === undefined).map(({ name }) => name)).toEqual(['stock']);
  expect(checks.find(({ name }) => name === 'users')?.notChecked).toBe(
    'the database of orders and users is not named',
  );
});
