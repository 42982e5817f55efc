import { graph, graphOf, stat, type Dashboard, type Panel } from './panel.ts';

const GATEWAY = 'service="api-gateway",route=~"/api/.*"';

/** The median and the slowest hundredth of a histogram of seconds. */
const quantiles = (title: string, buckets: string): Panel => ({
  title,
  unit: 's',
  queries: [0.5, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${buckets}[$__rate_interval])))`,
    legend: `p${quantile * 100}`,
  })),
});

export const OVERVIEW: Dashboard = {
  uid: 'order-pipeline-overview',
  title: 'Order pipeline / Overview',
  rows: [
    {
      title: 'Now',
      panels: [
        stat('Services that are ready', 'count(max by (service) (service_ready) == 1) or vector(0)'),
        stat(
          'Placed a minute',
          '60 * sum(rate(order_status_changes_total{status="PENDING"}[5m])) or vector(0)',
        ),
        stat(
          'Delivered a minute',
          '60 * sum(rate(order_status_changes_total{status="DELIVERED"}[5m])) or vector(0)',
        ),
        stat('Stuck orders', 'sum(max by (status, reason) (orders_stuck)) or vector(0)'),
        stat('Dead letters', 'sum(max by (topic, group) (dead_letters_open)) or vector(0)'),
        stat('Alerts that fire', 'count(ALERTS{alertstate="firing"}) or vector(0)'),
      ],
    },
    {
      title: 'Orders',
      panels: [
        graph(
          'Orders a second, by the status they took',
          'sum by (status) (rate(order_status_changes_total[$__rate_interval]))',
          '{{status}}',
          { unit: 'ops' },
        ),
        quantiles('Placement to DELIVERED', 'order_delivery_duration_seconds_bucket'),
        graph(
          'Time of each step, p99',
          'histogram_quantile(0.99, sum by (le, from, to) (rate(order_step_duration_seconds_bucket[$__rate_interval])))',
          '{{from}} → {{to}}',
          { unit: 's' },
        ),
        graph('Oldest order of each status', 'max by (status) (orders_oldest_age_seconds)', '{{status}}', {
          unit: 's',
        }),
        graph(
          'Orders in progress, by status',
          'max by (status) (orders_by_status{status!~"DELIVERED|CANCELLED"})',
          '{{status}}',
        ),
        graph('Stuck orders', 'max by (status, reason) (orders_stuck) > 0', '{{status}}: {{reason}}'),
        graph('Load shedding', 'max by (reason) (orders_load_shedding)', '{{reason}}'),
        graph(
          'Orders refused by load shedding, a second',
          'sum by (reason) (rate(orders_refused_total[$__rate_interval]))',
          '{{reason}}',
          { unit: 'ops' },
        ),
      ],
    },
    {
      title: 'Gateway',
      panels: [
        graph(
          'Requests a second, by status',
          `sum by (status) (rate(http_request_duration_seconds_count{${GATEWAY}}[$__rate_interval]))`,
          '{{status}}',
          { unit: 'reqps' },
        ),
        quantiles(
          'Time of placements',
          'http_request_duration_seconds_bucket{service="api-gateway",method="POST",route="/api/orders"}',
        ),
        graphOf('Requests that are held', {
          'waiting for an order': 'sum(order_waiters)',
          'streams of the overview': 'sum(overview_listeners)',
        }),
      ],
    },
    {
      title: 'Events',
      panels: [
        graph('Events that wait to be published', 'max(outbox_depth)', 'outbox'),
        graph('Oldest event that waits', 'max(outbox_oldest_age_seconds)', 'outbox', { unit: 's' }),
        graph('Consumer lag', 'sum by (group, topic) (kafka_consumer_lag)', '{{group}} {{topic}}'),
      ],
    },
    {
      title: 'Archive',
      panels: [
        graph('Overdue for archiving', 'max(archive_overdue_orders)', 'orders, as far as they are counted', {
          description: 'Empty, as this whole row, where `RETAIN_ORDERS_DAYS` is not set.',
        }),
        graph('For how long the oldest is overdue', 'max(archive_overdue_oldest_seconds)', 'order', {
          unit: 's',
        }),
        graph(
          'Time since an archive succeeded',
          'time() - max(archive_last_success_timestamp_seconds)',
          'archive',
          { unit: 's' },
        ),
        graphOf('Runs, and files that were taken back', {
          '{{outcome}}': 'max by (outcome) (archive_runs_total)',
          'files taken back': 'max(archive_files_taken_back_total)',
        }),
        graphOf('Archived orders and files', {
          orders: 'max(archived_orders_total)',
          files: 'max(archived_files_total)',
        }),
        graph('Size of the archive', 'max(archived_bytes_total)', 'files', { unit: 'bytes' }),
      ],
    },
  ],
};
