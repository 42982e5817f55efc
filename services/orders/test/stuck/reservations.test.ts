import { afterEach, expect, test } from '@jest/globals';
import { inventoryApi } from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from '../expect-stock.ts';
import { WAIT } from '../broker.ts';
import { publishedAgain, startStuckHarness, stuckIn, reported, type StuckHarness } from './harness.ts';

let stuck: StuckHarness;

const postgres = useTestPostgres();

afterEach(() => stuck.close());

/** As an inventory looks that was restored from a backup that is older than the order. */
const forgetReservation = async (orderId: string, itemId: string, quantity: number): Promise<void> => {
  const { inventory } = stuck.harness.database;
  await inventory.$transaction([
    inventory.$executeRaw`DELETE FROM reservations WHERE order_id = ${orderId}`,
    inventory.$executeRaw`
      UPDATE items SET available_qty = available_qty + ${quantity}, reserved_qty = reserved_qty - ${quantity}
      WHERE id = ${itemId}`,
  ]);
};

test('an order without a reservation is reported, and its stock is reserved again', async () => {
  stuck = await startStuckHarness(postgres);
  const { harness, item } = stuck;
  const orderId = await harness.placed({ [item]: 3 });
  await forgetReservation(orderId, item, 3);
  await eventually(
    () => expect(reported(stuck, orderId)).toContainEqual(['PENDING', 'RESERVATION_MISSING']),
    WAIT,
  );
  await eventually(async () => expect(await harness.stockOf(item)).toEqual({ available: 997, reserved: 3 }));
  await eventually(() => expectStockToAddUp(harness));
  await eventually(async () => expect(await stuckIn(stuck, 'PENDING', 'RESERVATION_MISSING')).toBe(0));
  // The new reservation is the one that is given back.
  expect(await harness.cancel(orderId)).toMatchObject({ status: 200 });
  await eventually(async () =>
    expect(await harness.stockOf(item)).toEqual({ available: 1_000, reserved: 0 }),
  );
});

test('an order without a reservation for which there is no stock stays reported and is not republished, until there is', async () => {
  stuck = await startStuckHarness(postgres, { REPUBLISH_AFTER_MS: '3000' });
  const { harness } = stuck;
  const item = await harness.addItem(3);
  const orderId = await harness.placed({ [item]: 3 });
  const other = await harness.placed({ [stuck.item]: 1 });
  await forgetReservation(orderId, item, 3);
  await harness.placed({ [item]: 2 });
  await eventually(async () => expect(publishedAgain(stuck, other)).not.toEqual([]), WAIT);
  expect(await stuckIn(stuck, 'PENDING', 'RESERVATION_MISSING')).toBe(1);
  expect(reported(stuck, orderId)).toEqual([['PENDING', 'RESERVATION_MISSING']]);
  expect(publishedAgain(stuck, orderId)).toEqual([]);
  expect(await harness.stockOf(item)).toEqual({ available: 1, reserved: 2 });

  await harness.inventory.call(inventoryApi.restockItem, { params: { itemId: item }, body: { quantity: 2 } });
  await eventually(() => expect(publishedAgain(stuck, orderId)).not.toEqual([]), WAIT);
  await eventually(() => expectStockToAddUp(harness));
}, 60_000);

test('while the inventory is down nobody is said to be without stock', async () => {
  stuck = await startStuckHarness(postgres);
  const { harness, item } = stuck;
  const orderId = await harness.placed({ [item]: 1 });
  delete harness.clients.inventory;
  await eventually(
    () => expect(reported(stuck, orderId)).toEqual([['PENDING', 'CONSUMER_NOT_PROGRESSING']]),
    WAIT,
  );
  harness.clients.inventory = harness.inventory.routes;
});

test('an order whose stock has left or is held is not without it', async () => {
  stuck = await startStuckHarness(postgres);
  const { harness, item } = stuck;
  const [held, left] = [await harness.placed({ [item]: 1 }), await harness.placed({ [item]: 1 })];
  await harness.walk(left, 'SHIPPED');
  await harness.database.inventory
    .$executeRaw`UPDATE reservations SET state = 'CONSUMED' WHERE order_id = ${left}`;
  await eventually(() => expect(reported(stuck, left)).toHaveLength(1), WAIT);
  await eventually(() => expect(reported(stuck, held)).toHaveLength(1), WAIT);
  for (const orderId of [held, left])
    expect(reported(stuck, orderId).join()).not.toContain('RESERVATION_MISSING');
});
