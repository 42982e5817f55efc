import { afterEach, expect, test } from '@jest/globals';
import { inventoryApi, type Actor, type NewItem, type Scope } from '@order-pipeline/contracts';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp, fresh, hold, useHarness } from './harness.ts';

const postgres = useTestPostgres();
const harness = useHarness(postgres);

afterEach(() => expectStockToAddUp(harness));

const itemOf = (itemId: string, other: Partial<NewItem> = {}): NewItem => ({
  itemId,
  itemName: 'Laptop',
  availableQty: 10,
  ...other,
});

const post = (url: string, payload: object) =>
  harness.inventory.server.inject({ method: 'POST', url, payload });
const get = (url: string) => harness.inventory.server.inject(url);
const add = (item: NewItem) => harness.inventory.call(inventoryApi.addItem, { body: item });
const restock = (itemId: string, quantity: number) =>
  harness.inventory.call(inventoryApi.restockItem, { params: { itemId }, body: { quantity } });

test('an added item is answered word for word as the contract says', async () => {
  const response = await post('/api/inventory', itemOf('item1'));
  expect(response.statusCode).toBe(201);
  expect(response.json()).toEqual({ message: 'Inventory item added', itemId: 'item1' });
});

test('an item is read with its units', async () => {
  const itemId = fresh('desk');
  await add(itemOf(itemId));
  await hold(harness.inventory, fresh('order'), { [itemId]: 3 });
  const response = await get(`/api/inventory/${itemId}`);
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ itemId, itemName: 'Laptop', availableQty: 7, reservedQty: 3 });
});

test('the same item again is answered as the first time and adds nothing, whatever was sold meanwhile', async () => {
  const itemId = fresh('again');
  const first = await add(itemOf(itemId));
  await hold(harness.inventory, fresh('order'), { [itemId]: 4 });
  await restock(itemId, 5);
  expect(await add(itemOf(itemId))).toEqual(first);
  expect(await harness.stockOf(itemId)).toEqual({ available: 11, reserved: 4 });
});

test('another item under a taken id is refused, and the first one stays', async () => {
  const itemId = fresh('taken');
  await add(itemOf(itemId));
  for (const other of [{ itemName: 'Desk' }, { availableQty: 11 }]) {
    expect(await add(itemOf(itemId, other))).toMatchObject({
      status: 409,
      body: { code: 'ID_TAKEN', status: 409 },
    });
  }
  expect((await get(`/api/inventory/${itemId}`)).json()).toMatchObject(itemOf(itemId));
});

test('of many different items under one id at once one is added, and all others are refused', async () => {
  const itemId = fresh('contested');
  const replies = await Promise.all(
    Array.from({ length: 16 }, (_, index) => add(itemOf(itemId, { availableQty: index + 1 }))),
  );
  expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(replies.filter(({ status }) => status === 409)).toHaveLength(15);
});

test('units that come in can be ordered', async () => {
  const itemId = fresh('restocked');
  await add(itemOf(itemId));
  await hold(harness.inventory, fresh('order'), { [itemId]: 10 });
  const response = await post(`/api/inventory/${itemId}/restock`, { quantity: 5 });
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ itemId, itemName: 'Laptop', availableQty: 5, reservedQty: 10 });
  await hold(harness.inventory, fresh('order'), { [itemId]: 5 });
});

test('every one of many restocks at once counts', async () => {
  const itemId = fresh('busy');
  await add(itemOf(itemId));
  await Promise.all(Array.from({ length: 20 }, () => restock(itemId, 2)));
  expect(await harness.stockOf(itemId)).toEqual({ available: 50, reserved: 0 });
});

test('an unknown item is not found, to read or to restock', async () => {
  const notFound = { error: 'There is no item nothing', status: 404, code: 'ITEM_NOT_FOUND' };
  const read = await get('/api/inventory/nothing');
  expect([read.statusCode, read.json()]).toEqual([404, notFound]);
  const restocked = await post('/api/inventory/nothing/restock', { quantity: 1 });
  expect([restocked.statusCode, restocked.json()]).toEqual([404, notFound]);
});

test('items are listed newest first, page by page, each once, while others are added', async () => {
  const itemIds = Array.from({ length: 7 }, (_, index) => fresh(`listed-${index}`));
  for (const itemId of itemIds) await add(itemOf(itemId));
  const seen: string[] = [];
  let url: string | undefined = '/api/inventory?limit=3';
  while (url !== undefined) {
    const response = await get(url);
    const page = response.json<{ itemId: string }[]>();
    expect(page.length).toBeLessThanOrEqual(3);
    seen.push(...page.map(({ itemId }) => itemId));
    await add(itemOf(fresh('meanwhile')));
    url = /^<([^>]+)>; rel="next"$/.exec(String(response.headers.link))?.[1];
  }
  expect(seen.filter((itemId) => itemIds.includes(itemId))).toEqual(itemIds.toReversed());
  expect(new Set(seen).size).toBe(seen.length);
});

test('a page that ends the list has no link, even when it is full', async () => {
  const all = (await get('/api/inventory?limit=1000')).json<object[]>();
  const response = await get(`/api/inventory?limit=${all.length}`);
  expect(response.json<object[]>()).toHaveLength(all.length);
  expect(response.headers.link).toBeUndefined();
});

test.each(['/api/inventory?cursor=%21', '/api/inventory?cursor=ABC', '/api/inventory?limit=0'])(
  'a wrong page is refused: %s',
  async (url) => {
    const response = await get(url);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'VALIDATION_FAILED' });
  },
);

test.each([
  [{ itemId: 'a b' }, 'itemId'],
  [{ itemName: '' }, 'itemName'],
  [{ availableQty: 0 }, 'availableQty'],
  [{ availableQty: 1.5 }, 'availableQty'],
  [{ availableQty: 1_000_001 }, 'availableQty'],
  [{ reservedQty: 1 }, 'reservedQty'],
])('bad input is refused with its field named, and nothing is stored: %j', async (wrong, field) => {
  const itemId = fresh('refused');
  const response = await post('/api/inventory', { ...itemOf(itemId), ...wrong });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ field }] });
  expect((await get(`/api/inventory/${itemId}`)).statusCode).toBe(404);
});

const as = (...scopes: readonly Scope[]): Actor => ({
  kind: 'token',
  name: 'alice',
  userId: 'alice',
  scopes,
});

test('what is reserved is shown with the scope for it only', async () => {
  const itemId = fresh('seen');
  await add(itemOf(itemId));
  const shown = async (actor: Actor) => {
    const one = await harness.inventory.call(inventoryApi.getItem, { params: { itemId } }, actor);
    const list = await harness.inventory.call(inventoryApi.listItems, { query: {} }, actor);
    const listed = Array.isArray(list.body) ? list.body.find((item) => item.itemId === itemId) : undefined;
    expect(listed).toEqual(one.body);
    return one.body;
  };
  const item = { itemId, itemName: 'Laptop', availableQty: 10 };
  for (const scopes of [[], ['orders:read.any', 'ops:write']] as const)
    expect(await shown(as(...scopes))).toEqual(item);
  for (const scope of ['catalog:write', 'ops:read'] as const)
    expect(await shown(as(scope))).toEqual({ ...item, reservedQty: 0 });
});

test('items are added and restocked with the scope for it only', async () => {
  const body = itemOf(fresh('mine'));
  const addAs = (actor: Actor) => harness.inventory.call(inventoryApi.addItem, { body }, actor);
  const input = { params: { itemId: body.itemId }, body: { quantity: 1 } };
  const restockAs = (actor: Actor) => harness.inventory.call(inventoryApi.restockItem, input, actor);
  const refused = { status: 403, body: { code: 'FORBIDDEN' } };
  expect(await addAs(as('orders:write.any', 'ops:write'))).toMatchObject(refused);
  expect(await addAs(as('catalog:write'))).toMatchObject({ status: 201 });
  expect(await restockAs(as('ops:write'))).toMatchObject(refused);
  expect(await restockAs(as('catalog:write'))).toMatchObject({ status: 200, body: { availableQty: 11 } });
});
