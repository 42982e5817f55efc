import { withDatabase } from '../system/databases.ts';
import type { EmbeddedSystem } from '../system/embedded.ts';
import { processorTimesOf, timeBetween } from '../system/process-tree.ts';

/** What a system has used since it began: bytes, transactions, messages, and milliseconds of processor time. */
export interface Used {
  readonly wal: number;
  readonly transactions: number;
  readonly messages: number;
  /** NaN where the operating system does not tell. */
  readonly services: number;
  readonly postgres: number;
}

/** The names of what is counted. */
export type Counter = keyof Used;

const EVENTS = /^events_published_total\{[^}]*\} (\d+)/gm;

/** The events that all services have published. */
export const messagesIn = (metrics: string): number =>
  [...metrics.matchAll(EVENTS)].reduce((sum, [, count]) => sum + Number(count), 0);

const transactionsOf = (url: string): Promise<number> =>
  withDatabase(url, async ({ rows }) => {
    const [row] = await rows<{ count: number }>(
      'SELECT (xact_commit + xact_rollback)::float8 AS count FROM pg_stat_database WHERE datname = current_database()',
    );
    return row?.count ?? Number.NaN;
  });

const walOf = (url: string): Promise<number> =>
  withDatabase(url, async ({ rows }) => {
    const [row] = await rows<{ bytes: number }>(
      `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes`,
    );
    return row?.bytes ?? Number.NaN;
  });

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** The transactions that have ended in all databases, as far as their sessions have reported them. */
export const readTransactions = async ({ databases }: Pick<EmbeddedSystem, 'databases'>): Promise<number> =>
  total(await Promise.all(Object.values(databases).map(transactionsOf)));

const messagesOf = async (url: string): Promise<number> =>
  messagesIn(await fetch(`${url}/metrics`).then((response) => response.text()));

/**
 * Reads all counters; what reading them takes is a handful of transactions.
 *
 * @param urls where its instances are, if there are several
 */
export const readUsed = async (
  system: EmbeddedSystem,
  urls: readonly string[] = [system.url],
): Promise<Used> => {
  const [transactions, wal, messages, processor] = await Promise.all([
    readTransactions(system),
    walOf(system.databases.orders),
    Promise.all(urls.map(messagesOf)),
    processorTimesOf(system.pid),
  ]);
  const used = processor && timeBetween(undefined, processor);
  return {
    wal,
    transactions,
    messages: total(messages),
    services: used?.root ?? Number.NaN,
    postgres: used?.others ?? Number.NaN,
  };
};

/** The tables that have rows of an order for as long as it is kept. */
const KEPT = { orders: ['orders', 'order_history'], inventory: ['reservations'] } as const;

/** The bytes of those tables with their indexes, without what is dead in them. */
export const storedBytes = async ({ databases }: EmbeddedSystem): Promise<number> => {
  let sum = 0;
  for (const [name, tables] of Object.entries(KEPT) as [keyof typeof KEPT, readonly string[]][])
    sum += await withDatabase(databases[name], async ({ rows, run }) => {
      await run(`VACUUM ${tables.join(', ')}`);
      const [row] = await rows<{ bytes: number }>(
        'SELECT sum(pg_total_relation_size(name::regclass))::float8 AS bytes FROM unnest($1::text[]) AS name',
        [tables],
      );
      return row?.bytes ?? Number.NaN;
    });
  return sum;
};
