import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { deadLetterTopic, type OrderEvent } from '@order-pipeline/contracts';
import { createPublisher, createTopicSetup, type Publisher } from '@order-pipeline/messaging';
import {
  createTestBroker,
  createTestLogger,
  eventually,
  readTopics,
  withOwnGroups,
} from '@order-pipeline/testing';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { consumeReservations } from '../src/consumers.ts';
import { expectStockToAddUp, fresh, hold, release, useHarness } from './harness.ts';

/** A real Kafka takes its time to let a first member into a group. */
const WAIT = { timeoutMs: 20_000 };

let publisher: Publisher;

const postgres = useTestPostgres();
const broker = withOwnGroups(createTestBroker());
const harness = useHarness(postgres, { broker });

beforeAll(async () => {
  const { runtime, logger, metrics } = harness.inventory.context;
  const topics = createTopicSetup(broker, 'test');
  publisher = createPublisher({ source: 'test', broker, topics, runtime, logger, metrics });
  closeAfterTests(publisher.disconnect);
});

afterEach(() => expectStockToAddUp(harness));

const shippedEvent = (orderId: string): OrderEvent => ({
  orderId,
  userId: 'user11',
  items: [{ itemId: 'item1', quantity: 3 }],
  status: 'SHIPPED',
  at: '2026-01-01T12:00:00.000Z',
});

const ship = (...orderIds: string[]) =>
  publisher.publish(
    orderIds.map((orderId) => ({
      event: shippedEvent(orderId),
      trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
    })),
  );

const unitsThatLeft = async (itemId: string): Promise<number> => {
  const [row] = await harness.database.$queryRaw<{ units: number }[]>`
    SELECT consumed_qty::float8 AS units FROM items WHERE id = ${itemId}`;
  return row?.units ?? 0;
};

const linesAbout = (orderId: string, msg: string) =>
  harness.inventory.logs.filter((line) => line['orderId'] === orderId && line.msg === msg);

test('when an order is shipped, its stock has left and is neither reserved nor available', async () => {
  const itemId = await harness.newItem('item', 10);
  const { orderId } = await hold(harness.inventory, fresh('order'), { [itemId]: 3 });
  await hold(harness.inventory, fresh('other'), { [itemId]: 2 });
  await ship(orderId);
  await eventually(async () => expect(await unitsThatLeft(itemId)).toBe(3), WAIT);
  expect(await harness.stockOf(itemId)).toEqual({ available: 5, reserved: 2 });
  expect(linesAbout(orderId, 'reservation consumed')).toHaveLength(1);
});

test('the same event again changes nothing, in one batch or later', async () => {
  const itemId = await harness.newItem('item', 10);
  const { orderId } = await hold(harness.inventory, fresh('order'), { [itemId]: 3 });
  await hold(harness.inventory, fresh('other'), { [itemId]: 6 });
  await ship(orderId, orderId);
  await eventually(async () => expect(await unitsThatLeft(itemId)).toBe(3), WAIT);
  await ship(orderId);
  const again = 'reservation was consumed before, skipped';
  await eventually(() => expect(linesAbout(orderId, again).length).toBeGreaterThan(0));
  expect(await unitsThatLeft(itemId)).toBe(3);
  expect(await harness.stockOf(itemId)).toEqual({ available: 1, reserved: 6 });
});

/** An order of three of an item's ten units, whose stock has left. */
const shipThree = async () => {
  const itemId = await harness.newItem('item', 10);
  const reservation = await hold(harness.inventory, fresh('order'), { [itemId]: 3 });
  await ship(reservation.orderId);
  await eventually(async () => expect(await unitsThatLeft(itemId)).toBe(3), WAIT);
  return { itemId, reservation };
};

test('stock that has left does not come back', async () => {
  const { itemId, reservation } = await shipThree();
  expect(await release(harness.inventory, [reservation])).toEqual([]);
  expect(await harness.stockOf(itemId)).toEqual({ available: 7, reserved: 0 });
});

test('a repeated placement of an order whose stock has left takes nothing', async () => {
  const { itemId, reservation } = await shipThree();
  expect(await hold(harness.inventory, reservation.orderId, { [itemId]: 3 })).toEqual(reservation);
  expect(await harness.stockOf(itemId)).toEqual({ available: 7, reserved: 0 });
});

test('an order that was shipped without its stock being held is logged as an error, and the next ones pass', async () => {
  const itemId = await harness.newItem('item', 10);
  const unheld = fresh('unheld');
  const { orderId } = await hold(harness.inventory, fresh('order'), { [itemId]: 1 });
  await ship(unheld, orderId);
  await eventually(async () => expect(await unitsThatLeft(itemId)).toBe(1), WAIT);
  await eventually(() =>
    expect(linesAbout(unheld, 'order shipped without a held reservation')).toMatchObject([{ level: 50 }]),
  );
});

test('a late event of an order that may be archived is no error', async () => {
  const [archived, itemId] = [fresh('archived'), await harness.newItem('item', 10)];
  const { orderId } = await hold(harness.inventory, fresh('order'), { [itemId]: 1 });
  await harness.database.$executeRaw`
    INSERT INTO archive_files (file, closed_before, removed_at, reservations)
    VALUES ('file', '2026-01-02', now(), 1)`;
  await ship(archived, orderId);
  await eventually(async () => expect(await unitsThatLeft(itemId)).toBe(1), WAIT);
  await eventually(() =>
    expect(linesAbout(archived, 'reservation may be archived, skipped')).toMatchObject([{ level: 20 }]),
  );
  expect(linesAbout(archived, 'order shipped without a held reservation')).toEqual([]);
  await harness.database.$executeRaw`DELETE FROM archive_files`;
});

test.each([
  ['may be archived, as others are', new Date(), 'reservation may be archived, skipped', 20],
  ['is lost where nothing was', undefined, 'order shipped without a held reservation', 50],
])('a reservation that is gone when the verdict on it comes %s', async (_, archivedUpTo, msg, level) => {
  const { logger, logs } = createTestLogger();
  const store = {
    findReservations: async () => [],
    consume: async () => ({ ended: [], locked: [] }),
    archivedUpTo: async () => archivedUpTo,
  };
  expect(await consumeReservations(store, ['order-1'], logger)).toEqual([]);
  expect(logs).toMatchObject([{ orderId: 'order-1', msg, level }]);
});

test('a message that cannot be understood goes to the dead letters, and the ones behind it pass', async () => {
  const itemId = await harness.newItem('item', 10);
  const { orderId } = await hold(harness.inventory, fresh('order'), { [itemId]: 2 });
  const poison = `not an event ${orderId}`;
  // One key, so one partition: the poison stands before the good one.
  await publisher.send('ORDER_SHIPPED', [{ key: orderId, value: poison }]);
  await ship(orderId);
  await eventually(async () => expect(await unitsThatLeft(itemId)).toBe(2), WAIT);
  const letters = await readTopics(broker, [deadLetterTopic('ORDER_SHIPPED')]);
  const letter = await eventually(() => {
    const found = letters.messages.find(({ value }) => value === poison);
    if (!found) throw new Error('no dead letter');
    return found;
  }, WAIT);
  await letters.stop();
  expect(letter).toMatchObject({
    key: orderId,
    headers: { 'dlq.reason': 'the value is not JSON', 'dlq.topic': 'ORDER_SHIPPED', 'dlq.tries': '1' },
  });
});
