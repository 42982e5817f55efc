import { DATABASE_NAMES } from '../service-names.ts';
import type { MetricDefinition } from './definition.ts';

/** What a service sees of its database's server; `service` names the database. */
const seen = { type: 'gauge', labels: {}, services: DATABASE_NAMES, scope: 'global' } as const;
const ofTable = { ...seen, labels: { table: 'table' } } as const;

/** What PostgreSQL reports to the services that own databases on it. */
export const POSTGRES_METRICS = {
  database_up: {
    type: 'gauge',
    help: '1 while the instance gets answers of its database, 0 otherwise; the metrics of PostgreSQL are old then.',
    unit: 'boolean',
    labels: {},
    services: DATABASE_NAMES,
    scope: 'instance',
  },
  replica_reads_total: {
    type: 'counter',
    help: 'Reads that may be answered by the replica, where one is set, by what came of it.',
    unit: 'reads',
    labels: { outcome: 'replicaOutcome' },
    services: ['orders'],
    scope: 'instance',
  },
  postgres_connections: {
    ...seen,
    help: 'Connections to the server, of everybody.',
    unit: 'connections',
  },
  postgres_max_connections: {
    ...seen,
    help: 'The most connections that the server takes.',
    unit: 'connections',
  },
  postgres_waiting_locks: {
    ...seen,
    help: 'Locks on the server that a session waits for.',
    unit: 'locks',
  },
  postgres_oldest_transaction_seconds: {
    ...seen,
    help: 'Age of the oldest open transaction in the database, as far as its role may see.',
    unit: 'seconds',
  },
  postgres_database_bytes: { ...seen, help: 'Size of the database on disk.', unit: 'bytes' },
  postgres_wal_bytes_total: {
    ...seen,
    type: 'counter',
    help: 'Write-ahead log that the server has written.',
    unit: 'bytes',
  },
  postgres_replication_slot_retained_bytes: {
    ...seen,
    help: 'Write-ahead log that the server keeps for the replication slot that is furthest behind; 0 without one.',
    unit: 'bytes',
  },
  postgres_replicas: { ...seen, help: 'Standbys that are connected to the server.', unit: 'servers' },
  postgres_replication_lag_bytes: {
    ...seen,
    help: 'How far the slowest standby is behind in replaying; missing unless the role has pg_monitor.',
    unit: 'bytes',
  },
  postgres_table_rows: { ...ofTable, help: 'Rows of a table, as estimated by its statistics.', unit: 'rows' },
  postgres_table_dead_rows: {
    ...ofTable,
    help: 'Dead rows of a table that VACUUM has not removed yet, as estimated by its statistics.',
    unit: 'rows',
  },
  postgres_table_bytes: { ...ofTable, help: 'Size of a table on disk, with its indexes.', unit: 'bytes' },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
