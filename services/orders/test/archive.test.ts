import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { archiveOrders } from '@order-pipeline/archive';
import {
  exportPartsApi,
  inspectionApi,
  ordersApi,
  tracesApi,
  type Actor,
  type NewOrder,
  type Scope,
} from '@order-pipeline/contracts';
import { createRuntime } from '@order-pipeline/service-kit';
import { expectCleanAudit } from '@order-pipeline/testing';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { fresh, orderOf, useHarness } from './harness.ts';
import { placeUntil } from './interruptions.ts';

let dir: string;
let item: string;
const alice = fresh('alice');

const postgres = useTestPostgres();
const harness = useHarness(postgres);

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-archive-'));
  closeAfterTests(() => rm(dir, { recursive: true, force: true }));
  item = await harness.addItem(1_000);
  await harness.addUser(alice);
});

/** Archives what is closed, however young it is. */
const archive = () =>
  archiveOrders({
    databases: harness.urls,
    dir,
    retainDays: 0,
    runtime: createRuntime(),
  });

/** As the inventory does once its event has come; the item is locked before the reservation, as everywhere. */
const consume = async (orderId: string): Promise<void> => {
  await harness.database.inventory.$executeRaw`
    WITH stock AS (
      SELECT id FROM items WHERE id = ${item} FOR UPDATE
    ), moved AS (
      UPDATE reservations SET state = 'CONSUMED'
      WHERE order_id = ${orderId} AND state = 'HELD' AND (SELECT count(*) FROM stock) = 1 RETURNING lines
    )
    UPDATE items SET reserved_qty = reserved_qty - quantity, consumed_qty = consumed_qty + quantity
    FROM moved, jsonb_to_recordset(lines) AS line("itemId" text, quantity bigint) WHERE items.id = line."itemId"`;
};

/** Takes an order that was placed to its end. */
const deliver = async (orderId: string): Promise<void> => {
  await harness.walk(orderId, 'DELIVERED');
  await harness.database.orders.$executeRaw`DELETE FROM outbox WHERE event_id LIKE ${`${orderId}:%`}`;
  await consume(orderId);
};

const delivered = async (order: NewOrder): Promise<NewOrder> => {
  expect(await harness.place(order)).toMatchObject({ status: 201 });
  await deliver(order.orderId);
  return order;
};

const archived = async (other: Partial<NewOrder> = {}): Promise<NewOrder> => {
  const order = await delivered(orderOf({ [item]: 2 }, other));
  await archive();
  return order;
};

const as = (userId: string, ...scopes: readonly Scope[]): Actor => ({
  kind: 'token',
  name: userId,
  userId,
  scopes,
});

const gone = (orderId: string) => ({
  status: 410,
  body: {
    status: 410,
    code: 'ORDER_ARCHIVED',
    error: expect.stringMatching(
      new RegExp(`^The order ${orderId} was archived at 2\\S+Z, in year=\\d{4}/month=\\d\\d/\\S+[.]parquet$`),
    ),
    details: [{ archivedAt: expect.stringMatching(/^2.*Z$/), file: expect.stringMatching(/[.]parquet$/) }],
  },
});

test('an archived order says of itself where it stands, whatever is asked of it', async () => {
  const { orderId } = await archived();
  const params = { orderId };
  expect(await harness.orders.call(ordersApi.getOrder, { params })).toEqual(gone(orderId));
  expect(await harness.orders.call(ordersApi.getOrderHistory, { params })).toEqual(gone(orderId));
  expect(await harness.orders.call(tracesApi.getOrderTrace, { params })).toEqual(gone(orderId));
  expect(await harness.orders.call(inspectionApi.inspectOrder, { params })).toEqual(gone(orderId));
  expect(await harness.cancel(orderId)).toEqual(gone(orderId));
});

test("somebody else's archived order is as one that never was", async () => {
  const { orderId } = await archived({ userId: alice });
  const params = { orderId };
  const missing = { status: 404, body: { code: 'ORDER_NOT_FOUND', error: `There is no order ${orderId}` } };
  const [stranger, owner] = [as('bob', 'orders:write'), as(alice, 'orders:write')];
  for (const operation of [ordersApi.getOrder, ordersApi.getOrderHistory, ordersApi.cancelOrder]) {
    expect(await harness.orders.call(operation, { params }, stranger)).toMatchObject(missing);
    expect(await harness.orders.call(operation, { params }, owner)).toEqual(gone(orderId));
  }
});

test('the same order again is answered as the first time, and another one under its id is refused', async () => {
  const order = await archived();
  const stock = await harness.stockOf(item);
  expect(await harness.place(order)).toMatchObject({ status: 201, body: { orderId: order.orderId } });
  const split = {
    ...order,
    items: [...order.items, ...order.items].map((line) => ({ ...line, quantity: 1 })),
  };
  expect(await harness.place(split)).toMatchObject({ status: 201 });
  expect(await harness.place({ ...order, items: [{ itemId: item, quantity: 3 }] })).toMatchObject({
    status: 409,
    body: {
      code: 'ID_TAKEN',
      error: expect.stringMatching(
        new RegExp(`^The order id ${order.orderId} is taken by an order that was archived at 2`),
      ),
    },
  });
  expect(await harness.place({ ...order, userId: alice })).toMatchObject({
    status: 409,
    body: { error: `The order id ${order.orderId} is taken by another order` },
  });
  expect(await harness.stockOf(item)).toEqual(stock);
  expect(await harness.cancel(order.orderId)).toEqual(gone(order.orderId));
});

test('an order that is archived while another placement of its id is under way is not stored again', async () => {
  const { order, resume } = await placeUntil(harness, 'orders.afterReserveBeforeStore', { [item]: 2 });
  const another = await harness.anotherOrders();
  expect(await harness.place(order, another)).toMatchObject({ status: 201 });
  await deliver(order.orderId);
  await archive();
  expect(await resume()).toMatchObject({ status: 201 });
  const stored = await harness.database.orders.$queryRaw`SELECT FROM orders WHERE id = ${order.orderId}`;
  expect(stored).toEqual([]);
});

test('whatever inserts an order of an archived id is refused by the database', async () => {
  const { orderId } = await archived();
  const insert = (id: string) => harness.database.orders.$executeRaw`
    INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
    VALUES (${id}, 'user11', 'PENDING', '[{"itemId":"i","quantity":1}]', ${fresh('r')}, now(), now(), now())`;
  await expect(insert(orderId)).rejects.toThrow(
    /an order of this id archived, while its order was being stored/,
  );
});

test('a verdict on an archived order: its status for its own reservation, and no order for any other', async () => {
  const order = await delivered(orderOf({ [item]: 1 }));
  const [own] = await harness.database.orders.$queryRaw<{ reservationId: string }[]>`
    SELECT reservation_id AS "reservationId" FROM orders WHERE id = ${order.orderId}`;
  await archive();
  const { orderId } = order;
  const ownId = own?.reservationId ?? '';
  const never = fresh('order');
  expect(
    await harness.settle([
      { orderId, reservationId: ownId },
      { orderId, reservationId: 'another' },
      { orderId: never, reservationId: 'orphan' },
    ]),
  ).toEqual([
    { orderId, reservationId: ownId, verdict: 'DELIVERED' },
    { orderId, reservationId: 'another', verdict: 'ABANDONED' },
    { orderId: never, reservationId: 'orphan', verdict: 'ABANDONED' },
  ]);
});

test('a late event of an archived order is skipped', async () => {
  const { orderId } = await archived();
  for (const to of ['PROCESSING', 'SHIPPED', 'DELIVERED'] as const)
    expect(await harness.move(to, [orderId])).toEqual([{ outcome: 'SKIPPED', orderId }]);
});

test('an export names archived orders beside the others, page by page, newest first', async () => {
  const userId = fresh('carol');
  await harness.addUser(userId);
  const oldest = await delivered(orderOf({ [item]: 1 }, { userId }));
  const second = await delivered(orderOf({ [item]: 1 }, { userId }));
  await archive();
  const third = await harness.placed({ [item]: 1 }, userId);
  const fourth = await harness.placed({ [item]: 1 }, userId);
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const body = { userId, limit: 3, ...(cursor === undefined ? {} : { cursor }) };
    const reply = await harness.orders.call(exportPartsApi.exportOrders, { body });
    if (!('orders' in reply.body)) throw new Error('no page');
    const { orders, archived: named, next } = reply.body;
    pages.push([...orders, ...named].map(({ orderId }) => orderId));
    cursor = next?.toString(36);
  } while (cursor !== undefined);
  expect(pages).toEqual([[fourth, third, second.orderId], [oldest.orderId]]);
});

test('orders are placed and read while others are archived, and all of it adds up', async () => {
  const placing = Array.from({ length: 5 }, async () => {
    const order = await delivered(orderOf({ [item]: 1 }));
    return [order, await harness.place(order), await harness.place(orderOf({ [item]: 1 }))] as const;
  });
  const archiving = (async () => {
    for (let run = 0; run < 3; run += 1) await archive();
  })();
  for (const [, again, next] of await Promise.all(placing)) {
    expect(again).toMatchObject({ status: 201 });
    expect(next).toMatchObject({ status: 201 });
  }
  await archiving;
  await archive();
  await expectCleanAudit({ databases: harness.urls, archiveDir: dir });
});
