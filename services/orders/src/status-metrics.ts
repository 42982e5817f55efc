import { PREDECESSOR, STATUSES_ON_THE_WAY } from '@order-pipeline/contracts';
import { startPeriodic, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { createOldestAges } from './overview/ages.ts';
import type { OrdersStore, StepTimes, Target } from './store/index.ts';

const INTERVAL_MS = 2_000;

/** How many orders change their status, how long their steps take, and how long the oldest one has been in each status. */
export interface StatusMetrics {
  placed(): void;
  moved(to: Target, times: readonly StepTimes[]): void;
  stop(): Promise<void>;
}

export const startStatusMetrics = (options: {
  readonly store: OrdersStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): StatusMetrics => {
  const { store, runtime, metrics } = options;
  const changes = metrics.counter('order_status_changes_total');
  const steps = metrics.histogram('order_step_duration_seconds');
  const deliveries = metrics.histogram('order_delivery_duration_seconds');
  const ages = metrics.gauge('orders_oldest_age_seconds');
  const oldestAges = createOldestAges(store, runtime);
  const measure = async (): Promise<void> => {
    const oldest = await oldestAges();
    for (const status of STATUSES_ON_THE_WAY) ages.set({ status }, (oldest[status] ?? 0) / 1_000);
  };
  const periodic = startPeriodic({
    name: 'age of the oldest orders',
    intervalMs: INTERVAL_MS,
    runtime,
    logger: options.logger,
    work: measure,
  });
  return {
    placed: () => changes.add({ status: 'PENDING' }),
    moved: (to, times) => {
      if (times.length > 0) changes.add({ status: to }, times.length);
      for (const { stepSeconds, sincePlacedSeconds } of times) {
        steps.observe({ from: PREDECESSOR[to], to }, stepSeconds);
        if (to === 'DELIVERED') deliveries.observe({}, sincePlacedSeconds);
      }
    },
    stop: () => periodic.stop(),
  };
};
