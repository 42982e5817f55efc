import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually, times } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from './expect-stock.ts';
import { whileOrderLocked } from './meet-at-lock.ts';
import { orderOf, useHarness } from './harness.ts';

let item: string;

const postgres = useTestPostgres();
const harness = useHarness(postgres);

beforeEach(async () => {
  item = await harness.addItem(1_000);
});

afterEach(() => eventually(() => expectStockToAddUp(harness)));

const place = () => harness.placed({ [item]: 1 });
const whileLocked = <T>(orderId: string, work: () => Promise<T>) =>
  whileOrderLocked(harness.database.orders, orderId, work);

const returnedAt = async (orderId: string): Promise<Date | null | undefined> => {
  const [row] = await harness.database.orders.$queryRaw<{ at: Date | null }[]>`
    SELECT stock_returned_at AS at FROM orders WHERE id = ${orderId}`;
  return row?.at;
};

/** Does `work` while somebody keeps an item locked. */
const whileItemLocked = <T>(itemId: string, work: () => Promise<T>): Promise<T> =>
  harness.database.inventory.$transaction(
    async (sql) => {
      await sql.$queryRaw`SELECT FROM items WHERE id = ${itemId} FOR UPDATE`;
      return work();
    },
    { timeout: 20_000 },
  );

test('of a batch with an order that somebody keeps locked the others are moved, and it is moved later', async () => {
  const orderIds = await Promise.all(times(10, place));
  const locked = await place();
  await whileLocked(locked, async () => {
    const results = await harness.move('PROCESSING', [locked, ...orderIds]);
    expect(results[0]).toEqual({ outcome: 'LOCKED', orderId: locked });
    expect(results.slice(1).map(({ outcome }) => outcome)).toEqual(orderIds.map(() => 'MOVED'));
    expect(await harness.move('PROCESSING', [locked])).toEqual([{ outcome: 'LOCKED', orderId: locked }]);
  });
  expect(await harness.move('PROCESSING', [locked])).toMatchObject([{ outcome: 'MOVED' }]);
});

test('an order that somebody keeps locked cannot be cancelled for now, and others can', async () => {
  const [locked, free] = [await place(), await place()];
  await whileLocked(locked, async () => {
    await expect(harness.cancel(locked)).rejects.toThrow(`The order ${locked} is locked in the database`);
    expect((await harness.cancel(free)).status).toBe(200);
  });
  expect((await harness.cancel(locked)).status).toBe(200);
});

test('of cancelled orders whose stock has to go back, one of a locked item and one that is locked hold up no other', async () => {
  const popular = await harness.addItem(10);
  const routes = harness.clients.inventory;
  const cancelled = async (itemId: string): Promise<string> => {
    const orderId = await harness.placed({ [itemId]: 1 });
    expect((await harness.cancel(orderId)).status).toBe(200);
    return orderId;
  };
  const [held, lockedOrder, free] = [
    await harness.placed({ [popular]: 1 }),
    await harness.placed({ [item]: 1 }),
    await harness.placed({ [item]: 1 }),
  ];
  delete harness.clients.inventory;
  for (const orderId of [held, lockedOrder, free]) expect((await harness.cancel(orderId)).status).toBe(200);
  await whileItemLocked(popular, () =>
    whileLocked(lockedOrder, async () => {
      Object.assign(harness.clients, { inventory: routes });
      await eventually(async () => expect(await returnedAt(free)).toBeInstanceOf(Date));
      expect(await returnedAt(held)).toBeNull();
      expect(await returnedAt(await cancelled(item))).toBeInstanceOf(Date);
    }),
  );
  for (const orderId of [held, lockedOrder])
    await eventually(async () => expect(await returnedAt(orderId)).toBeInstanceOf(Date));
});

test('while an item is locked, orders for others are placed, and those for it are refused for now', async () => {
  const locked = await harness.addItem(10);
  await whileItemLocked(locked, async () => {
    const placing = [
      ...times(20, () => harness.place(orderOf({ [item]: 1 }))),
      ...times(5, () => harness.place(orderOf({ [locked]: 1 }))),
      ...times(20, () => harness.place(orderOf({ [item]: 1 }))),
    ];
    const statuses = (await Promise.all(placing)).map(({ status }) => status);
    expect(statuses).toEqual([...times(20, () => 201), ...times(5, () => 503), ...times(20, () => 201)]);
    // From then on it is known to be locked: nobody waits for it again.
    const again = harness.place(orderOf({ [locked]: 1 }));
    expect((await again).status).toBe(503);
    expect(
      await harness.database.inventory.$queryRaw`
        SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    ).toEqual([]);
  });
  expect((await harness.place(orderOf({ [locked]: 1 }))).status).toBe(201);
});
