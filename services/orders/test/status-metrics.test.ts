import { beforeAll, expect, test } from '@jest/globals';
import { PREDECESSOR } from '@order-pipeline/contracts';
import { eventually, type TestService } from '@order-pipeline/testing';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { createSwitchedBroker } from './broker.ts';
import { orderOf, sampleOf, useHarness } from './harness.ts';

let item: string;
let clock = Date.now();

const postgres = useTestPostgres();
const broker = createSwitchedBroker(true);
const harness = useHarness(postgres, { broker, now: () => clock });

beforeAll(async () => {
  item = await harness.addItem(1_000);
  closeAfterTests(() => {
    broker.isDown = false;
  });
});

const changes = (status: string) =>
  sampleOf(harness.orders, 'order_status_changes_total', `,status="${status}"`);

test('every change of status is counted once', async () => {
  const order = orderOf({ [item]: 1 });
  await harness.place(order);
  await harness.place(order);
  const cancelled = await harness.placed({ [item]: 1 });
  await harness.cancel(cancelled);
  await harness.cancel(cancelled);
  await harness.move('PROCESSING', [order.orderId, cancelled]);
  await harness.move('PROCESSING', [order.orderId]);
  expect(await changes('PENDING')).toBe(2);
  expect(await changes('CANCELLED')).toBe(1);
  expect(await changes('PROCESSING')).toBe(1);
});

test('how many events wait, and how old the oldest order of each status is, can be seen', async () => {
  await eventually(async () => {
    expect(await harness.database.orders.$queryRaw`SELECT FROM outbox`).toEqual([]);
  });
  broker.isDown = true;
  const orderId = await harness.placed({ [item]: 1 });
  await harness.move('PROCESSING', [orderId]);
  clock += 60_000;
  await harness.placed({ [item]: 1 });
  clock += 10_000;
  const watching = await harness.anotherOrders();
  await eventually(async () => {
    expect(await sampleOf(watching, 'outbox_depth')).toBe(2);
    expect(await sampleOf(watching, 'outbox_oldest_age_seconds')).toBe(70);
    expect(await sampleOf(watching, 'orders_oldest_age_seconds', ',status="PENDING"')).toBe(10);
    expect(await sampleOf(watching, 'orders_oldest_age_seconds', ',status="PROCESSING"')).toBe(70);
    expect(await sampleOf(watching, 'orders_oldest_age_seconds', ',status="SHIPPED"')).toBe(0);
  });
});

test('how long each step took, and the whole of a delivery, is measured once', async () => {
  const order = orderOf({ [item]: 1 });
  const before = await sampleOf(harness.orders, 'order_delivery_duration_seconds_count');
  await harness.place(order);
  for (const [to, seconds] of [
    ['PROCESSING', 40],
    ['SHIPPED', 5],
    ['DELIVERED', 1],
  ] as const) {
    clock += seconds * 1_000;
    const labels = `,from="${PREDECESSOR[to]}",to="${to}"`;
    const earlier = (await sampleOf(harness.orders, 'order_step_duration_seconds_sum', labels)) || 0;
    await harness.move(to, [order.orderId]);
    await harness.move(to, [order.orderId]);
    expect((await sampleOf(harness.orders, 'order_step_duration_seconds_sum', labels)) - earlier).toBeCloseTo(
      seconds,
    );
  }
  expect(await sampleOf(harness.orders, 'order_delivery_duration_seconds_count')).toBe((before || 0) + 1);
  expect(await sampleOf(harness.orders, 'order_delivery_duration_seconds_sum')).toBeCloseTo(46);
});

test('a cancellation is a step, and no delivery', async () => {
  const labels = ',from="PENDING",to="CANCELLED"';
  const orderId = await harness.placed({ [item]: 1 });
  const count = (await sampleOf(harness.orders, 'order_step_duration_seconds_count', labels)) || 0;
  const delivered = await sampleOf(harness.orders, 'order_delivery_duration_seconds_count');
  await harness.cancel(orderId);
  expect(await sampleOf(harness.orders, 'order_step_duration_seconds_count', labels)).toBe(count + 1);
  expect(await sampleOf(harness.orders, 'order_delivery_duration_seconds_count')).toBe(delivered);
});

test('how many orders are in each status is reported', async () => {
  const inStatus = (service: TestService, status: string) =>
    sampleOf(service, 'orders_by_status', `,status="${status}"`);
  // Its first answer is of now; those of one that was asked before may be five seconds old.
  const before = await harness.anotherOrders();
  const [pending, cancelled] = [await inStatus(before, 'PENDING'), await inStatus(before, 'CANCELLED')];
  await harness.placed({ [item]: 1 });
  await harness.cancel(await harness.placed({ [item]: 1 }));
  const after = await harness.anotherOrders();
  expect(await inStatus(after, 'PENDING')).toBe(pending + 1);
  expect(await inStatus(after, 'CANCELLED')).toBe(cancelled + 1);
});
