import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ordersApi } from '@order-pipeline/contracts';
import { startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import { startShop, USER, type Shop } from './shop.ts';

let postgres: TestPostgres;
let shop: Shop;

beforeAll(async () => {
  postgres = await startTestPostgres();
  shop = await startShop(postgres);
});

afterAll(async () => {
  await shop?.close();
  await postgres?.stop();
});

test('an order that is placed stands as PENDING with its history, and its stock is reserved', async () => {
  await shop.addItem('laptop', 10);
  const placed = await shop.place('order-1', { laptop: 3 });
  expect(placed).toEqual({ status: 201, body: { message: 'Order placed successfully', orderId: 'order-1' } });
  const { body } = await shop.orders.ask(ordersApi.getOrder, { params: { orderId: 'order-1' } });
  expect(body).toEqual({
    orderId: 'order-1',
    userId: USER,
    status: 'PENDING',
    items: [{ itemId: 'laptop', quantity: 3 }],
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  const history = await shop.orders.ask(ordersApi.getOrderHistory, { params: { orderId: 'order-1' } });
  expect(history.body).toEqual([{ status: 'PENDING', at: expect.any(String), cause: 'placed' }]);
  expect(await shop.stockOf('laptop')).toEqual({ availableQty: 7, reservedQty: 3 });
});
