import { beforeAll, expect, test } from '@jest/globals';
import { MAX_PAGE_BYTES } from '@order-pipeline/service-kit';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { fresh, USER, useHarness } from './harness.ts';

let item: string;

const postgres = useTestPostgres();
const harness = useHarness(postgres);

beforeAll(async () => {
  item = await harness.addItem(1_000_000);
});

const get = (url: string) => harness.orders.server.inject(url);
const place = (userId = USER): Promise<string> => harness.placed({ [item]: 1 }, userId);
const idsOf = (orders: readonly { readonly orderId: string }[]): string[] =>
  orders.map(({ orderId }) => orderId);
const listed = async (url: string): Promise<string[]> =>
  idsOf((await get(url)).json<{ orderId: string }[]>());

/** A new user with so many orders, oldest first. */
const userWith = async (orders: number): Promise<{ userId: string; orderIds: string[] }> => {
  const userId = fresh('user');
  await harness.addUser(userId);
  const orderIds: string[] = [];
  while (orderIds.length < orders) orderIds.push(await place(userId));
  return { userId, orderIds };
};

const NEXT = /^<([^>]+)>; rel="next"$/;

/** Follows the links from page to page; `between` runs after each. */
const readAll = async (
  first: string,
  between: () => Promise<unknown> = async () => undefined,
): Promise<string[][]> => {
  const pages: string[][] = [];
  for (let url: string | undefined = first; url !== undefined;) {
    const response = await get(url);
    expect(response.statusCode).toBe(200);
    pages.push(idsOf(response.json<{ orderId: string }[]>()));
    await between();
    const { link } = response.headers;
    url = link === undefined ? undefined : NEXT.exec(String(link))?.[1];
  }
  return pages;
};

test('orders are listed newest first, each as the contract says', async () => {
  const { userId, orderIds } = await userWith(3);
  const response = await get('/api/orders?limit=3');
  expect(response.json()).toEqual(
    orderIds
      .toReversed()
      .map((orderId) => ({ orderId, userId, status: 'PENDING', items: [{ itemId: item, quantity: 1 }] })),
  );
});

test('orders of one status are listed alone', async () => {
  const { orderIds } = await userWith(3);
  const [pending, processing, cancelled] = orderIds as [string, string, string];
  await harness.move('PROCESSING', [processing]);
  await harness.cancel(cancelled);
  expect((await listed('/api/orders?status=PROCESSING'))[0]).toBe(processing);
  expect(await listed('/api/orders?status=PROCESSING')).not.toContain(pending);
  expect((await listed('/api/orders?status=CANCELLED'))[0]).toBe(cancelled);
  expect((await listed('/api/orders?status=PENDING'))[0]).toBe(pending);
  expect(await listed('/api/orders?status=DELIVERED')).toEqual([]);
  expect((await listed('/api/orders')).slice(0, 3)).toEqual(orderIds.toReversed());
});

test('the orders of a user are listed alone, newest first', async () => {
  const { userId, orderIds } = await userWith(3);
  await place();
  expect(await listed(`/api/orders/user/${userId}`)).toEqual(orderIds.toReversed());
});

test('a user without orders has an empty list; an unknown user is not found', async () => {
  const { userId } = await userWith(0);
  expect(await listed(`/api/orders/user/${userId}`)).toEqual([]);
  const response = await get('/api/orders/user/nobody');
  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({ error: 'There is no user nobody', status: 404, code: 'USER_NOT_FOUND' });
});

test('following the links gives each order once, while orders are added', async () => {
  await userWith(7);
  const before = await listed('/api/orders?limit=1000');
  const pages = await readAll('/api/orders?limit=3', () => place());
  expect(pages.flat()).toEqual(before);
  expect(pages.slice(0, -1).every((page) => page.length === 3)).toBe(true);
});

test('the links keep the status and the user', async () => {
  const { userId, orderIds } = await userWith(5);
  expect((await readAll(`/api/orders/user/${userId}?limit=2`, () => place())).flat()).toEqual(
    orderIds.toReversed(),
  );
  await harness.move('PROCESSING', orderIds);
  const processing = await listed('/api/orders?status=PROCESSING&limit=1000');
  expect((await readAll('/api/orders?status=PROCESSING&limit=2')).flat()).toEqual(processing);
});

test('a page that ends the list has no link, even when it is full', async () => {
  const { userId } = await userWith(2);
  const response = await get(`/api/orders/user/${userId}?limit=2`);
  expect(response.json()).toHaveLength(2);
  expect(response.headers.link).toBeUndefined();
});

test.each([
  'cursor=%21',
  'cursor=ABC',
  'cursor=zzzzzzzzzzz',
  'limit=0',
  'limit=1001',
  'limit=x',
  'status=LOST',
  'page=2',
])('a wrong question is refused: %s', async (query) => {
  const response = await get(`/api/orders?${query}`);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({
    code: 'VALIDATION_FAILED',
    details: [{ field: query.split('=')[0] }],
  });
});

test.each(['/api/orders/nothing', '/api/orders/nothing/history'])(
  'an unknown order is not found: %s',
  async (url) => {
    const response = await get(url);
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      error: 'There is no order nothing',
      status: 404,
      code: 'ORDER_NOT_FOUND',
    });
  },
);

test('a page of large orders ends before its limit, and the links lead through all of them once', async () => {
  const userId = fresh('large');
  const count = 150;
  // As large as they may be: 100 lines, each with an item id of 128 characters.
  await harness.database.orders.$executeRaw`
    INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
    SELECT ${userId} || '-' || n, ${userId}, 'DELIVERED', lines, ${userId} || n, now(), now(), now()
    FROM generate_series(1, ${count}::int) AS n, (
      SELECT jsonb_agg(jsonb_build_object('itemId', lpad(i::text, 128, 'x'), 'quantity', 1)) AS lines
      FROM generate_series(1, 100) AS i
    ) AS large`;
  const sizes: number[] = [];
  const seen: string[] = [];
  for (let url: string | undefined = `/api/orders/user/${userId}?limit=1000`; url !== undefined;) {
    const response = await get(url);
    sizes.push(response.payload.length);
    seen.push(...idsOf(response.json<{ orderId: string }[]>()));
    const { link } = response.headers;
    url = link === undefined ? undefined : NEXT.exec(String(link))?.[1];
  }
  expect(seen).toEqual(Array.from({ length: count }, (_, index) => `${userId}-${count - index}`));
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
});
