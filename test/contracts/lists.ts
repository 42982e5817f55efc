import { expect } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { unique, type Answer } from '../gateway.ts';
import { bodyOf, LIMIT_MS, newItem, newOrder, operator, post, read, shop, type Proof } from './requests.ts';

const nextOf = ({ headers }: Answer): string | undefined => /<([^>]+)>/.exec(String(headers['link']))?.[1];

export const limits =
  (path: () => Promise<string>, by = () => shop): Proof =>
  async () => {
    const list = await path();
    expect((await read<unknown[]>(`${list}limit=2`, by())).length).toBe(2);
    expect((await read<unknown[]>(`${list}limit=1`, by())).length).toBe(1);
  };

export const pages =
  (path: () => Promise<string>, by = () => shop): Proof =>
  async () => {
    const list = await path();
    const [first, second] = await read<unknown[]>(`${list}limit=2`, by());
    const page = await by().get(`${list}limit=1`);
    expect(page.body).toEqual([first]);
    expect(await read<unknown[]>(nextOf(page) ?? '', by())).toEqual([second]);
  };

/** A list has what the query matches, and does not have it where the query matches something else. */
export const filters =
  <T>(
    make: () => Promise<{
      readonly match: string;
      readonly other: string;
      readonly has: (list: T) => boolean;
    }>,
    by = () => operator,
  ): Proof =>
  async () => {
    const { match, other, has } = await make();
    await eventually(async () => expect(has(await read<T>(match, by()))).toBe(true), { timeoutMs: LIMIT_MS });
    expect(has(await read<T>(other, by()))).toBe(false);
  };

export const twoItems = async () => {
  await newItem();
  await newItem();
  return '/api/inventory?';
};
export const twoOrders = async () => {
  await newOrder();
  await newOrder();
  return '/api/orders?';
};
export const twoOfUser = async () => {
  const { sent } = await newOrder();
  const order = { ...sent, orderId: unique('order'), items: [{ ...sent.items[0], quantity: 1 }] };
  bodyOf(await post('/api/orders', { order }), 201);
  return `/api/orders/user/${sent.userId}?`;
};

/** An export of a user comes in pages of `limit` orders; the cursor leads on. */
export const exportPages: Proof = async () => {
  const list = (await twoOfUser()).replace(/\/orders\/user\/([^?]+)\?/, '/users/$1/export?');
  const page = await shop.get(`${list}limit=1`);
  const { orders: first } = bodyOf<{ orders: object[] }>(page);
  const { orders: second } = await read<{ orders: object[] }>(nextOf(page) ?? '');
  expect(first).toHaveLength(1);
  expect(second).toHaveLength(1);
  expect(second).not.toEqual(first);
};
