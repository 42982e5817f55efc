import { STATUSES_ON_THE_WAY, type OrderStatus } from '@order-pipeline/contracts';
import { startPeriodic, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { OrdersStore } from './store/index.ts';

const INTERVAL_MS = 2_000;

/** How many orders change their status, and how long the oldest one stands in each. */
export interface StatusMetrics {
  changed(to: OrderStatus, orders?: number): void;
  stop(): Promise<void>;
}

export const startStatusMetrics = (options: {
  readonly store: OrdersStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): StatusMetrics => {
  const { store, runtime, metrics } = options;
  const changes = metrics.counter('order_status_changes_total', 'Orders that took a status', ['status']);
  const ages = metrics.gauge(
    'orders_oldest_age_seconds',
    'How long the order that stands longest in a status has stood in it',
    ['status'],
  );
  const periodic = startPeriodic({
    name: 'age of the oldest orders',
    intervalMs: INTERVAL_MS,
    runtime,
    logger: options.logger,
    work: async () => {
      const oldest = await store.oldestOnTheWay();
      for (const status of STATUSES_ON_THE_WAY) {
        const since = oldest.get(status);
        ages.set({ status }, since === undefined ? 0 : Math.max(0, runtime.wallClock() - since) / 1_000);
      }
    },
  });
  return {
    changed: (to, orders = 1) => {
      if (orders > 0) changes.add({ status: to }, orders);
    },
    stop: () => periodic.stop(),
  };
};
