import type { OrderEvent } from '@order-pipeline/contracts';
import type { Outbox, TracedEvent } from '@order-pipeline/messaging';
import { continueTrace, type Runtime } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { isSampled, type Database, type Sql } from './sql.ts';

/** Longer than the longest publish, of all partitions and then of each, since the rows stay locked meanwhile. */
const TRANSACTION = { maxWait: 1_000, timeout: 25_000 };

interface OutboxRow {
  readonly id: bigint;
  readonly event: OrderEvent;
  readonly traceparent: string;
  /** Only of sampled traces: there is nobody else who asks. */
  readonly since: Date | null;
}

const tracedOf = ({ event, traceparent, since }: OutboxRow, runtime: Pick<Runtime, 'hex'>): TracedEvent => ({
  event,
  trace: continueTrace(traceparent, runtime),
  ...(since ? { sinceMs: since.getTime() } : {}),
});

/**
 * The outbox. Rows are locked while they are published, so that two instances never publish the same ones at the same
 * moment, and one that dies leaves them to the others at once; they are deleted only after Kafka has them.
 */
export const createOutbox = (database: Database, runtime: Pick<Runtime, 'hex' | 'failpoint'>): Outbox => ({
  publishNext: ({ limit, after }, publish) =>
    database.$transaction(async (sql) => {
      const behind = after === undefined ? Prisma.empty : Prisma.sql`WHERE id > ${after}::bigint`;
      const rows = await sql.$queryRaw<OutboxRow[]>`
        SELECT id, event, traceparent, CASE WHEN ${isSampled(Prisma.sql`traceparent`)} THEN created_at END AS since
        FROM outbox ${behind} ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
      const last = rows.at(-1)?.id.toString();
      if (rows.length === 0) return { taken: 0, held: 0, last };
      const events = rows.map((row) => tracedOf(row, runtime));
      const held = new Set(await publish(events));
      await runtime.failpoint('orders.afterPublishBeforeOutboxDelete');
      const ids = rows.filter((_, index) => !held.has(events[index] as TracedEvent)).map(({ id }) => id);
      if (ids.length > 0) await sql.$executeRaw`DELETE FROM outbox WHERE id = ANY(${ids}::bigint[])`;
      return { taken: rows.length, held: held.size, last };
    }, TRANSACTION),
});

/** How many events are counted one by one, in rows. */
const COUNTED = 10_000;

/** What waits in the outbox. */
export interface StoredBacklog {
  readonly depth: number;
  readonly oldest: { readonly id: string; readonly since: Date } | undefined;
}

/**
 * How many events wait, and which one waits longest: they are published by their ids. The oldest ones are counted, those
 * behind them are reckoned from the ids: never too few, at most by the ids that were given out and not used. So it
 * costs the same few milliseconds however many wait.
 */
export const outboxBacklog = async (sql: Sql): Promise<StoredBacklog> => {
  type Row = { counted: number; behind: number; id: string | null; since: Date | null };
  const [row] = await sql.$queryRaw<Row[]>`
    SELECT count(*)::float8 AS counted,
           coalesce((SELECT max(id) FROM outbox) - max(id), 0)::float8 AS behind,
           min(id)::text AS id, (SELECT created_at FROM outbox ORDER BY id LIMIT 1) AS since
    FROM (SELECT id FROM outbox ORDER BY id LIMIT ${COUNTED}) AS first`;
  if (!row) return { depth: 0, oldest: undefined };
  const { counted, behind, id, since } = row;
  return {
    depth: counted < COUNTED ? counted : counted + behind,
    oldest: id === null || since === null ? undefined : { id, since },
  };
};
