import { CliError } from '@order-pipeline/cli/kit';
import { ordersApi, type HistoryEntry, type Item, type Order } from '@order-pipeline/contracts';
import { itemPagesOf, pagesOf, type Gateway } from '@order-pipeline/gateway-client';
import { sleep } from '@order-pipeline/service-kit';
import pMap from 'p-map';
import type { Dataset } from './dataset.ts';
import type { PlaceOptions } from './place.ts';
import type { Found } from './verify.ts';

/** Stock leaves a moment after its order has moved: how long this is waited for. */
const RESERVED_LIMIT_MS = 15_000;
const RESERVED_PAUSE_MS = 500;

/** Whose ids begin with `prefix`, read until all of `ids` were seen or the list ends. */
interface Wanted {
  readonly prefix: string;
  readonly ids: readonly string[];
}

const readOrders = async (gateway: Gateway, { prefix, ids }: Wanted): Promise<Order[]> => {
  const unseen = new Set(ids);
  const orders: Order[] = [];
  for await (const page of pagesOf(gateway, ordersApi.listOrders)) {
    for (const order of page) {
      unseen.delete(order.orderId);
      if (order.orderId.startsWith(prefix)) orders.push(order);
    }
    if (unseen.size === 0) break;
  }
  return orders;
};

const readItems = async (gateway: Gateway, { prefix, ids }: Wanted): Promise<Item[]> => {
  const unseen = new Set(ids);
  const items: Item[] = [];
  for await (const page of itemPagesOf(gateway)) {
    for (const item of page) {
      unseen.delete(item.itemId);
      if (item.itemId.startsWith(prefix)) items.push(item);
    }
    if (unseen.size === 0) break;
  }
  return items;
};

const readSettledItems = async (options: PlaceOptions, wanted: Wanted): Promise<Item[]> => {
  const { gateway, runtime, signal } = options;
  const giveUpAt = runtime.monotonic() + RESERVED_LIMIT_MS;
  for (;;) {
    const items = await readItems(gateway, wanted);
    if (items.every(({ reservedQty }) => reservedQty === 0) || runtime.monotonic() > giveUpAt) return items;
    await sleep(runtime, RESERVED_PAUSE_MS, signal);
    signal.throwIfAborted();
  }
};

const readHistories = async (orders: readonly Order[], options: PlaceOptions, done: () => void) => {
  const histories = new Map<string, readonly HistoryEntry[]>();
  const read = async ({ orderId }: Order): Promise<void> => {
    const answer = await options.gateway.call(ordersApi.getOrderHistory, { params: { orderId } });
    if (answer.refusal && answer.refusal.code !== 'ORDER_NOT_FOUND') {
      throw new CliError(`The history of ${orderId} was refused: ${answer.refusal.error}`);
    }
    if (!answer.refusal) histories.set(orderId, answer.body);
    done();
  };
  await pMap(orders, read, options);
  return histories;
};

/** The orders that an earlier run of the same id has placed; the first of them is looked for, to know whether there was one. */
export const readEarlierOrders = async (
  { orders }: Dataset,
  { gateway, prefix }: Pick<PlaceOptions, 'gateway'> & { readonly prefix: string },
): Promise<Order[]> => {
  const ids = orders.map(({ orderId }) => orderId);
  const first = await gateway.call(ordersApi.getOrder, { params: { orderId: ids[0] ?? '' } });
  return first.refusal ? [] : readOrders(gateway, { prefix, ids });
};

/**
 * Reads what the system says of every order and item of this run.
 *
 * @param done is called for each history that was read
 */
export const readFound = async (
  { orders, items }: Dataset,
  options: PlaceOptions & { readonly prefix: string },
  done: () => void,
): Promise<Found> => {
  const { gateway, prefix } = options;
  const foundItems = await readSettledItems(options, { prefix, ids: items.map(({ itemId }) => itemId) });
  const foundOrders = await readOrders(gateway, { prefix, ids: orders.map(({ orderId }) => orderId) });
  return {
    orders: foundOrders,
    items: foundItems,
    histories: await readHistories(foundOrders, options, done),
  };
};
