import { expect } from '@jest/globals';
import type { OrderStatus } from '@order-pipeline/contracts';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { unique, type Answer, type Gateway } from '../gateway.ts';

const STOCK = 100_000;
const AT_ONCE = 5;

/** Orders of one unit each, of one item that nobody else knows. */
export interface Load {
  readonly itemId: string;
  readonly userId: string;
  /** Places so many at once, and answers the ids of those taken. */
  place(count: number): Promise<string[]>;
  /** Places a few at a time as long as `goesOn` says so, and answers the ids of those taken. */
  placeWhile(goesOn: () => boolean): Promise<string[]>;
  /** Waits until every order stands in `status`, in which they stay. */
  allReach(orderIds: readonly string[], status: OrderStatus): Promise<void>;
  /**
   * Waits until every order is delivered, and nothing but these orders has taken from the item's stock; beside them those
   * placed here whose answer leaves open whether they stand.
   */
  allDelivered(orderIds: readonly string[]): Promise<void>;
  /**
   * Waits until every order is delivered and none is in progress. Those that were not acknowledged may stand all the same:
   * they are orders like others.
   */
  settled(orderIds: readonly string[]): Promise<void>;
}

/** A user, an item with plenty of stock, and a way to place many orders of one unit. */
export const setUpLoad = async (gateway: Gateway): Promise<Load> => {
  const [userId, itemId] = [unique('user'), unique('item')];
  await gateway.addUser(userId);
  await gateway.addItem(itemId, STOCK);
  // Where there was no answer in time, from the gateway or behind it.
  let open = 0;
  const placeOne = async (): Promise<string | undefined> => {
    const orderId = unique('order');
    const answer = await gateway.place(orderId, userId, { [itemId]: 1 }).catch(() => undefined);
    if (answer === undefined || answer.status >= 500) open += 1;
    return answer?.status === 201 ? orderId : undefined;
  };
  const place = async (count: number): Promise<string[]> => {
    const placed = await Promise.all(Array.from({ length: count }, placeOne));
    return placed.filter((orderId) => orderId !== undefined);
  };
  const pageAt = (path: string): Promise<Answer> =>
    eventually(
      async () => {
        const answer = await gateway.get(path);
        expect(answer.status).toBe(200);
        return answer;
      },
      { timeoutMs: 2 * MINUTE_MS },
    );
  /** Those of the orders that do not stand in `status`, in the same order. */
  const elsewhere = async (orderIds: readonly string[], status: OrderStatus): Promise<string[]> => {
    const left = new Set(orderIds);
    for (let path: string | undefined = `/api/orders/user/${userId}?limit=1000`; path !== undefined;) {
      const { headers, body } = await pageAt(path);
      for (const order of body as { orderId: string; status: OrderStatus }[])
        if (order.status === status) left.delete(order.orderId);
      path = /<([^>]+)>/.exec(String(headers['link']))?.[1];
    }
    return orderIds.filter((orderId) => left.has(orderId));
  };
  const allReach: Load['allReach'] = async (orderIds, status) => {
    // They are read by pages, for thousands take minutes one by one; it is the newest that is waited for.
    const leftOf = (ids: readonly string[]): Promise<string[]> => elsewhere(ids, status);
    for (let left = await leftOf(orderIds); left.length > 0; left = await leftOf(left))
      await gateway.reaches(left.at(-1) ?? '', status, 2 * MINUTE_MS);
  };
  return {
    itemId,
    userId,
    place,
    allReach,
    placeWhile: async (goesOn) => {
      const taken: string[] = [];
      while (goesOn()) taken.push(...(await place(AT_ONCE)));
      return taken;
    },
    allDelivered: async (orderIds) => {
      await allReach(orderIds, 'DELIVERED');
      await eventually(
        async () => {
          const { availableQty, reservedQty } = await gateway.stockOf(itemId);
          expect(reservedQty).toBe(0);
          expect(STOCK - availableQty).toBeGreaterThanOrEqual(orderIds.length);
          expect(STOCK - availableQty).toBeLessThanOrEqual(orderIds.length + open);
        },
        { timeoutMs: MINUTE_MS },
      );
    },
    settled: async (orderIds) => {
      await eventually(async () => expect(await gateway.stockOf(itemId)).toMatchObject({ reservedQty: 0 }), {
        timeoutMs: 3 * MINUTE_MS,
      });
      await allReach(orderIds, 'DELIVERED');
      const { availableQty } = await gateway.stockOf(itemId);
      expect(STOCK - availableQty).toBeGreaterThanOrEqual(orderIds.length);
    },
  };
};
