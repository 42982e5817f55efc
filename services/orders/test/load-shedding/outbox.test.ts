import { afterEach, expect, test } from '@jest/globals';
import { ordersApi } from '@order-pipeline/contracts';
import { createTopicSetup } from '@order-pipeline/messaging';
import {
  eventually,
  inTurn,
  startLeavingBroker,
  times,
  type StoppableBroker,
  type TestService,
} from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from '../expect-stock.ts';
import { readEvents } from '../broker.ts';
import { countOf, orderOf, startHarness, type Harness } from '../harness.ts';

/** A producer that finds its Kafka gone takes its time to try again. */
const WAIT = { timeoutMs: 20_000 };
const REFUSED = {
  status: 503,
  headers: { 'retry-after': '5' },
  body: {
    code: 'UNAVAILABLE',
    error: expect.stringMatching(/no new ones are taken, try again in a moment$/),
  },
};

let broker: StoppableBroker;
let harness: Harness;
let item: string;
let clock = Date.now();

const postgres = useTestPostgres();

const open = async (environment: Record<string, string>): Promise<void> => {
  broker = await startLeavingBroker();
  await createTopicSetup(broker, 'test')();
  harness = await startHarness(postgres, { environment, broker, now: () => clock });
  item = await harness.addItem(100_000);
};

afterEach(() => inTurn(() => expectStockToAddUp(harness), harness.close, broker.stop));

const said = ({ logs }: TestService) =>
  logs
    .filter(({ event }) => String(event).startsWith('load_shedding_'))
    .map(({ event, reason }) => [event, reason]);

const outboxIsEmpty = () =>
  eventually(async () => {
    expect(await harness.database.orders.$queryRaw`SELECT FROM outbox`).toEqual([]);
  }, WAIT);

const REFUSED_WITHIN_MS = 20_000;

const placeUntilRefused = async (on: TestService = harness.orders): Promise<string[]> => {
  const placed: string[] = [];
  // By the time and not by the rounds: the outbox is looked at once a second, however quick the machine is.
  const deadline = performance.now() + REFUSED_WITHIN_MS;
  while (performance.now() < deadline) {
    const orders = times(20, () => orderOf({ [item]: 1 }));
    const replies = await Promise.all(orders.map((order) => harness.place(order, on)));
    expect(countOf(replies, 201) + countOf(replies, 503)).toBe(20);
    placed.push(...orders.filter((_, index) => replies[index]?.status === 201).map(({ orderId }) => orderId));
    if (countOf(replies, 503) === 20) return placed;
  }
  throw new Error('orders were never refused');
};

test('when Kafka is away under load, orders are taken up to a limit, then refused with nothing done, then taken again', async () => {
  await open({ OUTBOX_MAX_ROWS: '100' });
  const before = orderOf({ [item]: 1 });
  expect(await harness.place(before)).toMatchObject({ status: 201 });
  await outboxIsEmpty();
  broker.leave();
  const placed = await placeUntilRefused();
  expect(placed.length).toBeGreaterThan(100);
  const stock = await harness.stockOf(item);

  const refused = times(50, () => orderOf({ [item]: 1 }));
  for (const reply of await Promise.all(refused.map((order) => harness.place(order))))
    expect(reply).toMatchObject(REFUSED);
  expect(await harness.stockOf(item)).toEqual(stock);
  for (const { orderId } of refused) expect(await harness.heldFor(orderId)).toBeUndefined();

  // Everything else continues.
  expect(await harness.place(before)).toMatchObject({ status: 201 });
  expect(await harness.place({ ...before, userId: 'other' })).toMatchObject({ status: 409 });
  expect(await harness.orders.call(ordersApi.listOrders, { query: {} })).toMatchObject({ status: 200 });
  const [cancelled = ''] = placed;
  expect(await harness.cancel(cancelled)).toMatchObject({ status: 200 });
  expect((await harness.move('PROCESSING', placed.slice(1, 3))).map(({ outcome }) => outcome)).toEqual([
    'MOVED',
    'MOVED',
  ]);

  broker.comeBack();
  await eventually(
    async () => expect(await harness.place(orderOf({ [item]: 1 }))).toMatchObject({ status: 201 }),
    WAIT,
  );
  await outboxIsEmpty();
  const reader = await readEvents(broker, ['ORDER_PLACED']);
  await eventually(() => {
    const unheard = placed.filter((orderId) => reader.about(orderId).length === 0);
    expect(unheard).toEqual([]);
  }, WAIT);
  expect(said(harness.orders)).toEqual([
    ['load_shedding_started', 'OUTBOX_TOO_DEEP'],
    ['load_shedding_stopped', 'OUTBOX_TOO_DEEP'],
  ]);
  await reader.stop();
}, 60_000);

test('when an event waits for too long, new orders are refused by every instance, until it is published', async () => {
  await open({ OUTBOX_MAX_AGE_MS: '60000' });
  const other = await harness.anotherOrders();
  broker.leave();
  await harness.placed({ [item]: 1 });
  clock += 60_000;
  expect(await harness.place(orderOf({ [item]: 1 }), other)).toMatchObject({ status: 201 });
  clock += 1;
  for (const service of [harness.orders, other]) {
    await eventually(async () =>
      expect(await harness.place(orderOf({ [item]: 1 }), service)).toMatchObject(REFUSED),
    );
  }
  broker.comeBack();
  for (const service of [harness.orders, other]) {
    await eventually(
      async () => expect(await harness.place(orderOf({ [item]: 1 }), service)).toMatchObject({ status: 201 }),
      WAIT,
    );
    expect(said(service)).toEqual([
      ['load_shedding_started', 'OUTBOX_TOO_OLD'],
      ['load_shedding_stopped', 'OUTBOX_TOO_OLD'],
    ]);
  }
}, 60_000);

test('that and why orders are refused can be seen in the metrics', async () => {
  await open({ OUTBOX_MAX_ROWS: '1' });
  broker.leave();
  await placeUntilRefused();
  const { body } = await harness.orders.server.inject('/metrics');
  expect(body).toContain('orders_load_shedding{service="orders",reason="OUTBOX_TOO_DEEP"} 1');
  expect(body).toContain('orders_load_shedding{service="orders",reason="DATABASE_BUSY"} 0');
  expect(body).toMatch(/orders_refused_total\{service="orders",reason="OUTBOX_TOO_DEEP"\} [1-9]/);
  broker.comeBack();
  await eventually(async () => {
    const metrics = await harness.orders.server.inject('/metrics');
    expect(metrics.body).toContain('orders_load_shedding{service="orders",reason="OUTBOX_TOO_DEEP"} 0');
  }, WAIT);
});
