import type { NewOrder } from '@order-pipeline/contracts';
import { uniquePrefix, type Shop } from './shop.ts';

/** Orders that are placed one after the other, each with an id of its own. */
export interface OrderSource {
  next(): NewOrder;
  readonly shop: Shop;
  readonly unitsOfEach: number;
}

/** A prime, so that neighbouring orders have items far apart. */
const STRIDE = 7_919;

const sourceOf = (
  shop: Shop,
  unitsOfEach: number,
  itemIdsOf: (index: number) => readonly (string | undefined)[],
): OrderSource => {
  const prefix = uniquePrefix('order');
  let placed = 0;
  return {
    shop,
    unitsOfEach,
    next: () => {
      const index = placed++;
      return {
        orderId: `${prefix}${index}`,
        userId: shop.userIds[index % shop.userIds.length] ?? '',
        items: itemIdsOf(index).map((itemId = '') => ({ itemId, quantity: 1 })),
        status: 'PENDING',
      };
    },
  };
};

/** Orders of one unit, spread over all items of a shop: what pgbench orders too. */
export const spreadOrders = (shop: Shop): OrderSource =>
  sourceOf(shop, 1, (index) => [shop.itemIds[(index * STRIDE) % shop.itemIds.length]]);

/** Orders of one unit of the first item of a shop. */
export const hotOrders = (shop: Shop): OrderSource => sourceOf(shop, 1, () => [shop.itemIds[0]]);

/** Orders of one unit of every item of a shop: the fattest that it can have. */
export const fatOrders = (shop: Shop): OrderSource => sourceOf(shop, shop.itemIds.length, () => shop.itemIds);
