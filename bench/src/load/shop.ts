import { randomBytes } from 'node:crypto';
import { request, Agent } from 'undici';
import { BenchError } from '../context/bench-error.ts';

const AT_ONCE = 32;

/** Users and items that orders are placed with. */
export interface Shop {
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** How many units there were of each item. */
  readonly stockOfEach: number;
}

export interface ShopSize {
  readonly users: number;
  readonly items: number;
  readonly stockOfEach: number;
}

/** Beginnings of ids that nothing else has. */
export const uniquePrefix = (word: string): string => `${word}-${randomBytes(4).toString('hex')}-`;

const forEach = async <T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> => {
  const queue = values.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const value of queue) await work(value);
    }),
  );
};

const idsOf = (word: string, count: number): string[] => {
  const prefix = uniquePrefix(word);
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
};

/**
 * Registers users and adds items over HTTP.
 *
 * @param url of the gateway, or of whatever answers the same requests
 */
export const openShop = async (url: string, { users, items, stockOfEach }: ShopSize): Promise<Shop> => {
  const agent = new Agent({ connections: AT_ONCE });
  const post = async (path: string, body: unknown): Promise<void> => {
    const { statusCode, body: answer } = await request(new URL(path, url), {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (statusCode !== 201) throw new BenchError(`${path} answered ${statusCode}: ${text}`);
  };
  const shop = { userIds: idsOf('user', users), itemIds: idsOf('item', items), stockOfEach };
  await forEach(shop.userIds, (userId) =>
    post('/api/users', { userId, name: 'Sriram', email: `${userId}@example.com` }),
  );
  await forEach(shop.itemIds, (itemId) =>
    post('/api/inventory', { itemId, itemName: 'Laptop', availableQty: stockOfEach }),
  );
  await agent.close();
  return shop;
};
