import type { OrderEvent } from '@order-pipeline/contracts';
import type { Outbox } from '@order-pipeline/messaging';
import { continueTrace, traceparent, type Runtime } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { eventOf, ON_THE_WAY, type Database, type Sql } from './sql.ts';
import { HAS_DEAD_LETTER } from './stuck.ts';

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
});

/** How many events are counted one by one, in rows. */
const COUNTED = 10_000;

/**
 * How many events wait, and since when the oldest does, in milliseconds since the epoch. The oldest ones are counted,
 * those behind them are reckoned from the ids: never too few, at most by the ids that were given out and not used. So it
 * costs the same few milliseconds however many wait.
 */
export const outboxBacklog = async (
  sql: Sql,
): Promise<{ readonly depth: number; readonly oldestAt: number | undefined }> => {
  const [row] = await sql.$queryRaw<{ counted: number; behind: number; oldest: Date | null }[]>`
    SELECT count(*)::float8 AS counted,
           coalesce((SELECT max(id) FROM outbox) - max(id), 0)::float8 AS behind,
           (SELECT created_at FROM outbox ORDER BY id LIMIT 1) AS oldest
    FROM (SELECT id FROM outbox ORDER BY id LIMIT ${COUNTED}) AS first`;
  if (!row) return { depth: 0, oldestAt: undefined };
  const { counted, behind, oldest } = row;
  return { depth: counted < COUNTED ? counted : counted + behind, oldestAt: oldest?.getTime() };
};

/**
 * Puts the event of their status into the outbox again for orders that have stood in it, unannounced, since `until` or
 * longer. An event that still waits there is not doubled.
 *
 * One that lies in the dead letters will most likely end there again: it is announced when it has stood twice as long as
 * the time before, or for a day longer, so that what was mended without a word heals, and nothing goes round and round.
 *
 * Those that were announced longest ago come first, as their index has them. Nobody waits for a lock here, so their order
 * is free. No order was announced before its status changed, so the time of that need not be asked for.
 *
 * @param until ISO 8601, as `at`
 * @param except the ids of orders that are left alone
 * @returns the ids of the orders
 */
export const announceAgain = async (
  sql: Sql,
  {
    until,
    at,
    limit,
    except,
  }: {
    readonly until: string;
    readonly at: string;
    readonly limit: number;
    readonly except: readonly string[];
  },
  runtime: Pick<Runtime, 'hex'>,
): Promise<{ readonly orderId: string; readonly status: string }[]> => sql.$queryRaw`
  WITH due AS (
    SELECT id FROM orders
    WHERE ${ON_THE_WAY} AND announced_at <= ${until}::timestamptz
      AND id <> ALL(${except}::text[])
      AND (announced_at + LEAST(announced_at - updated_at, interval '1 day') <= ${at}::timestamptz
        OR NOT ${HAS_DEAD_LETTER})
    ORDER BY announced_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
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
