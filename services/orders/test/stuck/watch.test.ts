import { afterEach, expect, test } from '@jest/globals';
import { unavailable } from '@order-pipeline/service-kit';
import { eventually, inTurn, times } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from '../expect-stock.ts';
import { whileOrderLocked } from '../meet-at-lock.ts';
import { orderOf } from '../harness.ts';
import { WAIT } from '../broker.ts';
import {
  publishedAgain,
  startStuckHarness,
  STUCK_AFTER_MS,
  stuckIn,
  reported,
  type StuckHarness,
} from './harness.ts';

let stuck: StuckHarness;

const postgres = useTestPostgres();

afterEach(() => inTurn(() => eventually(() => expectStockToAddUp(stuck.harness)), stuck.close));

const ordered = () => stuck.harness.placed({ [stuck.item]: 1 });

const outboxIsEmpty = () =>
  eventually(async () => {
    expect(await stuck.harness.database.orders.$queryRaw`SELECT FROM outbox`).toEqual([]);
  }, WAIT);

test('an order whose event cannot be published is reported, until it is', async () => {
  stuck = await startStuckHarness(postgres);
  await stuck.startWorker('PENDING', async () => undefined);
  stuck.kafka.leave();
  const orderId = await ordered();
  await eventually(
    () => expect(reported(stuck, orderId)).toEqual([['PENDING', 'EVENT_NOT_PUBLISHED']]),
    WAIT,
  );
  expect(await stuckIn(stuck, 'PENDING', 'EVENT_NOT_PUBLISHED')).toBe(1);
  stuck.kafka.comeBack();
  await eventually(async () => expect(await stuckIn(stuck, 'PENDING', 'EVENT_NOT_PUBLISHED')).toBe(0), WAIT);
  // Once.
  expect(
    reported(stuck, orderId).filter((line) => String(line).includes('EVENT_NOT_PUBLISHED')),
  ).toHaveLength(1);
}, 60_000);

test('an order whose row somebody keeps locked is reported', async () => {
  stuck = await startStuckHarness(postgres);
  const orderId = await ordered();
  await outboxIsEmpty();
  await whileOrderLocked(stuck.harness.database.orders, orderId, () =>
    eventually(() => expect(reported(stuck, orderId)).toContainEqual(['PENDING', 'ROW_LOCKED']), WAIT),
  );
});

test('an order whose worker is not there is reported', async () => {
  stuck = await startStuckHarness(postgres);
  const orderId = await ordered();
  await outboxIsEmpty();
  await eventually(
    () => expect(reported(stuck, orderId)).toEqual([['PENDING', 'CONSUMER_NOT_PROGRESSING']]),
    WAIT,
  );
  expect(await stuckIn(stuck, 'PENDING', 'CONSUMER_NOT_PROGRESSING')).toBe(1);
});

test('an order whose worker gets nothing done is reported', async () => {
  stuck = await startStuckHarness(postgres);
  await stuck.startWorker('PENDING', async () => {
    throw unavailable('a dependency is unavailable');
  });
  const orderId = await ordered();
  await eventually(
    () => expect(reported(stuck, orderId)).toEqual([['PENDING', 'CONSUMER_NOT_PROGRESSING']]),
    WAIT,
  );
});

test('an order that was transitioned while Kafka is away is reported', async () => {
  stuck = await startStuckHarness(postgres);
  await stuck.startWorker('PROCESSING', async () => undefined);
  const orderId = await ordered();
  await outboxIsEmpty();
  stuck.kafka.leave();
  await stuck.harness.move('PROCESSING', [orderId]);
  await eventually(
    () => expect(reported(stuck, orderId)).toEqual([['PROCESSING', 'CONSUMER_NOT_PROGRESSING']]),
    WAIT,
  );
}, 60_000);

test('an order whose event is lost is reported before its event is published again, and no longer once it has been transitioned', async () => {
  stuck = await startStuckHarness(postgres, { REPUBLISH_AFTER_MS: String(2 * STUCK_AFTER_MS) });
  let isListening = false;
  const received: string[] = [];
  await stuck.startWorker('PROCESSING', async (events) => {
    received.push(...events.map(({ event }) => event.orderId));
    if (isListening) await stuck.harness.move('SHIPPED', received);
  });
  const orderId = await ordered();
  await stuck.harness.move('PROCESSING', [orderId]);
  await eventually(() => expect(reported(stuck, orderId)).toEqual([['PROCESSING', 'EVENT_LOST']]), WAIT);
  expect(await stuckIn(stuck, 'PROCESSING', 'EVENT_LOST')).toBe(1);
  expect(publishedAgain(stuck, orderId)).toEqual([]);
  isListening = true;
  await eventually(async () => expect(await stuck.harness.statusOf(orderId)).toBe('SHIPPED'), WAIT);
  expect(publishedAgain(stuck, orderId)).toEqual(['EVENT_LOST']);
  await eventually(async () => expect(await stuckIn(stuck, 'PROCESSING', 'EVENT_LOST')).toBe(0));
}, 60_000);

test('an order that lies in the dead letters is reported, and is published again less and less often', async () => {
  const republishMs = 2_000;
  stuck = await startStuckHarness(postgres, {
    REPUBLISH_AFTER_MS: String(republishMs),
    STUCK_AFTER_MS: '1000',
  });
  const order = orderOf({ [stuck.item]: 1 });
  const { orderId } = order;
  let tries = 0;
  await stuck.startWorker('PENDING', async (events) => {
    if (!events.some(({ event }) => event.orderId === orderId)) return;
    tries += 1;
    throw new Error('this order cannot be processed');
  });
  expect(await stuck.harness.place(order)).toMatchObject({ status: 201 });
  const began = performance.now();
  await eventually(() => expect(reported(stuck, orderId).at(-1)).toEqual(['PENDING', 'DEAD_LETTER']), WAIT);
  expect(await stuckIn(stuck, 'PENDING', 'DEAD_LETTER')).toBe(1);
  await eventually(() => expect(publishedAgain(stuck, orderId).length).toBe(2), WAIT);
  // After one time as long it may have been announced once, after two times twice, after four times thrice.
  expect(performance.now() - began).toBeGreaterThan(2 * republishMs);
  await eventually(() => expect(publishedAgain(stuck, orderId).length).toBe(3), WAIT);
  expect(performance.now() - began).toBeGreaterThan(4 * republishMs);
  expect(tries).toBeGreaterThan(5);
}, 60_000);

test('an order that has not been in its status for long is not reported', async () => {
  stuck = await startStuckHarness(postgres, { STUCK_AFTER_MS: '3000' });
  const late = await ordered();
  await eventually(() => expect(reported(stuck, late)).toHaveLength(1), WAIT);
  const early = [await ordered(), await ordered()];
  await stuck.harness.move('PROCESSING', [late]);
  await eventually(
    async () => expect(await stuckIn(stuck, 'PENDING', 'CONSUMER_NOT_PROGRESSING')).toBe(0),
    WAIT,
  );
  for (const orderId of early) expect(reported(stuck, orderId)).toEqual([]);
});

test('of many stuck orders some are logged one by one, and the others are counted', async () => {
  stuck = await startStuckHarness(postgres);
  const orderIds = await Promise.all(times(50, ordered));
  await eventually(
    async () => expect(await stuckIn(stuck, 'PENDING', 'CONSUMER_NOT_PROGRESSING')).toBe(50),
    WAIT,
  );
  expect(orderIds.filter((orderId) => reported(stuck, orderId).length > 0)).toHaveLength(20);
  const more = stuck.harness.orders.logs.filter(({ msg }) => msg === 'more orders are stuck');
  expect(more).toEqual([expect.objectContaining({ level: 40, orders: 30 })]);
});
