import { expect } from '@jest/globals';
import type { FoundOrder, OperatorAction, OrderWithTimes, StuckOrders } from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import { filters } from './lists.ts';
import { bodyOf, LIMIT_MS, newItem, newOrder, operator, read, shop, type Proof } from './requests.ts';

/** A new order, once it is seen to be stuck. */
const newStuckOrder = async () => {
  const { orderId } = (await newOrder()).sent;
  return eventually(
    async () => {
      const { orders } = await read<StuckOrders>(`/ops/stuck-orders?orderId=${orderId}`, operator);
      if (!orders[0]) throw new Error(`${orderId} is not stuck yet`);
      return orders[0];
    },
    { timeoutMs: LIMIT_MS },
  );
};

export const stuckFilter = (name: 'status' | 'reason' | 'orderId' | 'olderThanMs', other: string) =>
  filters<StuckOrders>(async () => {
    const found = await newStuckOrder();
    const { orderId } = found;
    const path = `/ops/stuck-orders?limit=1000&${name}=`;
    const has = ({ orders }: StuckOrders) => orders.some((order) => order.orderId === orderId);
    return { match: `${path}${name === 'olderThanMs' ? 0 : found[name]}`, other: `${path}${other}`, has };
  });

export const searchFilter = (name: 'search' | 'status' | 'reason' | 'olderThanMs', other: string) =>
  filters<FoundOrder[]>(
    async () => {
      const { orderId, status, reason } = await newStuckOrder();
      const value = { search: orderId, status, reason, olderThanMs: 0 }[name];
      const has = (list: FoundOrder[]) => list.some((order) => order.orderId === orderId);
      const path = `/ops/orders?limit=1000&${name}=`;
      return { match: `${path}${value}`, other: `${path}${other}`, has };
    },
    () => operator,
  );

/** Orders are found by an item that they contain. */
export const itemFilter = filters<FoundOrder[]>(
  async () => {
    const { orderId, items } = (await newOrder()).sent;
    const path = '/ops/orders?limit=1000&itemId=';
    const has = (list: FoundOrder[]) => list.some((order) => order.orderId === orderId);
    return { match: `${path}${items[0]?.itemId}`, other: `${path}no-such-item`, has };
  },
  () => operator,
);

export const actionFilter = (name: 'action' | 'by' | 'target', other: string) =>
  filters<OperatorAction[]>(async () => {
    const { itemId } = (await newItem()).sent;
    const value = { action: 'ADD_ITEM', by: 'shop', target: itemId }[name];
    const has = (list: OperatorAction[]) => list.some(({ target }) => target === itemId);
    const path = `/ops/actions?limit=1000&${name}=`;
    return { match: `${path}${value}`, other: `${path}${other}`, has };
  });

export const cancel = async (orderId: string, reason?: string): Promise<void> => {
  const headers = reason === undefined ? {} : { 'x-reason': reason };
  bodyOf(await shop.send('POST', `/api/orders/${orderId}/cancel`, headers));
};

export const waits =
  (suffix: string, headers: Record<string, string>): Proof =>
  async () => {
    const { orderId } = (await newOrder()).sent;
    const waiting = shop.send('GET', `/api/orders/${orderId}${suffix}`, headers);
    await cancel(orderId);
    const answer = await waiting;
    expect(answer.headers['preference-applied']).toMatch(/^wait=/);
    expect(bodyOf<OrderWithTimes>(answer).status).toBe('CANCELLED');
  };

export const eventIds = (text: unknown): string[] =>
  [...String(text).matchAll(/^id: ?(.*)$/gm)].map(([, id = '']) => id);
