import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { unavailable } from '@order-pipeline/service-kit';
import { eventually, inTurn, startTestPostgres, times, type TestPostgres } from '@order-pipeline/testing';
import { expectBooksToBalance } from '../books.ts';
import { whileOrderLocked } from '../meet-at-lock.ts';
import { orderOf } from '../shop.ts';
import {
  publishedAgain,
  startStuckShop,
  STUCK_AFTER_MS,
  stuckIn,
  told,
  WAIT,
  type StuckShop,
} from './place.ts';

let postgres: TestPostgres;
let place: StuckShop;

beforeAll(async () => {
  postgres = await startTestPostgres();
});

afterEach(() => inTurn(() => eventually(() => expectBooksToBalance(place.shop)), place.close));

afterAll(() => postgres?.stop());

const ordered = () => place.shop.placed({ [place.item]: 1 });

const outboxIsEmpty = () =>
  eventually(async () => {
    expect(await place.shop.database.orders.$queryRaw`SELECT FROM outbox`).toEqual([]);
  }, WAIT);

test('an order whose event cannot be published is reported, until it is', async () => {
  place = await startStuckShop(postgres);
  await place.startWorker('PENDING', async () => undefined);
  place.kafka.leave();
  const orderId = await ordered();
  await eventually(() => expect(told(place, orderId)).toEqual([['PENDING', 'EVENT_NOT_PUBLISHED']]), WAIT);
  expect(await stuckIn(place, 'PENDING', 'EVENT_NOT_PUBLISHED')).toBe(1);
  place.kafka.comeBack();
  await eventually(async () => expect(await stuckIn(place, 'PENDING', 'EVENT_NOT_PUBLISHED')).toBe(0), WAIT);
  // Once.
  expect(told(place, orderId).filter((line) => String(line).includes('EVENT_NOT_PUBLISHED'))).toHaveLength(1);
}, 60_000);

test('an order whose row somebody keeps locked is reported', async () => {
  place = await startStuckShop(postgres);
  const orderId = await ordered();
  await outboxIsEmpty();
  await whileOrderLocked(place.shop.database.orders, orderId, () =>
    eventually(() => expect(told(place, orderId)).toContainEqual(['PENDING', 'ROW_LOCKED']), WAIT),
  );
});

test('an order whose worker is not there is reported', async () => {
  place = await startStuckShop(postgres);
  const orderId = await ordered();
  await outboxIsEmpty();
  await eventually(
    () => expect(told(place, orderId)).toEqual([['PENDING', 'CONSUMER_NOT_PROGRESSING']]),
    WAIT,
  );
  expect(await stuckIn(place, 'PENDING', 'CONSUMER_NOT_PROGRESSING')).toBe(1);
});

test('an order whose worker gets nothing done is reported', async () => {
  place = await startStuckShop(postgres);
  await place.startWorker('PENDING', async () => {
    throw unavailable('a dependency is unavailable');
  });
  const orderId = await ordered();
  await eventually(
    () => expect(told(place, orderId)).toEqual([['PENDING', 'CONSUMER_NOT_PROGRESSING']]),
    WAIT,
  );
});

test('an order that was transitioned while Kafka is away is reported', async () => {
  place = await startStuckShop(postgres);
  await place.startWorker('PROCESSING', async () => undefined);
  const orderId = await ordered();
  await outboxIsEmpty();
  place.kafka.leave();
  await place.shop.move('PROCESSING', [orderId]);
  await eventually(
    () => expect(told(place, orderId)).toEqual([['PROCESSING', 'CONSUMER_NOT_PROGRESSING']]),
    WAIT,
  );
}, 60_000);

test('an order whose event is lost is reported before its event is published again, and no longer once it has been transitioned', async () => {
  place = await startStuckShop(postgres, { REPUBLISH_AFTER_MS: String(2 * STUCK_AFTER_MS) });
  let isListening = false;
  const heard: string[] = [];
  await place.startWorker('PROCESSING', async (events) => {
    heard.push(...events.map(({ event }) => event.orderId));
    if (isListening) await place.shop.move('SHIPPED', heard);
  });
  const orderId = await ordered();
  await place.shop.move('PROCESSING', [orderId]);
  await eventually(() => expect(told(place, orderId)).toEqual([['PROCESSING', 'EVENT_LOST']]), WAIT);
  expect(await stuckIn(place, 'PROCESSING', 'EVENT_LOST')).toBe(1);
  expect(publishedAgain(place, orderId)).toEqual([]);
  isListening = true;
  await eventually(async () => expect(await place.shop.statusOf(orderId)).toBe('SHIPPED'), WAIT);
  expect(publishedAgain(place, orderId)).toEqual(['EVENT_LOST']);
  await eventually(async () => expect(await stuckIn(place, 'PROCESSING', 'EVENT_LOST')).toBe(0));
}, 60_000);

test('an order that lies in the dead letters is reported, and is published again less and less often', async () => {
  const republishMs = 2_000;
  place = await startStuckShop(postgres, { REPUBLISH_AFTER_MS: String(republishMs), STUCK_AFTER_MS: '1000' });
  const order = orderOf({ [place.item]: 1 });
  const { orderId } = order;
  let tries = 0;
  await place.startWorker('PENDING', async (events) => {
    if (!events.some(({ event }) => event.orderId === orderId)) return;
    tries += 1;
    throw new Error('this order cannot be processed');
  });
  expect(await place.shop.place(order)).toMatchObject({ status: 201 });
  const began = performance.now();
  await eventually(() => expect(told(place, orderId).at(-1)).toEqual(['PENDING', 'DEAD_LETTER']), WAIT);
  expect(await stuckIn(place, 'PENDING', 'DEAD_LETTER')).toBe(1);
  await eventually(() => expect(publishedAgain(place, orderId).length).toBe(2), WAIT);
  // After one time as long it may have been announced once, after two times twice, after four times thrice.
  expect(performance.now() - began).toBeGreaterThan(2 * republishMs);
  await eventually(() => expect(publishedAgain(place, orderId).length).toBe(3), WAIT);
  expect(performance.now() - began).toBeGreaterThan(4 * republishMs);
  expect(tries).toBeGreaterThan(5);
}, 60_000);

test('an order that has not stood for long is not told', async () => {
  place = await startStuckShop(postgres, { STUCK_AFTER_MS: '3000' });
  const late = await ordered();
  await eventually(() => expect(told(place, late)).toHaveLength(1), WAIT);
  const early = [await ordered(), await ordered()];
  await place.shop.move('PROCESSING', [late]);
  await eventually(
    async () => expect(await stuckIn(place, 'PENDING', 'CONSUMER_NOT_PROGRESSING')).toBe(0),
    WAIT,
  );
  for (const orderId of early) expect(told(place, orderId)).toEqual([]);
});

test('of many stuck orders some are logged one by one, and the others are counted', async () => {
  place = await startStuckShop(postgres);
  const orderIds = await Promise.all(times(50, ordered));
  await eventually(
    async () => expect(await stuckIn(place, 'PENDING', 'CONSUMER_NOT_PROGRESSING')).toBe(50),
    WAIT,
  );
  expect(orderIds.filter((orderId) => told(place, orderId).length > 0)).toHaveLength(20);
  const more = place.shop.orders.logs.filter(({ msg }) => msg === 'more orders are stuck');
  expect(more).toEqual([expect.objectContaining({ level: 40, orders: 30 })]);
});
