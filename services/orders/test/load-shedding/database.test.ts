import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ordersApi } from '@order-pipeline/contracts';
import { eventually, inTurn, times } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from '../expect-stock.ts';
import { countOf, orderOf, startHarness, type Harness } from '../harness.ts';

const BUSY = {
  status: 503,
  headers: { 'retry-after': '2' },
  body: { code: 'UNAVAILABLE', error: 'The database is too busy to take new orders, try again in a moment' },
};
/** Time for a few statements to wait as long as they may. */
const WAIT = { timeoutMs: 15_000 };

/** An order that found the database busy even when it gave up leaves its stock to the reconciler. */
const RECONCILED = { RESERVATION_CHECK_AFTER_MS: '3000' };
const RECONCILIATION = { timeoutMs: 20_000 };

let harness: Harness;
let item: string;

const postgres = useTestPostgres();

beforeEach(async () => {
  harness = await startHarness(postgres, { environment: RECONCILED });
  item = await harness.addItem(100_000);
});

afterEach(async () => {
  await inTurn(() => eventually(() => expectStockToAddUp(harness), RECONCILIATION), harness.close);
});

/** Holds what `lock` locks while `work` runs. */
const whileLocked = (lock: string, work: () => Promise<void>): Promise<void> =>
  harness.database.orders.$transaction(
    async (sql) => {
      await sql.$executeRawUnsafe(lock);
      await work();
    },
    { timeout: 25_000 },
  );

const withTimeout = async <T>(ms: number, work: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  const result = await work();
  expect(performance.now() - began).toBeLessThan(ms);
  return result;
};

const refusedAtOnce = (): Promise<void> =>
  eventually(async () => {
    const order = orderOf({ [item]: 1 });
    expect(await harness.place(order)).toMatchObject(BUSY);
    expect(await harness.heldFor(order.orderId)).toBeUndefined();
    // And so is a crowd.
    const replies = await withTimeout(500, () =>
      Promise.all(times(200, () => harness.place(orderOf({ [item]: 1 })))),
    );
    expect(countOf(replies, 503)).toBe(200);
  }, WAIT);

const takenAgain = (): Promise<void> =>
  eventually(
    async () => expect(await harness.place(orderOf({ [item]: 1 }))).toMatchObject({ status: 201 }),
    WAIT,
  );

const outboxIsEmpty = () =>
  eventually(async () => {
    expect(await harness.database.orders.$queryRaw`SELECT FROM outbox`).toEqual([]);
  });

test('while orders cannot be stored, reads and cancellations go on, new orders are refused at once, and it recovers automatically', async () => {
  const known = await Promise.all(times(5, () => harness.placed({ [item]: 1 })));
  await outboxIsEmpty();
  const crowd = times(500, () => orderOf({ [item]: 1 }));
  await whileLocked('LOCK TABLE outbox IN SHARE MODE', async () => {
    const stuck = Promise.all(crowd.map((order) => harness.place(order)));
    for (const orderId of known) {
      expect(await withTimeout(1_000, () => harness.cancel(orderId))).toMatchObject({ status: 200 });
      expect(await withTimeout(1_000, () => harness.statusOf(orderId))).toBe('CANCELLED');
      const list = () => harness.orders.call(ordersApi.listOrders, { query: {} });
      expect(await withTimeout(1_000, list)).toMatchObject({ status: 200 });
    }
    expect(countOf(await stuck, 503)).toBe(500);
    await refusedAtOnce();
  });
  await takenAgain();
  const replies = await Promise.all(crowd.map((order) => harness.place(order)));
  expect(countOf(replies, 201)).toBe(500);
});

test('when others hold every connection, new orders are refused at once, and taken again when they let go', async () => {
  const orderId = await harness.placed({ [item]: 1 });
  await outboxIsEmpty();
  let isHeld = true;
  const holdOn = async (): Promise<void> => {
    while (isHeld) await harness.cancel(orderId).catch(() => undefined);
  };
  const holders: Promise<void>[] = [];
  await whileLocked(`SELECT FROM orders WHERE id = '${orderId}' FOR UPDATE`, async () => {
    holders.push(...times(30, holdOn));
    await refusedAtOnce().finally(() => {
      isHeld = false;
    });
  });
  await Promise.all(holders);
  await takenAgain();
});
