import { expect, test } from '@jest/globals';
import { openClient } from '@order-pipeline/service-kit';
import { defineAuditTest } from '../audit.ts';
import { unique } from '../gateway.ts';
import { useWholeSystem } from './fixtures.ts';

const { started, gateway } = useWholeSystem();

/** Keeps a row locked, as a session does that was left open, while `work` is done. */
const whileLocked = async (
  database: 'orders' | 'inventory',
  lock: string,
  id: string,
  work: () => Promise<void>,
): Promise<void> => {
  const url = started.system.infrastructure.databaseUrl(database);
  const client = await openClient({ url, applicationName: 'test' });
  try {
    await client.query('BEGIN');
    await client.query(lock, [id]);
    await work();
  } finally {
    await client.end();
  }
};

const setUp = async () => {
  const [userId, itemId] = [unique('user'), unique('item')];
  await gateway.addUser(userId);
  await gateway.addItem(itemId, 100);
  return { userId, itemId };
};

const placed = async (userId: string, itemId: string): Promise<string> => {
  const orderId = unique('order');
  expect((await gateway.place(orderId, userId, { [itemId]: 1 })).status).toBe(201);
  return orderId;
};

test('while an order is locked, ten others are delivered, and then it is too', async () => {
  const { userId, itemId } = await setUp();
  const locked = await placed(userId, itemId);
  await whileLocked('orders', 'SELECT id FROM orders WHERE id = $1 FOR UPDATE', locked, async () => {
    const others: string[] = [];
    for (let number = 0; number < 10; number += 1) others.push(await placed(userId, itemId));
    for (const orderId of others) await gateway.reaches(orderId, 'DELIVERED', 15_000);
    expect(await gateway.statusOf(locked)).not.toBe('DELIVERED');
  });
  await gateway.reaches(locked, 'DELIVERED', 15_000);
}, 60_000);

test('while an item is locked, orders for others are delivered and their stock leaves, and then its own does', async () => {
  const { userId, itemId } = await setUp();
  const lockedItem = unique('item');
  await gateway.addItem(lockedItem, 100);
  const waiting = await placed(userId, lockedItem);
  await whileLocked('inventory', 'SELECT id FROM items WHERE id = $1 FOR UPDATE', lockedItem, async () => {
    for (let number = 0; number < 10; number += 1)
      await gateway.reaches(await placed(userId, itemId), 'DELIVERED', 15_000);
    expect((await gateway.place(unique('order'), userId, { [lockedItem]: 1 })).status).toBe(503);
  });
  await gateway.reaches(waiting, 'DELIVERED', 15_000);
  expect((await gateway.place(unique('order'), userId, { [lockedItem]: 1 })).status).toBe(201);
}, 60_000);

defineAuditTest(() => started.system);
