import type { OrdersOverview } from '@order-pipeline/contracts';
import { DELIVERY_WINDOW_MS, type DeliveryBin } from '../store/index.ts';

type PlacedToDelivered = NonNullable<OrdersOverview['orders']>['placedToDelivered'];

const BASE = 1.1;

/** How long a share of the deliveries took at most, in milliseconds: the middle of the bin that it ends in. */
const quantile = (bins: readonly DeliveryBin[], count: number, share: number): number => {
  let sum = 0;
  const found = bins.find(({ orders }) => (sum += orders) >= count * share);
  return Math.round(BASE ** ((found?.bin ?? 0) + 0.5));
};

/** How long deliveries of the last minutes took; null where there was none. */
export const summarizeDeliveries = (bins: readonly DeliveryBin[]): PlacedToDelivered => {
  const count = bins.reduce((sum, { orders }) => sum + orders, 0);
  if (count === 0) return null;
  return {
    windowMs: DELIVERY_WINDOW_MS,
    count,
    p50Ms: quantile(bins, count, 0.5),
    p99Ms: quantile(bins, count, 0.99),
  };
};
