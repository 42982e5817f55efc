import {
  atMostEvery,
  DAY_MS,
  HOUR_MS,
  storedAgeMs,
  type Metrics,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { ArchiveTotals, ClosedFrom, OrdersStore } from './store/index.ts';

/** However often somebody asks for the metrics: what they are about takes days. */
const MIN_INTERVAL_MS = 60_000;
/** Orders that were closed since it began are not overdue for a day at least, so that it need not look for them before. */
const ANEW_AFTER_MS = HOUR_MS;

interface ArchiveMetricsParts {
  readonly store: Pick<OrdersStore, 'findOverdueForArchiving' | 'readArchiveTotals'>;
  /** How many days ago orders have to be closed before they are archived; nothing is measured where it is not set. */
  readonly retainDays: number | undefined;
  /** Whether this instance looks for orders: each would cost the database as much. */
  readonly leads: () => boolean;
  readonly runtime: Pick<Runtime, 'monotonic' | 'wallClock'>;
  readonly metrics: Metrics;
}

/** Reports what of the totals has been added since the last time. */
const createTotalsReport = (metrics: Metrics): ((totals: ArchiveTotals) => void) => {
  const runs = metrics.counter('archive_runs_total');
  const counters = {
    orders: metrics.counter('archived_orders_total'),
    files: metrics.counter('archived_files_total'),
    bytes: metrics.counter('archived_bytes_total'),
    takenBack: metrics.counter('archive_files_taken_back_total'),
  };
  const lastSuccess = metrics.gauge('archive_last_success_timestamp_seconds');
  let before: Omit<ArchiveTotals, 'succeededAt'> = {
    runsSucceeded: 0,
    runsFailed: 0,
    orders: 0,
    files: 0,
    bytes: 0,
    takenBack: 0,
  };
  return (totals) => {
    // On a database that was restored they may be less.
    const added = (name: keyof typeof before): number => Math.max(0, totals[name] - before[name]);
    runs.add({ outcome: 'succeeded' }, added('runsSucceeded'));
    runs.add({ outcome: 'failed' }, added('runsFailed'));
    for (const name of Object.keys(counters) as (keyof typeof counters)[])
      counters[name].add({}, added(name));
    if (totals.succeededAt) lastSuccess.set({}, totals.succeededAt.getTime() / 1_000);
    before = totals;
  };
};

/** Measures the archive whenever somebody asks for the metrics: what `orders archive` has done, and what it should have. */
export const measureArchive = ({ store, retainDays, leads, runtime, metrics }: ArchiveMetricsParts): void => {
  const overdue = metrics.gauge('archive_overdue_orders');
  const oldest = metrics.gauge('archive_overdue_oldest_seconds');
  const report = createTotalsReport(metrics);
  if (retainDays === undefined) return;
  const retainMs = retainDays * DAY_MS;
  let from: ClosedFrom = {};
  let begunAt = -Infinity;
  const look = async (): Promise<void> => {
    if (!leads()) {
      // What it saw while it did lead is old.
      for (const gauge of [overdue, oldest]) gauge.unset({});
      return;
    }
    const isAnew = runtime.monotonic() - begunAt >= ANEW_AFTER_MS;
    if (isAnew) begunAt = runtime.monotonic();
    const seen = await store.findOverdueForArchiving(retainMs, isAnew ? {} : from);
    from = seen.from;
    overdue.set({}, seen.orders);
    oldest.set({}, seen.closedAt ? (storedAgeMs(runtime, seen.closedAt) - retainMs) / 1_000 : 0);
  };
  const measure = async (): Promise<void> => {
    const totals = await store.readArchiveTotals();
    if (totals) report(totals);
    await look();
  };
  overdue.whenAsked(atMostEvery(runtime, MIN_INTERVAL_MS, measure));
};
