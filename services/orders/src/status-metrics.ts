import { ORDER_STATUSES, PREDECESSOR, STATUSES_ON_THE_WAY } from '@order-pipeline/contracts';
import { atMostEvery, readTraceparent, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import { createOldestAges } from './overview/ages.ts';
import type { OrdersStore, StepTimes, Target } from './store/index.ts';

/** However often somebody asks for the metrics, orders are summed up and looked at this seldom. */
const MIN_COUNT_INTERVAL_MS = 5_000;
const MIN_AGE_INTERVAL_MS = 1_000;

/** How many orders change their status, how long their steps take, and how long the oldest one has been in each status. */
export interface StatusMetrics {
  placed(): void;
  moved(to: Target, times: readonly StepTimes[]): void;
}

interface StatusMetricsParts {
  readonly store: Pick<OrdersStore, 'readCounts' | 'oldestOnTheWay'>;
  readonly runtime: Runtime;
  readonly metrics: Metrics;
}

/** Tells how many orders are in each status whenever somebody asks for the metrics. */
const measureCounts = ({ store, runtime, metrics }: StatusMetricsParts): void => {
  const gauge = metrics.gauge('orders_by_status');
  const measure = async (): Promise<void> => {
    const { statuses } = await store.readCounts();
    for (const status of ORDER_STATUSES) {
      const count = statuses.find((one) => one.status === status);
      gauge.set({ status }, Math.max(0, count?.orders ?? 0));
    }
  };
  gauge.whenAsked(atMostEvery(runtime, MIN_COUNT_INTERVAL_MS, measure));
};

/** Tells the age of the oldest order in each status likewise. */
const measureAges = ({ store, runtime, metrics }: StatusMetricsParts): void => {
  const gauge = metrics.gauge('orders_oldest_age_seconds');
  const oldestAges = createOldestAges(store, runtime);
  const measure = async (): Promise<void> => {
    const oldest = await oldestAges();
    for (const status of STATUSES_ON_THE_WAY) gauge.set({ status }, (oldest[status] ?? 0) / 1_000);
  };
  gauge.whenAsked(atMostEvery(runtime, MIN_AGE_INTERVAL_MS, measure));
};

export const createStatusMetrics = (options: StatusMetricsParts): StatusMetrics => {
  const { metrics } = options;
  const changes = metrics.counter('order_status_changes_total');
  const steps = metrics.histogram('order_step_duration_seconds');
  const deliveries = metrics.histogram('order_delivery_duration_seconds');
  measureCounts(options);
  measureAges(options);
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
  };
};
