import { stat, type Dashboard } from './panel.ts';

const GATEWAY = 'service="api-gateway",route=~"/api/.*"';

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
        {
          title: 'Orders a second, by the status they took',
          unit: 'ops',
          queries: [
            {
              expr: 'sum by (status) (rate(order_status_changes_total[$__rate_interval]))',
              legend: '{{status}}',
            },
          ],
        },
        {
          title: 'Placement to DELIVERED',
          unit: 's',
          queries: [0.5, 0.99].map((quantile) => ({
            expr: `histogram_quantile(${quantile}, sum by (le) (rate(order_delivery_duration_seconds_bucket[$__rate_interval])))`,
            legend: `p${quantile * 100}`,
          })),
        },
        {
          title: 'Time of each step, p99',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le, from, to) (rate(order_step_duration_seconds_bucket[$__rate_interval])))',
              legend: '{{from}} → {{to}}',
            },
          ],
        },
        {
          title: 'Oldest order of each status',
          unit: 's',
          queries: [{ expr: 'max by (status) (orders_oldest_age_seconds)', legend: '{{status}}' }],
        },
        {
          title: 'Orders in progress, by status',
          queries: [
            {
              expr: 'max by (status) (orders_by_status{status!~"DELIVERED|CANCELLED"})',
              legend: '{{status}}',
            },
          ],
        },
        {
          title: 'Stuck orders',
          queries: [{ expr: 'max by (status, reason) (orders_stuck) > 0', legend: '{{status}}: {{reason}}' }],
        },
        {
          title: 'Load shedding',
          queries: [{ expr: 'max by (reason) (orders_load_shedding)', legend: '{{reason}}' }],
        },
        {
          title: 'Orders refused by load shedding, a second',
          unit: 'ops',
          queries: [
            { expr: 'sum by (reason) (rate(orders_refused_total[$__rate_interval]))', legend: '{{reason}}' },
          ],
        },
      ],
    },
    {
      title: 'Gateway',
      panels: [
        {
          title: 'Requests a second, by status',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (status) (rate(http_request_duration_seconds_count{${GATEWAY}}[$__rate_interval]))`,
              legend: '{{status}}',
            },
          ],
        },
        {
          title: 'Time of placements',
          unit: 's',
          queries: [0.5, 0.99].map((quantile) => ({
            expr: `histogram_quantile(${quantile}, sum by (le) (rate(http_request_duration_seconds_bucket{service="api-gateway",method="POST",route="/api/orders"}[$__rate_interval])))`,
            legend: `p${quantile * 100}`,
          })),
        },
        {
          title: 'Requests that are held',
          queries: [
            { expr: 'sum(order_waiters)', legend: 'waiting for an order' },
            { expr: 'sum(overview_listeners)', legend: 'streams of the overview' },
          ],
        },
      ],
    },
    {
      title: 'Events',
      panels: [
        {
          title: 'Events that wait to be published',
          queries: [{ expr: 'max(outbox_depth)', legend: 'outbox' }],
        },
        {
          title: 'Oldest event that waits',
          unit: 's',
          queries: [{ expr: 'max(outbox_oldest_age_seconds)', legend: 'outbox' }],
        },
        {
          title: 'Consumer lag',
          queries: [{ expr: 'sum by (group, topic) (kafka_consumer_lag)', legend: '{{group}} {{topic}}' }],
        },
      ],
    },
    {
      title: 'Archive',
      panels: [
        {
          title: 'Overdue for archiving',
          description: 'Empty, as this whole row, where `RETAIN_ORDERS_DAYS` is not set.',
          queries: [{ expr: 'max(archive_overdue_orders)', legend: 'orders, as far as they are counted' }],
        },
        {
          title: 'For how long the oldest is overdue',
          unit: 's',
          queries: [{ expr: 'max(archive_overdue_oldest_seconds)', legend: 'order' }],
        },
        {
          title: 'Time since an archive succeeded',
          unit: 's',
          queries: [{ expr: 'time() - max(archive_last_success_timestamp_seconds)', legend: 'archive' }],
        },
        {
          title: 'Runs, and files that were taken back',
          queries: [
            { expr: 'max by (outcome) (archive_runs_total)', legend: '{{outcome}}' },
            { expr: 'max(archive_files_taken_back_total)', legend: 'files taken back' },
          ],
        },
        {
          title: 'Archived orders and files',
          queries: [
            { expr: 'max(archived_orders_total)', legend: 'orders' },
            { expr: 'max(archived_files_total)', legend: 'files' },
          ],
        },
        {
          title: 'Size of the archive',
          unit: 'bytes',
          queries: [{ expr: 'max(archived_bytes_total)', legend: 'files' }],
        },
      ],
    },
  ],
};
