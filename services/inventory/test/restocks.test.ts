import { afterEach, expect, test } from '@jest/globals';
import { ANYBODY, inventoryApi, type Input, type Operation } from '@order-pipeline/contracts';
import { createBatchingTransport, createRuntime } from '@order-pipeline/service-kit';
import { createTestLogger, times } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { createStore } from '../src/store/index.ts';
import { expectStockToAddUp, fresh, hold, meetAtLock, useHarness } from './harness.ts';

const postgres = useTestPostgres();
const harness = useHarness(postgres);

afterEach(() => expectStockToAddUp(harness));

const restock = async (itemId: string, quantity: number, key?: string) => {
  const response = await harness.inventory.server.inject({
    method: 'POST',
    url: `/api/inventory/${itemId}/restock`,
    payload: { quantity },
    headers: key === undefined ? {} : { 'idempotency-key': key },
  });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
};

/** Lets all keys have been used so long ago. */
const age = (hours: number) =>
  harness.database.$executeRaw`UPDATE restocks SET at = at - make_interval(hours => ${hours}::int)`;

test('the same restock under a key again changes nothing and is answered as the first time', async () => {
  const itemId = await harness.newItem('keyed', 10);
  const first = await restock(itemId, 5, 'delivery-1');
  expect(first).toMatchObject({ status: 200, body: { itemId, availableQty: 15, reservedQty: 0 } });
  await hold(harness.inventory, fresh('order'), { [itemId]: 4 });
  expect(await restock(itemId, 5, 'delivery-1')).toEqual(first);
  expect(await restock(itemId, 5, '"delivery-1"')).toEqual(first);
  expect(await harness.stockOf(itemId)).toEqual({ available: 11, reserved: 4 });
});

test('another restock under the key is refused, and changes nothing', async () => {
  const itemId = await harness.newItem('reused', 10);
  await restock(itemId, 5, 'delivery-1');
  expect(await restock(itemId, 6, 'delivery-1')).toMatchObject({
    status: 409,
    body: { code: 'IDEMPOTENCY_KEY_REUSED', status: 409 },
  });
  expect(await harness.stockOf(itemId)).toEqual({ available: 15, reserved: 0 });
});

test('a key is that of its item, and no key is no key', async () => {
  const [one, two] = [await harness.newItem('one', 1), await harness.newItem('two', 1)];
  await restock(one, 1, 'delivery-1');
  await restock(one, 1, 'delivery-2');
  await restock(two, 7, 'delivery-1');
  await restock(two, 7);
  await restock(two, 7);
  expect(await harness.stockOf(one)).toEqual({ available: 3, reserved: 0 });
  expect(await harness.stockOf(two)).toEqual({ available: 22, reserved: 0 });
});

test('of the same at the same moment one counts, and all are answered alike', async () => {
  const itemId = await harness.newItem('raced', 10);
  const id = itemId;
  const answers = await meetAtLock(harness.database, { table: 'items', id, waiting: 4 }, () =>
    Promise.all(times(4, () => restock(itemId, 5, 'delivery-1'))),
  );
  expect(answers).toEqual(times(4, () => answers[0]));
  expect(answers[0]).toMatchObject({ status: 200, body: { availableQty: 15 } });
  expect(await harness.stockOf(itemId)).toEqual({ available: 15, reserved: 0 });
});

test('an unknown item takes no key', async () => {
  expect(await restock('nothing', 5, 'delivery-1')).toMatchObject({
    status: 404,
    body: { code: 'ITEM_NOT_FOUND' },
  });
  expect(await harness.database.$queryRaw`SELECT FROM restocks WHERE item_id = 'nothing'`).toEqual([]);
});

test.each(['', 'a b', 'x'.repeat(129), '"open', 'a,b', 'ä'])('the key %j is refused', async (key) => {
  const itemId = await harness.newItem('badly-keyed', 10);
  expect(await restock(itemId, 5, key)).toMatchObject({
    status: 400,
    body: { code: 'VALIDATION_FAILED', details: [{ field: 'idempotency-key' }] },
  });
  expect(await harness.stockOf(itemId)).toEqual({ available: 10, reserved: 0 });
});

test('a key is kept for a day, and free after it', async () => {
  const itemId = await harness.newItem('old', 10);
  await restock(itemId, 5, 'delivery-1');
  await age(23);
  await restock(itemId, 5, 'delivery-1');
  expect(await harness.stockOf(itemId)).toEqual({ available: 15, reserved: 0 });
  await age(2);
  expect(await restock(itemId, 6, 'delivery-1')).toMatchObject({ status: 200, body: { availableQty: 21 } });
});

test('expired keys are removed, so many at a time, and others stay', async () => {
  const itemId = await harness.newItem('removed', 10);
  for (const key of ['a', 'b', 'c']) await restock(itemId, 1, key);
  await age(25);
  await restock(itemId, 1, 'd');
  const store = createStore(
    Object.assign(harness.database, { until: () => harness.database, models: () => harness.database }),
    harness.runtime,
  );
  const removed = [];
  while (removed.at(-1) !== 0) removed.push(await store.removeExpiredKeys(2));
  expect(removed.every((count) => count <= 2)).toBe(true);
  expect(await harness.database.$queryRaw`SELECT key FROM restocks WHERE item_id = ${itemId}`).toEqual([
    { key: 'd' },
  ]);
});

test('the key reaches the owner over HTTP, alone and among calls that travel together', async () => {
  const itemId = await harness.newItem('remote', 10);
  const url = await harness.inventory.listen();
  const { transport, close } = createBatchingTransport('inventory', url, 5_000, createRuntime());
  const call = {
    requestId: 'request-1',
    trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
    actor: ANYBODY,
    logger: createTestLogger().logger,
  };
  const input = {
    params: { itemId },
    headers: { 'idempotency-key': 'delivery-1' },
    body: { quantity: 5 },
  } as unknown as Input<Operation>;
  const ask = () => transport(inventoryApi.restockItem, input, call);
  try {
    const first = await ask();
    expect(first).toMatchObject({ status: 200, body: { availableQty: 15 } });
    const replies = await Promise.all(times(3, ask));
    expect(replies.map(({ status, body }) => [status, body])).toEqual(times(3, () => [200, first.body]));
  } finally {
    await close();
  }
  expect(await harness.stockOf(itemId)).toEqual({ available: 15, reserved: 0 });
});
