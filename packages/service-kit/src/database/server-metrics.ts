import type { Metrics } from '../metrics.ts';
import type { Runtime } from '../runtime.ts';
import type { RawSql } from './raw-sql.ts';

/** However often somebody asks for the metrics, the database is asked this seldom, in milliseconds. */
const MIN_INTERVAL_MS = 5_000;
/** More tables than that are somebody else's. */
const MAX_TABLES = 50;

interface Seen {
  readonly connections: number;
  readonly maxConnections: number;
  readonly waitingLocks: number;
  readonly oldestTransactionSeconds: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly retainedBytes: number;
  readonly replicas: number;
  readonly lagBytes: number | null;
}

interface SeenTable {
  readonly table: string;
  readonly rows: number;
  readonly deadRows: number;
  readonly bytes: number;
}

/** What every role may see; of sessions of other roles the server shows only that they exist. */
const lookAtServer = async (sql: RawSql): Promise<Seen | undefined> => {
  const [seen] = await sql.$queryRaw<Seen[]>`
    WITH wal AS (
      SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS at
    )
    SELECT
      (SELECT sum(numbackends) FROM pg_stat_database)::float8 AS connections,
      current_setting('max_connections')::float8 AS "maxConnections",
      (SELECT count(*) FROM pg_locks WHERE NOT granted)::float8 AS "waitingLocks",
      (SELECT COALESCE(max(EXTRACT(EPOCH FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid())::float8 AS "oldestTransactionSeconds",
      pg_database_size(current_database())::float8 AS "databaseBytes",
      (wal.at - '0/0'::pg_lsn)::float8 AS "walBytes",
      (SELECT COALESCE(max(wal.at - restart_lsn), 0) FROM pg_replication_slots)::float8 AS "retainedBytes",
      (SELECT count(*) FROM pg_stat_replication)::float8 AS replicas,
      (SELECT max(wal.at - replay_lsn) FROM pg_stat_replication)::float8 AS "lagBytes"
    FROM wal`;
  return seen;
};

const lookAtTables = (sql: RawSql): Promise<SeenTable[]> => sql.$queryRaw<SeenTable[]>`
  SELECT relname::text AS table, n_live_tup::float8 AS rows, n_dead_tup::float8 AS "deadRows",
    pg_total_relation_size(relid)::float8 AS bytes
  FROM pg_stat_user_tables ORDER BY relid LIMIT ${MAX_TABLES}`;

const createServerGauges = (metrics: Metrics) => ({
  connections: metrics.gauge('postgres_connections'),
  maxConnections: metrics.gauge('postgres_max_connections'),
  waitingLocks: metrics.gauge('postgres_waiting_locks'),
  oldestTransactionSeconds: metrics.gauge('postgres_oldest_transaction_seconds'),
  databaseBytes: metrics.gauge('postgres_database_bytes'),
  retainedBytes: metrics.gauge('postgres_replication_slot_retained_bytes'),
  replicas: metrics.gauge('postgres_replicas'),
  lagBytes: metrics.gauge('postgres_replication_lag_bytes'),
});

const createTableGauges = (metrics: Metrics) => ({
  rows: metrics.gauge('postgres_table_rows'),
  deadRows: metrics.gauge('postgres_table_dead_rows'),
  bytes: metrics.gauge('postgres_table_bytes'),
});

const recordServer = (gauges: ReturnType<typeof createServerGauges>, seen: Seen): void => {
  for (const name of Object.keys(gauges) as (keyof typeof gauges)[]) {
    const value = seen[name];
    if (value !== null) gauges[name].set({}, Math.max(0, value));
  }
};

const recordTables = (
  { rows, deadRows, bytes }: ReturnType<typeof createTableGauges>,
  tables: readonly SeenTable[],
): void => {
  for (const { table, ...seen } of tables) {
    rows.set({ table }, seen.rows);
    deadRows.set({ table }, seen.deadRows);
    bytes.set({ table }, seen.bytes);
  }
};

/**
 * Tells what the server of a database says of itself when somebody asks for the metrics. Where it does not answer,
 * `database_up` says so, and the rest stays as it was.
 */
export const measureServer = (sql: RawSql, metrics: Metrics, runtime: Pick<Runtime, 'monotonic'>): void => {
  const up = metrics.gauge('database_up');
  const wal = metrics.counter('postgres_wal_bytes_total');
  const ofServer = createServerGauges(metrics);
  const ofTables = createTableGauges(metrics);
  let walBefore = 0;
  const look = async (): Promise<void> => {
    try {
      const seen = await lookAtServer(sql);
      recordTables(ofTables, await lookAtTables(sql));
      if (!seen) return;
      recordServer(ofServer, seen);
      // On another server, after a failover, the log may be shorter.
      wal.add({}, Math.max(0, seen.walBytes - walBefore));
      walBefore = seen.walBytes;
      up.set({}, 1);
    } catch {
      up.set({}, 0);
    }
  };
  let askedAt = -Infinity;
  let latest: Promise<void> | undefined;
  // Each of them waits for the one look, so that one answer is about one moment.
  const shared = (): Promise<void> => {
    if (latest && runtime.monotonic() - askedAt < MIN_INTERVAL_MS) return latest;
    askedAt = runtime.monotonic();
    latest = look();
    return latest;
  };
  for (const gauge of [up, ...Object.values(ofServer), ...Object.values(ofTables)]) gauge.whenAsked(shared);
};
