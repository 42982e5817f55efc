import { ORDER_STATUSES, PREDECESSOR, STATUSES_ON_THE_WAY } from '@order-pipeline/contracts';
import { readTraceparent, startPeriodic, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { createOldestAges } from './overview/ages.ts';
import type { OrdersStore, StepTimes, Target } from './store/index.ts';

const INTERVAL_MS = 2_000;
/** However often somebody asks for the metrics, orders are summed up this seldom. */
const MIN_COUNT_INTERVAL_MS = 5_000;

/** How many orders change their status, how long their steps take, and how long the oldest one has been in each status. */
export interface StatusMetrics {
  placed(): void;
  moved(to: Target, times: readonly StepTimes[]): void;
  stop(): Promise<void>;
}

/** Tells how many orders are in each status whenever somebody asks for the metrics. */
const measureCounts = (
  store: Pick<OrdersStore, 'readCounts'>,
  metrics: Metrics,
  runtime: Pick<Runtime, 'monotonic'>,
): void => {
  const gauge = metrics.gauge('orders_by_status');
  let countedAt = -Infinity;
  gauge.whenAsked(async () => {
    if (runtime.monotonic() - countedAt < MIN_COUNT_INTERVAL_MS) return;
    countedAt = runtime.monotonic();
    const { statuses } = await store.readCounts();
    for (const status of ORDER_STATUSES) {
      const count = statuses.find((one) => one.status === status);
      gauge.set({ status }, Math.max(0, count?.orders ?? 0));
    }
  });
};

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
  measureCounts(store, metrics, runtime);
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
      for (const { stepSeconds, sincePlacedSeconds, traceparent } of times) {
        const trace = readTraceparent(traceparent);
        steps.observe({ from: PREDECESSOR[to], to }, stepSeconds, trace);
        if (to === 'DELIVERED') deliveries.observe({}, sincePlacedSeconds, trace);
      }
    },
    stop: () => periodic.stop(),
  };
};
