import type { FileSystem } from '@order-pipeline/archive';
import { DATABASE_NAMES, type DatabaseName } from '@order-pipeline/contracts';
import type { KafkaPort, Runtime } from '@order-pipeline/service-kit';
import { checkAbandoned } from './checks/abandoned.ts';
import { checkArchive } from './checks/archive.ts';
import type { AuditContext } from './checks/context.ts';
import { checkCounts } from './checks/counts.ts';
import { checkDeadLetters } from './checks/dead-letters.ts';
import { checkEvents } from './checks/events.ts';
import { checkHistories } from './checks/histories.ts';
import { checkOutbox } from './checks/outbox.ts';
import { checkProgress } from './checks/progress.ts';
import { checkReservations } from './checks/reservations.ts';
import { checkStock } from './checks/stock.ts';
import { checkUsers } from './checks/users.ts';
import { openReader, type Reader } from './database.ts';
import { readLastActivity } from './last-activity.ts';
import { DEFAULT_EXAMPLES, DEFAULT_LIMITS, type AuditLimits } from './limits.ts';
import { openReplicaReader, ReplicaUnread } from './replica.ts';
import { notChecked, reportOf, type AuditReport, type Check, type CheckName } from './report.ts';

export interface AuditOptions {
  /** The URLs of the databases. What needs one that is not named is `notChecked`. */
  readonly databases: Readonly<Partial<Record<DatabaseName, string>>>;
  /**
   * The URLs of streaming replicas that are read instead. What one of them is too far behind for, or fails at, is `notChecked`.
   */
  readonly replicas?: Readonly<Partial<Record<DatabaseName, string>>> | undefined;
  /** How long a replica is waited for at each statement, in milliseconds; default 30,000. */
  readonly replicaMaxLagMs?: number | undefined;
  /** Where the events are. Without it they are `notChecked`. */
  readonly kafka?: KafkaPort | undefined;
  /** Why there is no `kafka`. */
  readonly kafkaMissing?: string | undefined;
  readonly runtime: Runtime;
  /** What is not given is as in `DEFAULT_LIMITS`. */
  readonly limits?: Partial<AuditLimits> | undefined;
  /** How many ids of each kind of violation are listed; default 20. */
  readonly exampleCount?: number | undefined;
  /**
   * Nothing of the system runs: what waited when it was last active has not become older since. Default: it may run.
   */
  readonly isStopped?: boolean | undefined;
  /** The time in milliseconds since the epoch, for a simulation; by default each database's own clock. */
  readonly clock?: (() => number) | undefined;
  /** The folder of the archive. Without it what its files hold is `notChecked`. */
  readonly archiveDir?: string | undefined;
  /** Where it is, for a simulation; by default on the disk of this machine. */
  readonly archiveDisk?: FileSystem | undefined;
  /** How many rows one statement reads where it need not see more at one moment; default 5,000. */
  readonly pageSize?: number | undefined;
  /** Called with the name of each part as it begins. */
  readonly progress?: ((part: string) => void) | undefined;
  /** Aborted: it ends before the next part, and rejects with the reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A part of the audit: the databases that it needs, the checks that it makes. */
interface Part {
  readonly checks: readonly CheckName[];
  readonly needs: readonly DatabaseName[];
  readonly make: (
    reader: (name: DatabaseName) => Reader,
    context: AuditContext,
  ) => Promise<Check | readonly Check[]>;
}

/** A part that needs the orders alone. */
const ofOrders = (
  name: CheckName,
  check: (orders: Reader, context: AuditContext) => Promise<Check | readonly Check[]>,
): Part => ({
  checks: [name],
  needs: ['orders'],
  make: (reader, context) => check(reader('orders'), context),
});

const PARTS: readonly Part[] = [
  {
    checks: ['stock'],
    needs: ['inventory'],
    make: (reader, context) => checkStock(reader('inventory'), context),
  },
  {
    checks: ['reservations', 'cancellations'],
    needs: ['orders', 'inventory'],
    make: (reader, context) => checkReservations(reader('orders'), reader('inventory'), context),
  },
  ofOrders('abandoned', checkAbandoned),
  {
    checks: ['archive'],
    needs: ['orders', 'inventory'],
    make: (reader, context) => checkArchive(reader('orders'), reader('inventory'), context),
  },
  ofOrders('histories', checkHistories),
  ofOrders('counts', checkCounts),
  {
    checks: ['users'],
    needs: ['orders', 'users'],
    make: (reader, context) => checkUsers(reader('orders'), reader('users'), context),
  },
  ofOrders('progress', checkProgress),
  ofOrders('outbox', checkOutbox),
  {
    checks: ['events'],
    needs: ['orders'],
    make: async (reader, context) =>
      context.kafka
        ? checkEvents(reader('orders'), context.kafka, context)
        : notChecked('events', context.kafkaMissing),
  },
  {
    checks: ['dead letters'],
    needs: ['orders'],
    make: (reader, context) => checkDeadLetters(reader('orders'), context.kafka, context),
  },
];

const REPLICA_MAX_LAG_MS = 30_000;

const openOne = (
  name: DatabaseName,
  url: string,
  { replicas, replicaMaxLagMs: maxLagMs = REPLICA_MAX_LAG_MS, runtime, pageSize }: AuditOptions,
): Promise<Reader> => {
  const replicaUrl = replicas?.[name];
  return replicaUrl === undefined
    ? openReader(name, url, pageSize)
    : openReplicaReader(name, { url, replicaUrl, runtime, pageSize, maxLagMs });
};

const openReaders = async (options: AuditOptions): Promise<Map<DatabaseName, Reader>> => {
  const readers = new Map<DatabaseName, Reader>();
  try {
    for (const name of DATABASE_NAMES) {
      const url = options.databases[name];
      if (url !== undefined) readers.set(name, await openOne(name, url, options));
    }
    return readers;
  } catch (error) {
    await closeReaders(readers);
    throw error;
  }
};

const closeReaders = async (readers: ReadonlyMap<DatabaseName, Reader>): Promise<void> => {
  await Promise.all([...readers.values()].map((reader) => reader.close()));
};

const runPart = async (
  { checks, needs, make }: Part,
  readers: ReadonlyMap<DatabaseName, Reader>,
  context: AuditContext,
): Promise<readonly Check[]> => {
  const missing = needs.filter((name) => !readers.has(name));
  if (missing.length > 0)
    return checks.map((check) => notChecked(check, `the database of ${missing.join(' and ')} is not named`));
  const readerOf = (name: DatabaseName): Reader => {
    const reader = readers.get(name);
    if (!reader) throw new Error(`a check reads ${name} without saying so`);
    return reader;
  };
  try {
    return [await make(readerOf, context)].flat();
  } catch (error) {
    if (!(error instanceof ReplicaUnread)) throw error;
    return checks.map((check) => notChecked(check, error.message));
  }
};

const createTimes = async (
  readers: ReadonlyMap<DatabaseName, Reader>,
  { isStopped = false, clock }: AuditOptions,
): Promise<AuditContext['timesOf']> => {
  const lastActivity = isStopped ? await readLastActivity(readers) : undefined;
  return async (reader) => {
    const now = clock ? clock() : await reader.now();
    return { now, asOf: Math.min(now, lastActivity ?? now) };
  };
};

/**
 * Checks that nothing was lost, sold twice or done twice: every invariant in `INVARIANTS`. Only reads, and may be run at
 * any time on a system at work, of any size: rows are read and compared page by page, each page by statements of its own. So
 * no snapshot is held for longer than a page takes, or what is in progress, and dead rows can be removed meanwhile.
 *
 * What is read in one statement is as of one moment. Between pages, databases and Kafka there is no such moment; how it is made
 * sure there that what is merely in progress never counts as wrong is said at `lookAgain` and `checkEvents`.
 *
 * @throws Error when a database or Kafka that was named cannot be read
 */
export const auditSystem = async (options: AuditOptions): Promise<AuditReport> => {
  const readers = await openReaders(options);
  const context = {
    kafka: options.kafka,
    kafkaMissing: options.kafkaMissing ?? 'no Kafka is named',
    runtime: options.runtime,
    archiveDir: options.archiveDir,
    archiveDisk: options.archiveDisk,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    exampleCount: options.exampleCount ?? DEFAULT_EXAMPLES,
  };
  try {
    const timesOf = await createTimes(readers, options);
    const checks: Check[] = [];
    for (const part of PARTS) {
      options.signal?.throwIfAborted();
      options.progress?.(part.checks.join(', '));
      checks.push(...(await runPart(part, readers, { ...context, timesOf })));
    }
    return reportOf(checks);
  } finally {
    await closeReaders(readers);
  }
};
