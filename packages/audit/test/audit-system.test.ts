import { expect, test } from '@jest/globals';
import { DATABASE_NAMES } from '@order-pipeline/contracts';
import { createRuntime } from '@order-pipeline/service-kit';
import { findingsOf } from './fixture.ts';
import { useFixture } from './planted-faults.ts';

const fixture = useFixture();

test('consistent databases are clean, and what could not be checked is listed', async () => {
  const report = await fixture().audit();
  expect(report.clean).toBe(true);
  expect(report.checks.map(({ name, checked, notChecked }) => [name, checked, notChecked])).toEqual([
    ['stock', 2, undefined],
    ['reservations', 6, undefined],
    ['cancellations', 1, undefined],
    ['abandoned', 0, undefined],
    ['archive', 0, undefined],
    ['histories', 15, undefined],
    ['counts', 5, undefined],
    ['users', 1, undefined],
    ['progress', 4, undefined],
    ['outbox', 0, undefined],
    ['events', 0, 'no Kafka is named'],
    ['dead letters', 0, 'whether every message of the DLQs is stored: no Kafka is named'],
  ]);
});

test('what is within its limits is in progress', async () => {
  expect(
    await fixture().findings({
      limits: { orderMs: 60_000, stockMs: 60_000, leaveMs: 60_000, outboxMs: 60_000, eventMs: 60_000 },
    }),
  ).toEqual({});
});

test('of many violations of a kind all are counted and the first are named', async () => {
  await fixture().run('orders', `UPDATE orders SET user_id = 'nobody-' || id`);
  await fixture().run('orders', 'DELETE FROM order_history');
  const { checks } = await fixture().audit({ exampleCount: 2 });
  const violations = checks.flatMap((check) => check.violations);
  expect(violations.map(({ problem, count, examples }) => [problem, count, examples.length])).toEqual([
    ['an order has no history', 6, 2],
    ['the user of an order does not exist', 6, 2],
  ]);
});

test('checks whose database is not named say so and nothing else', async () => {
  const { inventory } = fixture().databases;
  const { checks, clean } = await fixture().audit({ databases: { inventory } });
  expect(clean).toBe(true);
  expect(checks.filter((check) => check.notChecked === undefined).map(({ name }) => name)).toEqual(['stock']);
  expect(checks.find(({ name }) => name === 'users')?.notChecked).toBe(
    'the database of orders and users is not named',
  );
});

test('ages are measured by the clocks of the databases, whatever that of the auditor says', async () => {
  for (const aheadMs of [3_600_000, -3_600_000]) {
    const runtime = { ...createRuntime(), wallClock: () => Date.now() + aheadMs };
    expect(await fixture().findings({ runtime })).toEqual({});
  }
});

const HOUR_AGO = {
  users: `UPDATE users SET created_at = created_at - interval '1 hour'`,
  inventory: `UPDATE items SET created_at = created_at - interval '1 hour';
    UPDATE reservations SET created_at = created_at - interval '1 hour', updated_at = updated_at - interval '1 hour'`,
  orders: `UPDATE orders SET created_at = created_at - interval '1 hour', updated_at = updated_at - interval '1 hour',
      announced_at = announced_at - interval '1 hour', stock_returned_at = stock_returned_at - interval '1 hour';
    UPDATE order_history SET at = at - interval '1 hour'`,
} as const;

test('what waits in a system that was stopped for an hour is in progress; what was stuck before is not', async () => {
  for (const name of DATABASE_NAMES) await fixture().run(name, HOUR_AGO[name]);
  const running = await fixture().findings();
  expect(running).toHaveProperty(['progress: an order is stuck']);
  expect(running).toHaveProperty(['reservations: the reservation of a shipped order is not consumed']);

  const stopped = await fixture().audit({ isStopped: true });
  expect(findingsOf(stopped)).toEqual({});
  expect(stopped.checks.find(({ name }) => name === 'progress')?.notes).toEqual([
    expect.stringMatching(/^the system is stopped: ages are as of 20.*, when it was last active$/),
  ]);

  const STUCK = `UPDATE orders SET updated_at = updated_at - interval '20 minutes',
      created_at = created_at - interval '20 minutes' WHERE id = 'pending';
    UPDATE order_history SET at = at - interval '20 minutes' WHERE order_id = 'pending'`;
  await fixture().run('orders', STUCK);
  // No sign of life: a clock that was wrong for a while.
  await fixture().run(
    'orders',
    `UPDATE orders SET announced_at = now() + interval '1 year' WHERE id = 'delivered'`,
  );
  expect(await fixture().findings({ isStopped: true })).toEqual({
    'progress: an order is stuck': ['pending'],
  });
});
