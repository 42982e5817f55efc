import { graph, graphOf, type Dashboard, type Panel } from './panel.ts';

const OF = 'service=~"$service"';
const most = (metric: string, by = 'service'): string => `max by (${by}) (${metric}{${OF}})`;

/** A panel of one metric, with a line a service. */
const ofService = (title: string, metric: string, more: Pick<Panel, 'unit' | 'description'> = {}): Panel =>
  graph(title, most(metric), '{{service}}', more);

export const POSTGRESQL: Dashboard = {
  uid: 'order-pipeline-postgresql',
  title: 'Order pipeline / PostgreSQL',
  variables: [{ name: 'service', metric: 'database_up', label: 'service' }],
  rows: [
    {
      title: 'Server',
      panels: [
        ofService('Reachable', 'database_up'),
        graphOf('Connections', {
          '{{service}}': most('postgres_connections'),
          '{{service}}, at the most': most('postgres_max_connections'),
        }),
        ofService('Locks that are waited for', 'postgres_waiting_locks'),
        ofService('Oldest transaction', 'postgres_oldest_transaction_seconds', { unit: 's' }),
        graph(
          'Write-ahead log a second',
          `max by (service) (rate(postgres_wal_bytes_total{${OF}}[$__rate_interval]))`,
          '{{service}}',
          { unit: 'Bps' },
        ),
      ],
    },
    {
      title: 'Tables',
      panels: [
        ofService('Database size', 'postgres_database_bytes', { unit: 'bytes' }),
        graph('Table size', most('postgres_table_bytes', 'service, table'), '{{service}}.{{table}}', {
          unit: 'bytes',
        }),
        graph('Rows', most('postgres_table_rows', 'service, table'), '{{service}}.{{table}}'),
        graph('Dead rows', most('postgres_table_dead_rows', 'service, table'), '{{service}}.{{table}}'),
      ],
    },
    {
      title: 'Replication',
      panels: [
        ofService('Standbys', 'postgres_replicas'),
        ofService('Lag of the slowest standby', 'postgres_replication_lag_bytes', {
          unit: 'bytes',
          description: 'Empty unless the role of the service has pg_monitor.',
        }),
        ofService('Log kept for slots', 'postgres_replication_slot_retained_bytes', { unit: 'bytes' }),
        graph(
          'Reads of the replica, by what came of them',
          `sum by (service, outcome) (rate(replica_reads_total{${OF}}[$__rate_interval]))`,
          '{{service}}, {{outcome}}',
          {
            unit: 'reqps',
            description:
              'Empty where `ORDERS_DATABASE_READ_URL` is not set. Those that it did not answer went to the primary.',
          },
        ),
      ],
    },
  ],
};
