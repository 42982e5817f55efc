import { beforeEach, expect, test } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS, openClient, type Metrics } from '@order-pipeline/service-kit';
import { createTestBroker, explain, pagesRead, statementsOf } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { measureArchive } from '../src/archive-metrics.ts';
import { Prisma } from '../src/generated/client.ts';
import { findOverdueForArchiving, type ClosedFrom } from '../src/store/archiving.ts';
import type { OrdersStore } from '../src/store/index.ts';
import { sampleOf, useHarness } from './harness.ts';

const RETAIN_DAYS = 30;
/** More of a status than are looked at. */
const MANY = 1_500;
/** Those of an index that is one level deeper, and of other rows. */
const FEW_PAGES = 60;

const postgres = useTestPostgres();
const harness = useHarness(postgres);

beforeEach(async () => {
  await harness.database.orders.$executeRaw`DELETE FROM orders`;
});

/** Orders that were closed so many days ago, a second after one another; `count` of them. */
const close = async (status: 'DELIVERED' | 'CANCELLED', daysAgo: number, count = 1): Promise<void> => {
  await harness.database.orders.$executeRaw`
    INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at, stock_returned_at)
    SELECT gen_random_uuid()::text, 'user', ${status}::order_status, '[{"itemId":"a","quantity":1}]', gen_random_uuid()::text, at, at, at, at
    FROM (
      SELECT now() - ${daysAgo}::float8 * interval '1 day' + n * interval '1 second' AS at FROM generate_series(0, ${count - 1}::int) AS n
    ) AS closed`;
};

/** An instance that leads: nobody else is in its groups. */
const start = (environment: Record<string, string> = { RETAIN_ORDERS_DAYS: String(RETAIN_DAYS) }) =>
  harness.anotherOrders({ environment, broker: createTestBroker() });

const overdue = async () => {
  const instance = await start();
  const orders = await sampleOf(instance, 'archive_overdue_orders');
  const seconds = await sampleOf(instance, 'archive_overdue_oldest_seconds');
  return { orders, days: Math.round((seconds * 100) / 86_400) / 100 };
};

test('where orders are not old enough, nothing is overdue', async () => {
  await close('DELIVERED', RETAIN_DAYS - 1, 3);
  await close('CANCELLED', 0);
  expect(await overdue()).toEqual({ orders: 0, days: 0 });
});

test('some are counted, and the one that was closed first says for how long they are overdue', async () => {
  await close('DELIVERED', RETAIN_DAYS + 2, 3);
  await close('CANCELLED', RETAIN_DAYS + 7, 2);
  await close('DELIVERED', RETAIN_DAYS - 1, 4);
  expect(await overdue()).toEqual({ orders: 5, days: 7 });
});

test('many are counted as far as they are looked at', async () => {
  await close('DELIVERED', RETAIN_DAYS + 12, MANY);
  await close('CANCELLED', RETAIN_DAYS + 3, 10);
  expect(await overdue()).toEqual({ orders: 1_010, days: 12 });
});

test('where every order is kept, nothing of it is reported', async () => {
  await close('DELIVERED', 4_000);
  const orders = await start({});
  const text = await orders.registry.metrics();
  expect(text).toContain('# TYPE archive_overdue_orders gauge');
  expect(text.split('\n').filter((line) => /^archived?_/.test(line))).toEqual([]);
});

test('what archives have done is read from the database', async () => {
  await harness.database.orders.$executeRaw`
    UPDATE archive_totals SET runs_succeeded = 7, runs_failed = 2, succeeded_at = to_timestamp(1700000000), files = 12,
      orders = 34, bytes = 5600`;
  await harness.database.orders.$executeRaw`
    INSERT INTO archive_files (file, closed_before, taken_back_at) VALUES ('a', now(), now()), ('b', now(), NULL)`;
  const orders = await start();
  // What is measured with the overdue orders is in the answer to the next one who asks.
  await orders.registry.metrics();
  const samples = {
    succeeded: await sampleOf(orders, 'archive_runs_total', ',outcome="succeeded"'),
    failed: await sampleOf(orders, 'archive_runs_total', ',outcome="failed"'),
    at: await sampleOf(orders, 'archive_last_success_timestamp_seconds'),
    files: await sampleOf(orders, 'archived_files_total'),
    orders: await sampleOf(orders, 'archived_orders_total'),
    bytes: await sampleOf(orders, 'archived_bytes_total'),
    takenBack: await sampleOf(orders, 'archive_files_taken_back_total'),
  };
  expect(samples).toEqual({
    succeeded: 7,
    failed: 2,
    at: 1_700_000_000,
    files: 12,
    orders: 34,
    bytes: 5_600,
    takenBack: 1,
  });
});

const TOTALS = {
  runsSucceeded: 1,
  runsFailed: 0,
  succeededAt: null,
  files: 1,
  orders: 2,
  bytes: 3,
  takenBack: 0,
};

/** Metrics that keep their values by name, and are measured when `ask` is called. */
const createKeptMetrics = () => {
  const values = new Map<string, number>();
  const measures: (() => Promise<void> | void)[] = [];
  const metrics: Metrics = {
    counter: (name) => ({ add: (_, by = 1) => void values.set(name, (values.get(name) ?? 0) + by) }),
    gauge: (name) => ({
      set: (_, value) => void values.set(name, value),
      unset: () => void values.delete(name),
      whenAsked: (measure) => void measures.push(measure),
    }),
    histogram: () => ({ observe: () => undefined }),
  };
  const ask = async (): Promise<Record<string, number>> => {
    await Promise.all(measures.map(async (measure) => measure()));
    return Object.fromEntries(values);
  };
  return { metrics, ask };
};

/** Measures on a store that keeps what is asked of it, by a clock of the test. */
const createMeasured = () => {
  const { metrics, ask } = createKeptMetrics();
  const asked: unknown[] = [];
  const state = { now: 0, leads: true, totals: TOTALS };
  const store: Pick<OrdersStore, 'findOverdueForArchiving' | 'readArchiveTotals'> = {
    findOverdueForArchiving: async (closedForMs, from) => {
      asked.push({ closedForMs, from });
      const closedAt = new Date(state.now - (RETAIN_DAYS + 1) * DAY_MS);
      return { orders: 4, closedAt, from: { DELIVERED: '17' } };
    },
    readArchiveTotals: async () => state.totals,
  };
  measureArchive({
    store,
    retainDays: RETAIN_DAYS,
    leads: () => state.leads,
    runtime: { monotonic: () => state.now, wallClock: () => state.now },
    metrics,
  });
  return { asked, state, values: ask };
};

test('one that leads no more says nothing of orders, and does not look for any', async () => {
  const { asked, state, values } = createMeasured();
  expect(await values()).toMatchObject({
    archive_overdue_orders: 4,
    archive_overdue_oldest_seconds: 86_400,
  });
  state.now += MINUTE_MS;
  state.leads = false;
  const later = await values();
  expect(asked).toHaveLength(1);
  expect(Object.keys(later)).not.toContain('archive_overdue_orders');
  expect(Object.keys(later)).not.toContain('archive_overdue_oldest_seconds');
  expect(later).toMatchObject({ archived_orders_total: 2 });
});

test('a look begins where the one before has found something, and every hour at the first order', async () => {
  const { asked, state, values } = createMeasured();
  await values();
  await values();
  state.now += MINUTE_MS;
  await values();
  state.now += HOUR_MS;
  await values();
  const closedForMs = RETAIN_DAYS * DAY_MS;
  expect(asked).toEqual([
    { closedForMs, from: {} },
    { closedForMs, from: { DELIVERED: '17' } },
    { closedForMs, from: {} },
  ]);
});

test('totals of a database that was restored take nothing back', async () => {
  const { state, values } = createMeasured();
  await values();
  state.totals = { ...TOTALS, orders: 1 };
  state.now += MINUTE_MS;
  await values();
  state.totals = { ...TOTALS, orders: 6 };
  state.now += MINUTE_MS;
  await values();
  expect(await values()).toMatchObject({ archived_orders_total: 7 });
});

/** What a look reads, in pages. */
const pagesOfLook = async (from: ClosedFrom): Promise<number> => {
  const { orders } = harness.database;
  const until = new Date(Date.now() - RETAIN_DAYS * DAY_MS).toISOString();
  const [statement] = await statementsOf(Prisma.sql, (sql) => findOverdueForArchiving(sql, until, from));
  if (!statement) throw new Error('no statement');
  return pagesRead(await explain(orders, statement, 'force_generic_plan'));
};

test('a look reads as much however many are overdue, and passes none that were archived under a held snapshot', async () => {
  const { orders } = harness.database;
  const look = (from: ClosedFrom) => findOverdueForArchiving(orders, new Date().toISOString(), from);
  await close('DELIVERED', RETAIN_DAYS + 9, 5_000);
  const before = await pagesOfLook({});
  await close('DELIVERED', RETAIN_DAYS + 8, 15_000);
  expect(await pagesOfLook({})).toBeLessThan(before + FEW_PAGES);
  const snapshot = await openClient({ url: harness.urls.orders, applicationName: 'test' });
  try {
    await snapshot.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await snapshot.query('SELECT FROM orders LIMIT 1');
    await orders.$executeRaw`
      DELETE FROM orders WHERE seq IN (SELECT seq FROM orders WHERE status = 'DELIVERED' ORDER BY orders.seq LIMIT 15000)`;
    const { from } = await look({});
    expect(await pagesOfLook(from)).toBeLessThan(before + FEW_PAGES);
    expect(await pagesOfLook({})).toBeGreaterThan(5 * before);
  } finally {
    await snapshot.end();
  }
}, 60_000);
