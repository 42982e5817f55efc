import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DeadLetter, DeadLetterWithContent, OperatorAction } from '@order-pipeline/contracts';
import { openClient } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { unique, type Answer, type Gateway } from '../gateway.ts';
import { OPERATOR_TOKEN, startSecuredSystem, type SecuredSystem } from './secured-system.ts';

let secured: SecuredSystem;
let shop: Gateway;
let ann: Gateway;

beforeAll(async () => {
  // Nothing is transitioned: what is to be cancelled stays PENDING.
  secured = await startSecuredSystem({
    environment: { WORKFLOW_INTERVAL_MS: '60000', REPUBLISH_AFTER_MS: '600000' },
  });
  shop = await secured.as(
    'shop',
    'users:write.any',
    'orders:write.any',
    'catalog:write',
    'orders:cancel.any',
  );
  ann = await secured.as('ann', 'ops:read', 'ops:write');
}, 60_000);

afterAll(() => secured?.stop());

const actions = async (query: string, by: Gateway = ann): Promise<OperatorAction[]> =>
  (await by.get(`/ops/actions?${query}`)).body as OperatorAction[];
const withReason = (reason: string) => ({ 'content-type': 'application/json', 'x-reason': reason });

/** A customer with an order that waits. */
const orderOf = async (userId: string): Promise<string> => {
  const [itemId, orderId] = [unique('item'), unique('order')];
  await shop.addUser(userId);
  await shop.addItem(itemId, 5);
  expect(await shop.place(orderId, userId, { [itemId]: 1 })).toMatchObject({ status: 201 });
  return orderId;
};

test('who adds an item and restocks it is recorded: who, when, what, why, from which request', async () => {
  const itemId = unique('item');
  const before = Date.now();
  const added = await shop.send(
    'POST',
    '/api/inventory',
    { ...withReason('the new season'), 'x-request-id': 'r-1' },
    JSON.stringify({ itemId, itemName: 'Laptop', availableQty: 5 }),
  );
  expect(added.status).toBe(201);
  await shop.post(`/api/inventory/${itemId}/restock`, { quantity: 2 });
  const found = await actions(`target=${itemId}`);
  expect(found).toMatchObject([
    { action: 'RESTOCK_ITEM', by: 'shop', service: 'inventory' },
    { action: 'ADD_ITEM', by: 'shop', proof: 'TOKEN', reason: 'the new season', requestId: 'r-1' },
  ]);
  for (const { at } of found) expect(Date.parse(at)).toBeGreaterThanOrEqual(before);
});

test('what changes nothing leaves no record: repeats, and what is refused', async () => {
  const itemId = unique('item');
  await shop.addItem(itemId, 5);
  await shop.addItem(itemId, 5);
  const restock = () =>
    shop.send(
      'POST',
      `/api/inventory/${itemId}/restock`,
      { 'content-type': 'application/json', 'idempotency-key': 'once' },
      JSON.stringify({ quantity: 2 }),
    );
  expect((await restock()).status).toBe(200);
  expect((await restock()).status).toBe(200);
  await ann.post(`/api/inventory/${itemId}/restock`, { quantity: 1 });
  const names = (await actions(`target=${itemId}`)).map(({ action }) => action);
  expect(names).toEqual(['RESTOCK_ITEM', 'ADD_ITEM']);
});

test("who cancels somebody else's order is recorded, who cancels their own is not", async () => {
  const [alice, bob] = [unique('alice'), unique('bob')];
  const [others, own] = [await orderOf(alice), await orderOf(bob)];
  const cancelled = await shop.send('POST', `/api/orders/${others}/cancel`, { 'x-reason': 'she called' });
  expect(cancelled.status).toBe(200);
  const again = await shop.post(`/api/orders/${others}/cancel`);
  expect(again.status).toBe(400);
  const customer = await secured.as(bob, 'orders:write', 'orders:cancel.any');
  expect((await customer.post(`/api/orders/${own}/cancel`)).status).toBe(200);
  expect(await actions(`target=${others}`)).toMatchObject([
    { action: 'CANCEL_ORDER', by: 'shop', reason: 'she called', service: 'orders' },
  ]);
  expect(await actions(`target=${own}`)).toEqual([]);
});

/** Messages that nobody can understand. */
const poison = async (count: number): Promise<string[]> => {
  const producer = secured.system.infrastructure.broker.connect(unique('poison')).producer();
  await producer.connect();
  const orderIds = Array.from({ length: count }, () => unique('poisoned'));
  const messages = orderIds.map((key) => ({ key, value: '{' }));
  await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_PROCESSING', messages }] });
  await producer.disconnect();
  return orderIds;
};

const letterOf = (orderId: string): Promise<DeadLetter> =>
  eventually(
    async () => {
      const { body } = await ann.get(`/ops/dead-letters?orderId=${orderId}`);
      expect(body).toHaveLength(1);
      return (body as DeadLetter[])[0] as DeadLetter;
    },
    { timeoutMs: 30_000 },
  );

test('with a token, who redrives or discards is whom it is from, whatever the body says', async () => {
  const [first = '', second = ''] = await poison(2);
  const [one, two] = [await letterOf(first), await letterOf(second)];
  const discarded = await ann.post(`/ops/dead-letters/${one.letterId}/discard`, {
    by: 'somebody-else',
    note: 'a test',
  });
  expect(discarded.status).toBe(200);
  const { actions: done } = (await ann.get(`/ops/dead-letters/${one.letterId}`))
    .body as DeadLetterWithContent;
  expect(done).toMatchObject([{ action: 'DISCARD', by: 'ann', note: 'a test' }]);
  expect(await actions(`target=${one.letterId}`)).toMatchObject([
    { action: 'DISCARD_DEAD_LETTER', by: 'ann', proof: 'TOKEN', reason: 'a test' },
  ]);
  const shared = secured.bearing(OPERATOR_TOKEN);
  expect((await shared.post(`/ops/dead-letters/${two.letterId}/discard`, { note: 'x' })).body).toMatchObject({
    code: 'VALIDATION_FAILED',
    details: [{ field: 'by' }],
  });
  const filter = { reason: 'JSON', orderId: second };
  const named = await shared.post('/ops/dead-letters/discard', { filter, by: 'bea', note: 'x' });
  expect(named.status).toBe(200);
  expect(await actions(`target=${two.letterId}`)).toMatchObject([{ by: 'bea', proof: 'NAMED' }]);
}, 60_000);

const nextOf = ({ headers }: Answer): string | undefined => /<([^>]+)>/.exec(String(headers['link']))?.[1];

test('the list is paged over all services, newest first, each once', async () => {
  await shop.post(`/api/orders/${await orderOf(unique('carol'))}/cancel`);
  const all = await actions('limit=1000');
  const sorted = all.map(({ at }) => at);
  expect(sorted).toEqual(sorted.toSorted().toReversed());
  expect(new Set(all.map(({ service }) => service))).toEqual(new Set(['inventory', 'orders']));
  const paged: OperatorAction[] = [];
  let path: string | undefined = '/ops/actions?limit=2';
  while (path !== undefined) {
    const page: Answer = await ann.get(path);
    expect((page.body as unknown[]).length).toBeLessThanOrEqual(2);
    paged.push(...(page.body as OperatorAction[]));
    path = nextOf(page);
  }
  expect(paged).toEqual(all);
  expect(await actions('by=shop&action=CANCEL_ORDER&limit=1000')).toEqual(
    all.filter(({ by, action }) => by === 'shop' && action === 'CANCEL_ORDER'),
  );
});

test('what cannot be recorded is not done', async () => {
  const itemId = unique('unrecorded');
  const orderId = await orderOf(unique('dora'));
  const refused = new Map([
    ['inventory', itemId],
    ['orders', orderId],
  ] as const);
  for (const [name, target] of refused) {
    const client = await openClient({
      url: secured.system.infrastructure.databaseUrl(name),
      applicationName: 'test',
    });
    await client.query(`ALTER TABLE operator_actions ADD CHECK (target <> '${target}')`);
    await client.end();
  }
  const item = { itemId, itemName: 'Laptop', availableQty: 5 };
  expect((await shop.post('/api/inventory', item)).status).toBe(500);
  expect((await shop.get(`/api/inventory/${itemId}`)).status).toBe(404);
  expect((await shop.post(`/api/orders/${orderId}/cancel`)).status).toBe(500);
  const reader = await secured.as('reader', 'orders:read.any');
  expect(await reader.statusOf(orderId)).toBe('PENDING');
});

test('operators read it, and nobody else; a wrong cursor is refused by name', async () => {
  expect((await secured.nobody.get('/ops/actions')).status).toBe(401);
  expect((await shop.get('/ops/actions')).status).toBe(403);
  expect((await secured.bearing(OPERATOR_TOKEN).get('/ops/actions')).status).toBe(200);
  expect((await ann.get('/ops/actions?cursor=nonsense')).body).toMatchObject({
    code: 'VALIDATION_FAILED',
    details: [{ field: 'cursor' }],
  });
});
