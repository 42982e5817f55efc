import type { OrderEvent } from '@order-pipeline/contracts';
import type { Outbox } from '@order-pipeline/messaging';
import { continueTrace, traceparent, type Runtime } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { eventOf, ON_THE_WAY, type Database, type Sql } from './sql.ts';

/** Longer than the longest publish, since the rows stay locked meanwhile. */
const TRANSACTION = { maxWait: 1_000, timeout: 15_000 };

interface OutboxRow {
  readonly id: bigint;
  readonly event: OrderEvent;
  readonly traceparent: string;
}

/**
 * The outbox. Rows are locked while they are published, so that two instances never publish the same ones at the same
 * moment, and one that dies leaves them to the others at once; they are deleted only after Kafka has them.
 */
export const createOutbox = (database: Database, runtime: Pick<Runtime, 'hex' | 'reach'>): Outbox => ({
  publishNext: (limit, publish) =>
    database.$transaction(async (sql) => {
      const rows = await sql.$queryRaw<OutboxRow[]>`
        SELECT id, event, traceparent FROM outbox ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
      if (rows.length === 0) return 0;
      await publish(
        rows.map((row) => ({ event: row.event, trace: continueTrace(row.traceparent, runtime) })),
      );
      await runtime.reach('orders.afterPublishBeforeOutboxDelete');
      await sql.$executeRaw`DELETE FROM outbox WHERE id = ANY(${rows.map(({ id }) => id)}::bigint[])`;
      return rows.length;
    }, TRANSACTION),

  backlog: async () => {
    const [row] = await database.$queryRaw<{ depth: number; oldest: Date | null }[]>`
      SELECT count(*)::float8 AS depth, min(created_at) AS oldest FROM outbox`;
    return { depth: row?.depth ?? 0, oldestAt: row?.oldest?.getTime() };
  },
});

/**
 * Puts the event of their status into the outbox again for orders that have stood in it, unannounced, since `until` or
 * longer. An event that still waits there is not doubled.
 *
 * @param until ISO 8601, as `at`
 * @returns the ids of the orders
 */
export const announceAgain = async (
  sql: Sql,
  { until, at, limit }: { readonly until: string; readonly at: string; readonly limit: number },
  runtime: Pick<Runtime, 'hex'>,
): Promise<{ readonly orderId: string; readonly status: string }[]> => sql.$queryRaw`
  WITH due AS (
    SELECT id FROM orders
    WHERE ${ON_THE_WAY} AND updated_at <= ${until}::timestamptz AND announced_at <= ${until}::timestamptz
    ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED
  ), late AS (
    UPDATE orders SET announced_at = ${at}::timestamptz FROM due WHERE orders.id = due.id
    RETURNING orders.id, orders.user_id, orders.lines, orders.status, orders.updated_at
  ), announced AS (
    INSERT INTO outbox (event_id, event, traceparent, created_at)
    SELECT id || ':' || status, ${eventOf(Prisma.sql`late`)},
           ${traceparent(continueTrace(undefined, runtime))}, ${at}::timestamptz
    FROM late ON CONFLICT (event_id) DO NOTHING
  )
  SELECT id AS "orderId", status::text AS status FROM late`;
