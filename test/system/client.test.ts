import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createOrderPipeline, type OrderPipeline } from '@order-pipeline/gateway-client';
import { orderAndWait } from '@order-pipeline/gateway-client/examples';
import { readFile } from 'node:fs/promises';
import { unique } from '../gateway.ts';
import { startWholeSystem, type StartedSystem } from './start.ts';

const PACKAGE = new URL('../../packages/gateway-client/', import.meta.url);

let started: StartedSystem;
let pipeline: OrderPipeline;
let userId: string;
let itemId: string;

beforeAll(async () => {
  started = await startWholeSystem();
  pipeline = createOrderPipeline({ url: started.system.url });
  [userId, itemId] = [unique('user'), unique('item')];
  await pipeline.users.register({ userId, name: 'Ann', email: 'ann@example.com' });
  await pipeline.items.add({ itemId, itemName: 'Lamp', availableQty: 3 });
}, 60_000);

afterAll(() => started?.stop());

test('the example in the README is this one, and works', async () => {
  const [readme, example] = await Promise.all(
    ['README.md', 'examples/order-and-wait.ts'].map((name) => readFile(new URL(name, PACKAGE), 'utf8')),
  );
  expect(readme).toContain(example);
  const seen = await orderAndWait(started.system.url, userId, itemId);
  expect(seen).toEqual(['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'DELIVERED']);
});

test('users, items and lists: as an application reads them', async () => {
  await pipeline.items.restock(itemId, 4, 'delivery-17');
  await pipeline.items.restock(itemId, 4, 'delivery-17');
  expect(await pipeline.users.get(userId)).toMatchObject({ name: 'Ann' });
  expect(await pipeline.items.get(itemId)).toMatchObject({ availableQty: 6 });
  const orderIds: string[] = [];
  for (let count = 0; count < 2; count += 1)
    orderIds.push(await pipeline.orders.place({ userId, items: [{ itemId, quantity: 1 }] }));
  const listed: string[] = [];
  for await (const { orderId } of pipeline.orders.list({ userId })) listed.push(orderId);
  expect(listed.slice(0, 2)).toEqual(orderIds.toReversed());
  for await (const { itemId: id } of pipeline.items.list()) expect(id).toBe(itemId);
  await expect(pipeline.orders.place({ userId, items: [{ itemId, quantity: 500 }] })).rejects.toMatchObject({
    code: 'NOT_ENOUGH_STOCK',
    details: [{ itemId }],
  });
});
