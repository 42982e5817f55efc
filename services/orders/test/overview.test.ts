import { beforeAll, expect, test } from '@jest/globals';
import { dueTimes } from '@order-pipeline/service-kit';
import {
  ORDER_STATUSES,
  overviewPartsApi,
  type OrdersOverview,
  type OrderStatus,
} from '@order-pipeline/contracts';
import { eventually, startLeavingBroker, times, type TestService } from '@order-pipeline/testing';
import { closeAfterTests, useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { foldCounts } from '../src/store/counts.ts';
import { useHarness } from './harness.ts';

let item: string;
let clock = Date.now();

const postgres = useTestPostgres();
const broker = useFixture(startLeavingBroker, (opened) => opened.stop());
// The clock leaps by minutes: an event that waits for Kafka just then must not count as too old.
const environment = { OUTBOX_MAX_AGE_MS: '86400000' };
const harness = useHarness(postgres, { broker, environment, now: () => clock });

beforeAll(async () => {
  item = await harness.addItem(100_000);
  closeAfterTests(() => broker.comeBack());
});

const overview = async (on: TestService = harness.orders): Promise<OrdersOverview> => {
  const { status, body } = await on.call(overviewPartsApi.readOrdersOverview, {});
  expect(status).toBe(200);
  return body as OrdersOverview;
};
const countsNow = async () => (await overview()).orders?.byStatus;

/** What is really there. */
const counted = async () => {
  const rows = await harness.database.orders.$queryRaw<{ status: OrderStatus; orders: number }[]>`
    SELECT status::text AS status, count(*)::float8 AS orders FROM orders GROUP BY status`;
  const none = Object.fromEntries(ORDER_STATUSES.map((status) => [status, 0]));
  return { ...none, ...Object.fromEntries(rows.map(({ status, orders }) => [status, orders])) };
};
const rows = async (): Promise<number> => {
  const [row] = await harness.database.orders.$queryRaw<{ rows: number }[]>`
    SELECT count(*)::float8 AS rows FROM order_transitions`;
  return row?.rows ?? 0;
};

test('orders are counted where they are, and what came there in the last minute', async () => {
  const [first = '', second = '', third = '', cancelled = ''] = await Promise.all(
    times(5, () => harness.placed({ [item]: 1 })),
  );
  await harness.cancel(cancelled);
  clock += 30_000;
  await harness.move('PROCESSING', [first, second, third]);
  await harness.move('SHIPPED', [first, second]);
  await harness.move('DELIVERED', [first]);
  const { orders } = await overview();
  expect(orders?.byStatus).toMatchObject({
    PENDING: 1,
    PROCESSING: 1,
    SHIPPED: 1,
    DELIVERED: 1,
    CANCELLED: 1,
  });
  expect(orders?.byStatus).toEqual(await counted());
  expect(orders?.perMinute).toMatchObject({
    PENDING: 5,
    PROCESSING: 3,
    SHIPPED: 2,
    DELIVERED: 1,
    CANCELLED: 1,
  });
  expect(orders?.oldestAgeMs).toEqual({ PENDING: 30_000, PROCESSING: 0, SHIPPED: 0 });
  const { count, p50Ms = 0, p99Ms = 0 } = orders?.placedToDelivered ?? {};
  expect(count).toBe(1);
  for (const ms of [p50Ms, p99Ms]) expect(Math.abs(ms / 30_000 - 1)).toBeLessThan(0.1);
  clock += 45_000;
  expect((await overview()).orders?.perMinute).toMatchObject({
    PENDING: 0,
    PROCESSING: 3,
    SHIPPED: 2,
    DELIVERED: 1,
    CANCELLED: 0,
  });
});

test('half of the deliveries took p50 at most, and 99 of 100 took p99', async () => {
  clock += 600_000;
  const quick = await Promise.all(times(98, () => harness.placed({ [item]: 1 })));
  const slow = await Promise.all(times(2, () => harness.placed({ [item]: 1 })));
  const deliver = async (ids: readonly string[]) => {
    for (const to of ['PROCESSING', 'SHIPPED', 'DELIVERED'] as const) await harness.move(to, ids);
  };
  clock += 1_000;
  await deliver(quick);
  clock += 99_000;
  await deliver(slow);
  const { count, p50Ms = 0, p99Ms = 0 } = (await overview()).orders?.placedToDelivered ?? {};
  expect(count).toBe(100);
  expect(Math.abs(p50Ms / 1_000 - 1)).toBeLessThan(0.1);
  expect(Math.abs(p99Ms / 100_000 - 1)).toBeLessThan(0.1);
  clock += 301_000;
  expect((await overview()).orders?.placedToDelivered).toBeNull();
});

test('the counts are right whatever writes the orders, also by hand', async () => {
  const ids = await Promise.all(times(4, () => harness.placed({ [item]: 1 })));
  await harness.database.orders.$executeRaw`UPDATE orders SET status = 'DELIVERED' WHERE id = ${ids[0]}`;
  await harness.database.orders.$executeRaw`
    UPDATE orders SET status = CASE WHEN id = ${ids[1]} THEN 'SHIPPED'::order_status ELSE status END`;
  await harness.database.orders.$executeRaw`DELETE FROM order_history WHERE order_id = ${ids[2]}`;
  await harness.database.orders.$executeRaw`DELETE FROM orders WHERE id = ${ids[2]}`;
  await harness.database.orders.$executeRaw`UPDATE orders SET announced_at = announced_at`;
  expect(await countsNow()).toEqual(await counted());
});

test('two that place and one that folds at the same time lose no count, and the table stays small', async () => {
  await harness.database.orders.$executeRaw`
    INSERT INTO order_transitions (status, at, entered, "left")
    SELECT 'CANCELLED', to_timestamp(${clock / 1_000}) - n * interval '1 second', 1, 1 FROM generate_series(70, 3000) AS n`;
  const fold = async (): Promise<void> => {
    await Promise.all(
      times(3, () => foldCounts(harness.database.orders, (ms) => dueTimes({ wallClock: () => clock }, ms))),
    );
  };
  const before = await rows();
  const placing = times(200, () => harness.placed({ [item]: 1 }));
  await Promise.all([...placing, fold(), fold()]);
  await fold();
  expect(await countsNow()).toEqual(await counted());
  expect(before).toBeGreaterThan(2_900);
  expect(await rows()).toBeLessThan(600);
});

test('what is dated ahead is counted, and is in no rate', async () => {
  await harness.database.orders
    .$executeRaw`UPDATE orders SET updated_at = now() + interval '1 year' WHERE status = 'PENDING'`;
  const before = (await overview()).orders?.perMinute.CANCELLED;
  await harness.database.orders.$executeRaw`UPDATE orders SET status = 'CANCELLED' WHERE status = 'PENDING'`;
  expect(await countsNow()).toEqual(await counted());
  expect((await overview()).orders?.perMinute.CANCELLED).toBe(before);
});

test('outbox, consumers and workers: what Kafka does not say is null', async () => {
  broker.leave();
  const away = await overview(await harness.anotherOrders());
  expect(away).toMatchObject({ consumers: null, deadLetters: expect.any(Array) });
  expect(away.workers.map(({ name, ready }) => [name, ready])).toEqual([
    ['workflow', false],
    ['shipping', false],
    ['delivery', false],
  ]);
  broker.comeBack();
  const there = await harness.anotherOrders();
  const { consumers, workers } = await eventually(
    async () => {
      clock += 10_000;
      const seen = await overview(there);
      expect(seen.consumers).not.toBeNull();
      return seen;
    },
    { timeoutMs: 20_000 },
  );
  expect(consumers?.map(({ group, topic }) => `${group} ${topic}`)).toEqual([
    'workflow ORDER_PLACED',
    'shipping ORDER_PROCESSING',
    'delivery ORDER_SHIPPED',
    'inventory ORDER_SHIPPED',
  ]);
  expect(workers[0]).toEqual({ name: 'workflow', ready: false, error: 'nobody is in its consumer group' });
});
