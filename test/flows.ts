import { expect, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { unique, type Answer, type Gateway } from './gateway.ts';

/** How often an order is placed anew when the workflow's tick came between its placement and its cancellation. */
const MAX_TRIES = 10;

const countBy = (answers: readonly Answer[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** A user, and an item with so much stock, that no other test knows. */
const setUp = async (gateway: Gateway, availableQty: number) => {
  const [userId, itemId] = [unique('user'), unique('item')];
  await gateway.addUser(userId);
  await gateway.addItem(itemId, availableQty);
  return { userId, itemId };
};

/** Expects that an order is not cancelled, since it has this status. */
const expectNotCancellable = async (gateway: Gateway, orderId: string, status: string): Promise<void> => {
  const refused = await gateway.post(`/api/orders/${orderId}/cancel`);
  expect(refused).toMatchObject({
    status: 400,
    body: { error: `Order cannot be cancelled. Current status: ${status}`, status: 400 },
  });
};

/** Places orders until one is cancelled before the workflow takes it. */
const placeAndCancel = async (gateway: Gateway, userId: string, itemId: string, quantity: number) => {
  for (let attempt = 1; ; attempt += 1) {
    const orderId = unique('order');
    await gateway.place(orderId, userId, { [itemId]: quantity });
    const answer = await gateway.post(`/api/orders/${orderId}/cancel`);
    if (answer.status === 200 || attempt >= MAX_TRIES) return { orderId, answer };
    await gateway.reaches(orderId, 'DELIVERED');
  }
};

/** The eight flows of the system, through its gateway, whatever it runs on. */
export const defineFlowTests = (use: () => Gateway): void => {
  test('1: a user who registers is there, word for word', async () => {
    const gateway = use();
    const userId = unique('user');
    const user = { userId, name: 'Sriram', email: 'sriram@example.com' };
    const answer = await gateway.post('/api/users', user);
    expect(answer).toMatchObject({ status: 201, body: { message: 'User registered successfully', userId } });
    expect((await gateway.get(`/api/users/${userId}`)).body).toEqual(user);
  });

  test('2: an item that is added is in stock, and can be restocked', async () => {
    const gateway = use();
    const itemId = unique('item');
    const answer = await gateway.post('/api/inventory', { itemId, itemName: 'Laptop', availableQty: 10 });
    expect(answer).toMatchObject({ status: 201, body: { message: 'Inventory item added', itemId } });
    const restocked = await gateway.post(`/api/inventory/${itemId}/restock`, { quantity: 5 });
    expect(restocked.body).toEqual({ itemId, itemName: 'Laptop', availableQty: 15, reservedQty: 0 });
  });

  test('3 to 6: an order reaches DELIVERED without further requests, and its units leave the stock', async () => {
    const gateway = use();
    const { userId, itemId } = await setUp(gateway, 10);
    const orderId = unique('order');
    const placed = await gateway.place(orderId, userId, { [itemId]: 3 });
    expect(placed).toMatchObject({ status: 201, body: { message: 'Order placed successfully', orderId } });
    await gateway.reaches(orderId, 'DELIVERED');
    const history = (await gateway.get(`/api/orders/${orderId}/history`)).body as {
      status: string;
      at: string;
    }[];
    expect(history.map(({ status }) => status)).toEqual(['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED']);
    expect(history.map(({ at }) => at)).toEqual(history.map(({ at }) => at).toSorted());
    await eventually(async () => {
      expect(await gateway.stockOf(itemId)).toEqual({ availableQty: 7, reservedQty: 0 });
    });
    const delivered = { orderId, userId, status: 'DELIVERED', items: [{ itemId, quantity: 3 }] };
    expect((await gateway.get(`/api/orders/user/${userId}`)).body).toEqual([delivered]);
    const listed = (await gateway.get('/api/orders?status=DELIVERED&limit=1000')).body;
    expect(listed).toContainEqual(delivered);
    await expectNotCancellable(gateway, orderId, 'DELIVERED');
  });

  test('7: a cancelled order gives its stock back and goes no further', async () => {
    const gateway = use();
    const { userId, itemId } = await setUp(gateway, 100);
    const { orderId, answer } = await placeAndCancel(gateway, userId, itemId, 4);
    expect(answer).toMatchObject({
      status: 200,
      body: { message: 'Order cancelled successfully', orderId, status: 'CANCELLED' },
    });
    const later = unique('order');
    await gateway.place(later, userId, { [itemId]: 1 });
    await gateway.reaches(later, 'DELIVERED');
    expect(await gateway.statusOf(orderId)).toBe('CANCELLED');
    const history = (await gateway.get(`/api/orders/${orderId}/history`)).body as { status: string }[];
    expect(history.map(({ status }) => status)).toEqual(['PENDING', 'CANCELLED']);
    await eventually(async () => {
      const { availableQty, reservedQty } = await gateway.stockOf(itemId);
      const orders = (await gateway.get(`/api/orders/user/${userId}`)).body as {
        status: string;
        items: { quantity: number }[];
      }[];
      const left = orders
        .filter(({ status }) => status === 'DELIVERED')
        .reduce((sum, { items }) => sum + (items[0]?.quantity ?? 0), 0);
      expect({ availableQty, reservedQty }).toEqual({ availableQty: 100 - left, reservedQty: 0 });
    });
    await expectNotCancellable(gateway, orderId, 'CANCELLED');
  });

  test('8: the same request again answers as the first time and changes nothing, another one is refused', async () => {
    const gateway = use();
    const { userId, itemId } = await setUp(gateway, 10);
    const orderId = unique('order');
    const first = await gateway.place(orderId, userId, { [itemId]: 2 });
    const second = await gateway.place(orderId, userId, { [itemId]: 2 });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    const other = await gateway.place(orderId, userId, { [itemId]: 3 });
    expect(other).toMatchObject({ status: 409, body: { status: 409, code: 'ID_TAKEN' } });
    await gateway.reaches(orderId, 'DELIVERED');
    expect((await gateway.place(orderId, userId, { [itemId]: 2 })).body).toEqual(first.body);
    await eventually(async () => {
      expect(await gateway.stockOf(itemId)).toEqual({ availableQty: 8, reservedQty: 0 });
    });
  });

  test('a client that waits for an order is answered when it is delivered, and when it changes', async () => {
    const gateway = use();
    const { userId, itemId } = await setUp(gateway, 10);
    const orderId = unique('order');
    await gateway.place(orderId, userId, { [itemId]: 1 });
    const path = `/api/orders/${orderId}`;
    const pending = gateway.send('GET', path, { prefer: 'wait=8', 'if-none-match': '"PENDING"' });
    const delivered = await eventually(
      async () => {
        const answer = await gateway.send('GET', `${path}?until=DELIVERED`, { prefer: 'wait=8' });
        expect(answer).toMatchObject({ status: 200, headers: { 'preference-applied': 'wait=8' } });
        expect(answer).toMatchObject({ headers: { etag: '"DELIVERED"' }, body: { status: 'DELIVERED' } });
        return answer;
      },
      { timeoutMs: 60_000 },
    );
    const { status, headers } = await pending;
    expect([200, 304]).toContain(status);
    expect(headers['etag'] === '"PENDING"').toBe(status === 304);
    const same = await gateway.send('GET', path, { 'if-none-match': String(delivered.headers['etag']) });
    expect([same.status, same.body]).toEqual([304, '']);
  });

  test('160 concurrent orders of one unit on a stock of 100: exactly 100 are taken', async () => {
    const gateway = use();
    const { userId, itemId } = await setUp(gateway, 100);
    const answers = await Promise.all(
      Array.from({ length: 160 }, () => gateway.place(unique('order'), userId, { [itemId]: 1 })),
    );
    expect(countBy(answers)).toEqual({ 201: 100, 409: 60 });
    const refused = answers
      .filter(({ status }) => status === 409)
      .map(({ body }) => (body as { code: string }).code);
    expect(new Set(refused)).toEqual(new Set(['NOT_ENOUGH_STOCK']));
    expect((await gateway.stockOf(itemId)).availableQty).toBe(0);
  });

  test('orders of the same two items in opposite order under load never fail', async () => {
    const gateway = use();
    const { userId, itemId: a } = await setUp(gateway, 1_000);
    const b = unique('item');
    await gateway.addItem(b, 1_000);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        gateway.place(unique('order'), userId, index % 2 ? { [a]: 1, [b]: 1 } : { [b]: 1, [a]: 1 }),
      ),
    );
    expect(countBy(answers)).toEqual({ 201: 200 });
    expect((await gateway.stockOf(a)).availableQty).toBe(800);
    expect((await gateway.stockOf(b)).availableQty).toBe(800);
  });

  test('an order id posted from 16 clients at once is one order', async () => {
    const gateway = use();
    const { userId, itemId } = await setUp(gateway, 100);
    const orderId = unique('order');
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => gateway.place(orderId, userId, { [itemId]: 5 })),
    );
    expect(countBy(answers)).toEqual({ 201: 16 });
    expect((await gateway.stockOf(itemId)).availableQty).toBe(95);
    expect((await gateway.get(`/api/orders/user/${userId}`)).body).toHaveLength(1);
  });

  test('an order for what is not there, or for nobody, is refused and leaves nothing', async () => {
    const gateway = use();
    const { userId, itemId } = await setUp(gateway, 5);
    const cases = [
      [await gateway.place(unique('order'), unique('nobody'), { [itemId]: 1 }), 404, 'USER_NOT_FOUND'],
      [
        await gateway.place(unique('order'), userId, { [itemId]: 1, [unique('nothing')]: 1 }),
        404,
        'ITEM_NOT_FOUND',
      ],
      [await gateway.place(unique('order'), userId, { [itemId]: 6 }), 409, 'NOT_ENOUGH_STOCK'],
      [await gateway.get(`/api/orders/${unique('order')}`), 404, 'ORDER_NOT_FOUND'],
      [await gateway.post(`/api/orders/${unique('order')}/cancel`), 404, 'ORDER_NOT_FOUND'],
      [await gateway.place(unique('order'), userId, { [itemId]: 0 }), 400, 'VALIDATION_FAILED'],
      [await gateway.get('/internal/orders/move'), 404, 'ROUTE_NOT_FOUND'],
      [
        await gateway.send('POST', '/api/orders', { 'content-type': 'application/json' }, '{'),
        400,
        'MALFORMED_JSON',
      ],
    ] as const;
    for (const [answer, status, code] of cases) {
      expect(answer).toMatchObject({ status, body: { error: expect.any(String), status, code } });
    }
    expect(await gateway.stockOf(itemId)).toEqual({ availableQty: 5, reservedQty: 0 });
    expect((await gateway.get(`/api/orders/user/${userId}`)).body).toEqual([]);
  });

  test('the document of the API is served, and its page', async () => {
    const gateway = use();
    const document = await gateway.get('/openapi.json');
    expect(document).toMatchObject({ status: 200, body: { openapi: expect.stringMatching(/^3\.1\./) } });
    expect((await gateway.get('/docs/')).status).toBe(200);
  });
};
