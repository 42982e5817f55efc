import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { inventoryApi } from '@order-pipeline/contracts';
import { eventually, startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import { expectBooksToBalance } from '../books.ts';
import { publishedAgain, startStuckShop, stuckIn, told, WAIT, type StuckShop } from './place.ts';

let postgres: TestPostgres;
let place: StuckShop;

beforeAll(async () => {
  postgres = await startTestPostgres();
});

afterEach(() => place.close());

afterAll(() => postgres?.stop());

/** As an inventory looks that was restored from a backup that is older than the order. */
const forgetReservation = async (orderId: string, itemId: string, quantity: number): Promise<void> => {
  const { inventory } = place.shop.database;
  await inventory.$transaction([
    inventory.$executeRaw`DELETE FROM reservations WHERE order_id = ${orderId}`,
    inventory.$executeRaw`
      UPDATE items SET available_qty = available_qty + ${quantity}, reserved_qty = reserved_qty - ${quantity}
      WHERE id = ${itemId}`,
  ]);
};

test('an order without a reservation is reported, and its stock is reserved again', async () => {
  place = await startStuckShop(postgres);
  const { shop, item } = place;
  const orderId = await shop.placed({ [item]: 3 });
  await forgetReservation(orderId, item, 3);
  await eventually(
    () => expect(told(place, orderId)).toContainEqual(['PENDING', 'RESERVATION_MISSING']),
    WAIT,
  );
  await eventually(async () => expect(await shop.stockOf(item)).toEqual({ available: 997, reserved: 3 }));
  await eventually(() => expectBooksToBalance(shop));
  await eventually(async () => expect(await stuckIn(place, 'PENDING', 'RESERVATION_MISSING')).toBe(0));
  // The new reservation is the one that is given back.
  expect(await shop.cancel(orderId)).toMatchObject({ status: 200 });
  await eventually(async () => expect(await shop.stockOf(item)).toEqual({ available: 1_000, reserved: 0 }));
});

test('an order without a reservation for which there is no stock stays told and is not pushed on, until there is', async () => {
  place = await startStuckShop(postgres, { REPUBLISH_AFTER_MS: '3000' });
  const { shop } = place;
  const item = await shop.addItem(3);
  const orderId = await shop.placed({ [item]: 3 });
  const other = await shop.placed({ [place.item]: 1 });
  await forgetReservation(orderId, item, 3);
  await shop.placed({ [item]: 2 });
  await eventually(async () => expect(publishedAgain(place, other)).not.toEqual([]), WAIT);
  expect(await stuckIn(place, 'PENDING', 'RESERVATION_MISSING')).toBe(1);
  expect(told(place, orderId)).toEqual([['PENDING', 'RESERVATION_MISSING']]);
  expect(publishedAgain(place, orderId)).toEqual([]);
  expect(await shop.stockOf(item)).toEqual({ available: 1, reserved: 2 });

  await shop.inventory.call(inventoryApi.restockItem, { params: { itemId: item }, body: { quantity: 2 } });
  await eventually(() => expect(publishedAgain(place, orderId)).not.toEqual([]), WAIT);
  await eventually(() => expectBooksToBalance(shop));
}, 60_000);

test('while the inventory is down nobody is said to be without stock', async () => {
  place = await startStuckShop(postgres);
  const { shop, item } = place;
  const orderId = await shop.placed({ [item]: 1 });
  delete shop.clients.inventory;
  await eventually(
    () => expect(told(place, orderId)).toEqual([['PENDING', 'CONSUMER_NOT_PROGRESSING']]),
    WAIT,
  );
  shop.clients.inventory = shop.inventory.routes;
});

test('an order whose stock has left or is held is not without it', async () => {
  place = await startStuckShop(postgres);
  const { shop, item } = place;
  const [held, left] = [await shop.placed({ [item]: 1 }), await shop.placed({ [item]: 1 })];
  await shop.walk(left, 'SHIPPED');
  await shop.database.inventory
    .$executeRaw`UPDATE reservations SET state = 'CONSUMED' WHERE order_id = ${left}`;
  await eventually(() => expect(told(place, left)).toHaveLength(1), WAIT);
  await eventually(() => expect(told(place, held)).toHaveLength(1), WAIT);
  for (const orderId of [held, left])
    expect(told(place, orderId).join()).not.toContain('RESERVATION_MISSING');
});
