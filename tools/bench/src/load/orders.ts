import type { NewOrder } from '@order-pipeline/contracts';
import { uniquePrefix, type Dataset } from './dataset.ts';

/** Orders that are placed one after the other, each with an id of its own. */
export interface OrderSource {
  next(): NewOrder;
  readonly dataset: Dataset;
  readonly unitsOfEach: number;
}

/** A prime, so that neighbouring orders have items far apart. */
const STRIDE = 7_919;

const sourceOf = (
  dataset: Dataset,
  unitsOfEach: number,
  itemIdsOf: (index: number) => readonly (string | undefined)[],
): OrderSource => {
  const prefix = uniquePrefix('order');
  let placed = 0;
  return {
    dataset,
    unitsOfEach,
    next: () => {
      const index = placed++;
      return {
        orderId: `${prefix}${index}`,
        userId: dataset.userIds[index % dataset.userIds.length] ?? '',
        items: itemIdsOf(index).map((itemId = '') => ({ itemId, quantity: 1 })),
        status: 'PENDING',
      };
    },
  };
};

/** Orders of one unit, spread over all items of a dataset: what pgbench orders too. */
export const spreadOrders = (dataset: Dataset): OrderSource =>
  sourceOf(dataset, 1, (index) => [dataset.itemIds[(index * STRIDE) % dataset.itemIds.length]]);

/** Orders of one unit of the first item of a dataset. */
export const hotOrders = (dataset: Dataset): OrderSource => sourceOf(dataset, 1, () => [dataset.itemIds[0]]);

/** Orders of one unit of every item of a dataset: the fattest that it can have. */
export const fatOrders = (dataset: Dataset): OrderSource =>
  sourceOf(dataset, dataset.itemIds.length, () => dataset.itemIds);
