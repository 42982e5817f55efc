import { expect, test } from '@jest/globals';
import {
  orderSearchApi,
  stuckApi,
  type FoundOrder,
  type Input,
  type StuckOrders,
} from '@order-pipeline/contracts';
import { USER } from '../harness.ts';
import { eventually } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { whileOrderLocked } from '../meet-at-lock.ts';
import { WAIT } from '../broker.ts';
import { startStuckHarness, STUCK_AFTER_MS } from './harness.ts';

const postgres = useTestPostgres();
const stuck = useFixture(
  () => startStuckHarness(postgres, { REPUBLISH_AFTER_MS: '60000' }),
  (opened) => opened.close(),
);

type Query = Input<typeof stuckApi.listStuckOrders>['query'];

const listed = async (query: Query = {}): Promise<StuckOrders> => {
  const { status, body } = await stuck.harness.orders.call(stuckApi.listStuckOrders, { query });
  expect(status).toBe(200);
  return body as StuckOrders;
};

/** What the search of orders finds, each with the reason why it is stuck, and the cursor of the next page. */
const searched = async (query: Input<typeof orderSearchApi.searchOrders>['query']) => {
  const { status, body, headers } = await stuck.harness.orders.call(orderSearchApi.searchOrders, { query });
  expect(status).toBe(200);
  const found = (body as FoundOrder[]).map(({ orderId, stuckReason }) => [orderId, stuckReason]);
  return { found, cursor: /cursor=([^&>]+)/.exec(headers?.['link'] ?? '')?.[1] };
};

/** `first` is stuck since its row is locked, and `second` since nobody consumes its event. */
const expectSearchToFind = async (first: string, second: string): Promise<void> => {
  const locked = [first, 'ROW_LOCKED'];
  const waiting = [second, 'CONSUMER_NOT_PROGRESSING'];
  expect((await searched({ reason: 'ROW_LOCKED' })).found).toEqual([locked]);
  const reason = 'CONSUMER_NOT_PROGRESSING';
  for (const filter of [
    { status: 'PENDING' },
    { search: second },
    { search: USER },
    { olderThanMs: 1 },
  ] as const)
    expect((await searched({ reason, ...filter })).found).toEqual([waiting]);
  for (const filter of [{ status: 'SHIPPED' }, { search: first }, { olderThanMs: 86_400_000 }] as const)
    expect((await searched({ reason, ...filter })).found).toEqual([]);
  const page = await searched({ olderThanMs: 0, limit: 1 });
  expect(page.found).toEqual([locked]);
  expect((await searched({ olderThanMs: 0, cursor: page.cursor ?? '' })).found).toEqual([waiting]);
  expect((await searched({ search: USER })).found).toEqual([waiting, locked]);
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
    await expectSearchToFind(first, second);
  };
  await whileOrderLocked(stuck.harness.database.orders, first, whileStuck);
  for (const orderId of [first, second]) await stuck.harness.cancel(orderId);
  // At once, whatever the last look found.
  expect((await searched({ reason: 'CONSUMER_NOT_PROGRESSING' })).found).toEqual([]);
  await eventually(async () => expect(await listed()).toMatchObject({ total: 0, orders: [] }), WAIT);
}, 60_000);

test('those of one reason come in pages, the longest stuck first', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) ids.push(await stuck.harness.placed({ [stuck.item]: 1 }));
  const reason = 'CONSUMER_NOT_PROGRESSING';
  await eventually(async () => expect((await searched({ reason })).found).toHaveLength(ids.length), WAIT);
  const pages: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await searched({ reason, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(...page.found.map(([orderId]) => orderId));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(pages).toEqual(ids);
  for (const orderId of ids) await stuck.harness.cancel(orderId);
}, 60_000);
