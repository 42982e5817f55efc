import { STATUSES_ON_THE_WAY, type OrderStatus } from '@order-pipeline/contracts';
import { startPeriodic, storedAgeMs, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { createSightings } from './sightings.ts';
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
  const sightings = createSightings(runtime);
  const measure = async (): Promise<void> => {
    const oldest = await store.oldestOnTheWay();
    // A date that lies ahead tells no age: then it is how long the order was seen to stand there.
    const seen = sightings(oldest.map(({ id, status }) => `${id}:${status}`));
    for (const status of STATUSES_ON_THE_WAY) {
      const agesMs = oldest
        .filter((order) => order.status === status)
        .map(({ id, since }) => Math.max(storedAgeMs(runtime, since), seen.get(`${id}:${status}`) ?? 0));
      ages.set({ status }, Math.max(0, ...agesMs) / 1_000);
    }
  };
  const periodic = startPeriodic({
    name: 'age of the oldest orders',
    intervalMs: INTERVAL_MS,
    runtime,
    logger: options.logger,
    work: measure,
  });
  return {
    changed: (to, orders = 1) => {
      if (orders > 0) changes.add({ status: to }, orders);
    },
    stop: () => periodic.stop(),
  };
};
