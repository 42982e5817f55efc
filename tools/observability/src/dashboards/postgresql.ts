import type { Dashboard } from './panel.ts';

const OF = 'service=~"$service"';
const most = (metric: string, by = 'service'): string => `max by (${by}) (${metric}{${OF}})`;

export const POSTGRESQL: Dashboard = {
  uid: 'order-pipeline-postgresql',
  title: 'Order pipeline / PostgreSQL',
  variables: [{ name: 'service', metric: 'database_up', label: 'service' }],
  rows: [
    {
      title: 'Server',
      panels: [
        { title: 'Reachable', queries: [{ expr: most('database_up'), legend: '{{service}}' }] },
        {
          title: 'Connections',
          queries: [
            { expr: most('postgres_connections'), legend: '{{service}}' },
            { expr: most('postgres_max_connections'), legend: '{{service}}, at the most' },
          ],
        },
        {
          title: 'Locks that are waited for',
          queries: [{ expr: most('postgres_waiting_locks'), legend: '{{service}}' }],
        },
        {
          title: 'Oldest transaction',
          unit: 's',
          queries: [{ expr: most('postgres_oldest_transaction_seconds'), legend: '{{service}}' }],
        },
        {
          title: 'Write-ahead log a second',
          unit: 'Bps',
          queries: [
            {
              expr: `max by (service) (rate(postgres_wal_bytes_total{${OF}}[$__rate_interval]))`,
              legend: '{{service}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Tables',
      panels: [
        {
          title: 'Database size',
          unit: 'bytes',
          queries: [{ expr: most('postgres_database_bytes'), legend: '{{service}}' }],
        },
        {
          title: 'Table size',
          unit: 'bytes',
          queries: [
            { expr: most('postgres_table_bytes', 'service, table'), legend: '{{service}}.{{table}}' },
          ],
        },
        {
          title: 'Rows',
          queries: [{ expr: most('postgres_table_rows', 'service, table'), legend: '{{service}}.{{table}}' }],
        },
        {
          title: 'Dead rows',
          queries: [
            { expr: most('postgres_table_dead_rows', 'service, table'), legend: '{{service}}.{{table}}' },
          ],
        },
      ],
    },
    {
      title: 'Replication',
      panels: [
        { title: 'Standbys', queries: [{ expr: most('postgres_replicas'), legend: '{{service}}' }] },
        {
          title: 'Lag of the slowest standby',
          unit: 'bytes',
          description: 'Empty unless the role of the service has pg_monitor.',
          queries: [{ expr: most('postgres_replication_lag_bytes'), legend: '{{service}}' }],
        },
        {
          title: 'Log kept for slots',
          unit: 'bytes',
          queries: [{ expr: most('postgres_replication_slot_retained_bytes'), legend: '{{service}}' }],
        },
        {
          title: 'Reads of the replica, by what came of them',
          unit: 'reqps',
          description:
            'Empty where `ORDERS_DATABASE_READ_URL` is not set. Those that it did not answer went to the primary.',
          queries: [
            {
              expr: `sum by (service, outcome) (rate(replica_reads_total{${OF}}[$__rate_interval]))`,
              legend: '{{service}}, {{outcome}}',
            },
          ],
        },
      ],
    },
  ],
};
