import { afterEach, expect, test } from '@jest/globals';
import { orderLifecycleApi } from '@order-pipeline/contracts';
import { eventually, type TestService } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { createSwitchedBroker, type SwitchedBroker } from './broker.ts';
import { orderOf, sampleOf, startHarness, type Harness } from './harness.ts';

const HOURS_MS = 2 * 3_600_000;
const AGAIN = 'order_republished';

let broker: SwitchedBroker;
let harness: Harness;
let item: string;
let isAhead: boolean;
let aheadMs: number;

const postgres = useTestPostgres();

afterEach(() => harness.close());

/** An orders service whose wall clock is ahead until it is set back; durations are as long as they are. */
const open = async (environment: Record<string, string>, durable = true): Promise<void> => {
  isAhead = true;
  aheadMs = HOURS_MS;
  broker = createSwitchedBroker(durable);
  const wallClock = () => Date.now() + (isAhead ? aheadMs : 0);
  harness = await startHarness(postgres, { environment, broker, wallClock });
  item = await harness.addItem(1_000);
};

const standing = async (): Promise<string[]> => {
  const orders: string[] = [];
  for (const status of ['PENDING', 'PROCESSING', 'SHIPPED'] as const) {
    const orderId = await harness.placed({ [item]: 1 });
    await harness.walk(orderId, status);
    orders.push(orderId);
  }
  return orders;
};

const timesAgain = ({ logs }: TestService, orderId: string): number =>
  logs.filter((line) => line.event === AGAIN && line['orderId'] === orderId).length;

test('when the clock was set back while it ran, orders dated ahead have their events published again, once', async () => {
  await open({ REPUBLISH_AFTER_MS: '8000' });
  const orders = await standing();
  isAhead = false;
  // A run every two seconds.
  await eventually(() => {
    for (const orderId of orders) expect(timesAgain(harness.orders, orderId)).toBe(1);
  });
  const runs = () => sampleOf(harness.orders, 'orders_republished_total', ',status="PENDING"');
  const later = await harness.placed({ [item]: 1 });
  await eventually(async () => expect(await runs()).toBeGreaterThan(1), { timeoutMs: 20_000 });
  for (const orderId of orders) expect(timesAgain(harness.orders, orderId)).toBeLessThanOrEqual(2);
  expect(timesAgain(harness.orders, later)).toBeLessThanOrEqual(1);
}, 40_000);

test.each([HOURS_MS, 5_000])(
  'where the broker loses everything, a restart with a clock set back by %i ms announces every order in progress',
  async (ms) => {
    await open({ REPUBLISH_AFTER_MS: '600000' }, false);
    aheadMs = ms;
    const orders = await standing();
    isAhead = false;
    const restarted = await harness.anotherOrders();
    await eventually(() => {
      for (const orderId of orders) expect(timesAgain(restarted, orderId)).toBe(1);
    });
    const later = await harness.placed({ [item]: 1 });
    await eventually(async () => expect(await sampleOf(harness.orders, 'outbox_depth')).toBe(0));
    expect(timesAgain(restarted, later)).toBe(0);
  },
);

const overdue = async (limit: number, after?: string): Promise<string[]> => {
  const body = { olderThanMs: 600_000, limit, ...(after === undefined ? {} : { after }) };
  const reply = await harness.orders.call(orderLifecycleApi.findOverdueOrders, { body });
  return 'orderIds' in reply.body ? reply.body.orderIds : [];
};

test('PENDING orders that are dated ahead are overdue, page by page and behind those that are old', async () => {
  await open({});
  aheadMs = -HOURS_MS;
  const old = await harness.placed({ [item]: 1 });
  aheadMs = HOURS_MS;
  const ahead: string[] = [];
  for (let order = 0; order < 5; order += 1) ahead.push(await harness.placed({ [item]: 1 }));
  isAhead = false;
  await harness.placed({ [item]: 1 });
  const found: string[] = [];
  for (let page = await overdue(2); page.length > 0; page = await overdue(2, page.at(-1)))
    found.push(...page);
  expect(found).toEqual([old, ...ahead]);
});

test('an order that is dated ahead is reported once it was seen standing for long enough', async () => {
  await open({ STUCK_AFTER_MS: '1000' });
  const [pending] = await standing();
  isAhead = false;
  const stands = () => harness.orders.logs.filter((line) => line.msg === 'order is stuck');
  await eventually(() => expect(stands().map((line) => line['orderId'])).toContain(pending));
  const logged = stands().find((line) => line['orderId'] === pending);
  expect(logged?.['ageMs']).toBeGreaterThanOrEqual(1_000);
  expect(logged?.['ageMs']).toBeLessThan(600_000);
});

test('how long an order and an event wait that are dated ahead can be seen', async () => {
  await open({ OUTBOX_MAX_AGE_MS: '1' });
  broker.isDown = true;
  await harness.placed({ [item]: 1 });
  isAhead = false;
  await eventually(async () => {
    expect(await sampleOf(harness.orders, 'orders_oldest_age_seconds', ',status="PENDING"')).toBeGreaterThan(
      1,
    );
    expect(await sampleOf(harness.orders, 'outbox_oldest_age_seconds')).toBeGreaterThan(1);
  });
  // Behind its grace after the start, events that wait too long refuse new orders, whatever their dates.
  await eventually(
    async () => expect(await harness.place(orderOf({ [item]: 1 }))).toMatchObject({ status: 503 }),
    {
      timeoutMs: 20_000,
    },
  );
}, 40_000);

test('an order that lies in the dead letters is announced once, and not round and round until the clock has caught up', async () => {
  await open({ REPUBLISH_AFTER_MS: '1000' });
  const [pending = ''] = await standing();
  await harness.database.orders.$executeRaw`
    INSERT INTO dead_letters (id, status, topic, partition, message_offset, consumer_group, reason, tries, redrives,
      order_id, failed_at, received_at, updated_at, headers)
    VALUES ('letter', 'OPEN', 'ORDER_PLACED', 0, 0, 'workflow', 'test', 1, 0, ${pending}, now(), now(), now(), '[]')`;
  isAhead = false;
  await eventually(() => expect(timesAgain(harness.orders, pending)).toBe(1));
  // Another order is announced again and again meanwhile.
  const other = await harness.placed({ [item]: 1 });
  await eventually(() => expect(timesAgain(harness.orders, other)).toBeGreaterThan(2));
  expect(timesAgain(harness.orders, pending)).toBe(1);
});

test('a step of the clock ahead and back puts no history out of order, and no announcement into the future', async () => {
  await open({ REPUBLISH_AFTER_MS: '600000' });
  const [orderId = ''] = await standing();
  isAhead = false;
  await harness.walk(orderId, 'DELIVERED');
  const at = (await harness.historyOf(orderId)).map((step) => Date.parse(step.at));
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  const [row] = await harness.database.orders.$queryRaw<{ ahead: boolean }[]>`
    SELECT announced_at > now() + interval '1 hour' AS ahead FROM orders WHERE id = ${orderId}`;
  expect(row).toEqual({ ahead: false });
});
