/**
 * `full`: what is committed survives a power cut. `off`, for tests: nothing waits for the disk; what is committed survives the death of any
 * process, not of the machine.
 */
export type Durability = 'full' | 'off';

const NOT_DURABLE = { fsync: 'off', full_page_writes: 'off' };

/**
 * The server's settings as arguments of `postgres`. They go on the command line at every start and not into postgresql.conf, so a data
 * folder made by an older version gets the new ones too.
 */
export function serverArguments(
  port: number,
  {
    durability,
    maxConnections,
    settings: more,
  }: {
    readonly durability: Durability;
    readonly maxConnections: number;
    readonly settings: Readonly<Record<string, string>>;
  },
): string[] {
  const settings: Record<string, string> = {
    ...reachableOnlyHere(port),
    ...small(maxConnections),
    ...quiet,
    ...(durability === 'off' ? NOT_DURABLE : {}),
    ...more,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function reachableOnlyHere(port: number): Record<string, string> {
  return { listen_addresses: '127.0.0.1', port: `${port}`, unix_socket_directories: '' };
}

/** Eight services and the database share 500 MB; their load is many short transactions, and nothing replicates from here. */
function small(maxConnections: number): Record<string, string> {
  return {
    max_connections: `${maxConnections}`,
    shared_buffers: '64MB',
    huge_pages: 'off',
    io_method: 'sync',
    jit: 'off',
    max_parallel_workers_per_gather: '0',
    autovacuum_worker_slots: '2',
    autovacuum_max_workers: '2',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_logical_replication_workers: '0',
    max_wal_size: '1GB',
    checkpoint_timeout: '15min',
    random_page_cost: '1.1',
  };
}

/**
 * `log` keeps starts, stops and crashes and leaves out the failed statements, which the services report themselves: the file stays small
 * however long it runs, and no customer's data gets into it.
 */
const quiet = {
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};
