import type { MetricDefinition } from './definition.ts';

const seen = { labels: {}, services: ['orders'], scope: 'global' } as const;

/**
 * What becomes of closed orders where `RETAIN_ORDERS_DAYS` is set: none of these is reported elsewhere. The command that
 * archives ends, so what it has done is read from the orders database.
 */
export const ARCHIVE_METRICS = {
  archive_overdue_orders: {
    ...seen,
    type: 'gauge',
    help: 'Closed orders that are older than RETAIN_ORDERS_DAYS and still in the database, among the first 1,000 of DELIVERED and of CANCELLED; of the instance that leads.',
    unit: 'orders',
  },
  archive_overdue_oldest_seconds: {
    ...seen,
    type: 'gauge',
    help: 'For how long the order among them that was closed first should have been archived; 0 when there is none; of the instance that leads.',
    unit: 'seconds',
  },
  archive_last_success_timestamp_seconds: {
    ...seen,
    type: 'gauge',
    help: 'When the last run of `orders archive` that succeeded came to its end; missing before the first one.',
    unit: 'seconds',
  },
  archive_runs_total: {
    ...seen,
    type: 'counter',
    help: 'Runs of `orders archive` that have ended; one that was killed is counted when the next one begins.',
    unit: 'runs',
    labels: { outcome: 'archiveOutcome' },
  },
  archived_orders_total: {
    ...seen,
    type: 'counter',
    help: 'Orders that were archived.',
    unit: 'orders',
  },
  archived_files_total: {
    ...seen,
    type: 'counter',
    help: 'Files that orders were archived to.',
    unit: 'files',
  },
  archived_bytes_total: {
    ...seen,
    type: 'counter',
    help: 'Size of these files, but for those of releases that did not count it.',
    unit: 'bytes',
  },
  archive_files_taken_back_total: {
    ...seen,
    type: 'counter',
    help: 'Files that were taken back before their orders were removed: a run was killed, or an order changed meanwhile.',
    unit: 'files',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
