import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stuckApi, type Input, type StuckOrders } from '@order-pipeline/contracts';
import { eventually, inTurn, startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import { whileOrderLocked } from '../meet-at-lock.ts';
import { startStuckHarness, STUCK_AFTER_MS, WAIT, type StuckHarness } from './harness.ts';

let postgres: TestPostgres;
let stuck: StuckHarness;

beforeAll(async () => {
  postgres = await startTestPostgres();
  stuck = await startStuckHarness(postgres, { REPUBLISH_AFTER_MS: '60000' });
});

afterAll(() =>
  inTurn(
    () => stuck?.close(),
    () => postgres?.stop(),
  ),
);

type Query = Input<typeof stuckApi.listStuckOrders>['query'];

const listed = async (query: Query = {}): Promise<StuckOrders> => {
  const { status, body } = await stuck.harness.orders.call(stuckApi.listStuckOrders, { query });
  expect(status).toBe(200);
  return body as StuckOrders;
};

test('operators see which orders are stuck and why, oldest first, until they no longer are', async () => {
  expect((await listed()).orders).toEqual([]);
  const first = await stuck.harness.placed({ [stuck.item]: 1 });
  const second = await stuck.harness.placed({ [stuck.item]: 1 });
  const whileStuck = async (): Promise<void> => {
    const { orders, ...facts } = await eventually(async () => {
      const found = await listed();
      expect(found.orders.map(({ orderId, reason }) => [orderId, reason])).toEqual([
        [first, 'ROW_LOCKED'],
        [second, 'CONSUMER_NOT_PROGRESSING'],
      ]);
      return found;
    }, WAIT);
    expect(facts).toMatchObject({ total: 2, stuckAfterMs: STUCK_AFTER_MS, republishAfterMs: 60_000 });
    for (const { status, since, ageMs } of orders) {
      expect(status).toBe('PENDING');
      expect(ageMs).toBeGreaterThanOrEqual(STUCK_AFTER_MS);
      expect(Date.parse(facts.lookedAt ?? '') - Date.parse(since)).toBeGreaterThanOrEqual(STUCK_AFTER_MS);
    }
    expect(await listed({ limit: 1 })).toMatchObject({ total: 2, orders: [{ orderId: first }] });
    expect(await listed({ reason: 'ROW_LOCKED' })).toMatchObject({ total: 1, orders: [{ orderId: first }] });
    expect(await listed({ orderId: second })).toMatchObject({ total: 1, orders: [{ orderId: second }] });
    const [oldest, newest] = orders.map(({ ageMs }) => ageMs);
    expect(await listed({ olderThanMs: Number(newest) - 1_000 })).toMatchObject({ total: 2 });
    expect(await listed({ olderThanMs: Number(oldest) + 600_000 })).toMatchObject({ total: 0, orders: [] });
    expect(await listed({ status: 'SHIPPED' })).toMatchObject({ total: 0, orders: [] });
  };
  await whileOrderLocked(stuck.harness.database.orders, first, whileStuck);
  for (const orderId of [first, second]) await stuck.harness.cancel(orderId);
  await eventually(async () => expect(await listed()).toMatchObject({ total: 0, orders: [] }), WAIT);
}, 60_000);
