import { beforeAll, expect, test } from '@jest/globals';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { allArrived, rateOf, readWalk } from '../src/orders/walk.ts';
import { withDatabase } from '../src/system/databases.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
let url = '';

const store = (orderId: string, createdAt: number, steps: Readonly<Record<string, number>>) =>
  withDatabase(url, async ({ rows }) => {
    const status = Object.keys(steps).at(-1);
    await rows(
      `INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
       VALUES ($1, 'user', $2::order_status, '[{"itemId":"nothing","quantity":1}]', $1, $3, $3, $3)`,
      [orderId, status, new Date(createdAt)],
    );
    for (const [step, at] of Object.entries(steps))
      await rows(`INSERT INTO order_history (order_id, status, at, cause) VALUES ($1, $2, $3, 'test')`, [
        orderId,
        step,
        new Date(at),
      ]);
  });

const postgres = useTestPostgres();

beforeAll(async () => {
  url = await postgres.migratedDatabase('orders');
}, 60_000);

test('a walk goes from the first PROCESSING to the last DELIVERED of those that were placed since', async () => {
  const walked = (first: number, last: number) => ({ PENDING: START, PROCESSING: first, DELIVERED: last });
  await store('before', START - 1_000, walked(START - 900, START - 800));
  await store('a', START, walked(START + 2_000, START + 3_000));
  await store('b', START + 1, walked(START + 2_100, START + 4_000));
  const walk = await readWalk(url, START);
  expect(walk).toEqual({ orders: 2, firstProcessingAt: START + 2_000, lastDeliveredAt: START + 4_000 });
  expect(rateOf(walk)).toBe(1);
});

test('an order in progress has not arrived', async () => {
  await allArrived(url, 1_000);
  await store('late', START, { PENDING: START, PROCESSING: START, SHIPPED: START });
  await expect(allArrived(url, 0)).rejects.toThrow(
    'Gave up after 0 s waiting until every order is delivered.',
  );
});
