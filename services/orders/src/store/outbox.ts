import type { OrderEvent } from '@order-pipeline/contracts';
import type { Outbox, TracedEvent } from '@order-pipeline/messaging';
import { continueTrace, type Runtime } from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { sightOf, type OutboxFloor } from './outbox-floor.ts';
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

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/**
 * The outbox. Rows are locked while they are published, so that two instances never publish the same ones at the same
 * moment, and one that dies leaves them to the others at once; they are deleted only after Kafka has them.
 */
export const createOutbox = (
  database: Pick<Database, '$transaction'>,
  runtime: Pick<Runtime, 'hex' | 'failpoint'>,
  floor: Pick<OutboxFloor, 'current'>,
): Outbox => ({
  publishNext: ({ limit, after = '0' }, publish) =>
    database.$transaction(async (sql) => {
      const behind = greater(BigInt(after), floor.current()).toString();
      const rows = await sql.$queryRaw<OutboxRow[]>`
        SELECT id, event, traceparent, CASE WHEN ${isSampled(Prisma.sql`traceparent`)} THEN created_at END AS since
        FROM outbox WHERE id > ${behind}::bigint ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
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

interface LookRow {
  readonly counted: number;
  readonly behind: number;
  readonly oldest: string | null;
  readonly since: Date | null;
  readonly origin: string;
  readonly drawn: string;
  readonly writers: readonly string[] | null;
}

/**
 * Looks at what is above an id, which is the floor where that is known. The oldest ones are counted, those behind them are reckoned from the ids: never too few,
 * at most by the ids that were given out and not used. So it costs the same few milliseconds however many wait.
 */
const look = async (sql: Sql, above: bigint, floor: bigint): Promise<LookRow | undefined> => {
  const after = above.toString();
  const { columns, source } = sightOf(floor);
  const [row] = await sql.$queryRaw<LookRow[]>`
    SELECT counted::float8 AS counted, oldest::text AS oldest,
           (SELECT created_at FROM outbox WHERE id = first.oldest) AS since,
           CASE WHEN counted < ${COUNTED}::bigint THEN 0
             ELSE (SELECT max(id) FROM outbox WHERE id > ${after}::bigint) - newest END::float8 AS behind,
           ${columns}
    FROM (
      SELECT count(*) AS counted, min(id) AS oldest, max(id) AS newest
      FROM (SELECT id FROM outbox WHERE id > ${after}::bigint ORDER BY id LIMIT ${COUNTED}) AS waiting
    ) AS first, ${source}`;
  return row;
};

const FIRST_RANGE = 1_000n;
/** A range that was looked through in less is followed by one twice as wide, in milliseconds; any other by half of it. */
const QUICK_MS = 100;

/**
 * The id of the oldest row, where no floor is known: in ranges of ids from the newest down, since what may cost is the dead
 * rows of the ids that were given out last. So none of the statements takes long, however many of them there are.
 *
 * @returns the next id where there is no row
 */
const findOldest = async (sql: Sql, { monotonic }: Pick<Runtime, 'monotonic'>): Promise<bigint> => {
  const [given] = await sql.$queryRaw<{ drawn: string }[]>`
    SELECT coalesce(pg_sequence_last_value('outbox_id_seq'), 0)::text AS drawn`;
  let to = BigInt(given?.drawn ?? 0);
  let oldest = to + 1n;
  for (let width = FIRST_RANGE; to > 0n;) {
    const from = greater(to - width, 0n);
    const beganAt = monotonic();
    const [row] = await sql.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM outbox WHERE id > ${from.toString()}::bigint AND id <= ${to.toString()}::bigint
      ORDER BY outbox.id LIMIT 1`;
    if (row) oldest = BigInt(row.id);
    width = monotonic() - beganAt < QUICK_MS ? width * 2n : greater(width / 2n, FIRST_RANGE);
    to = from;
  }
  return oldest;
};

/**
 * How many events wait, and which one waits longest: they are published by their ids. What it sees raises the floor, which
 * the relay reads from as well.
 */
export const outboxBacklog = async (
  sql: Sql,
  floor: OutboxFloor,
  runtime: Pick<Runtime, 'monotonic'>,
): Promise<StoredBacklog> => {
  for (;;) {
    const learn = floor.look();
    const known = floor.current();
    const row = await look(sql, known || (await findOldest(sql, runtime)) - 1n, known);
    if (!row) return { depth: 0, oldest: undefined };
    const { counted, behind, oldest: id, since } = row;
    const oldest = id === null ? undefined : BigInt(id);
    if (!learn({ ...row, drawn: BigInt(row.drawn), oldest })) continue;
    return {
      depth: counted < COUNTED ? counted : counted + behind,
      oldest: id === null || since === null ? undefined : { id, since },
    };
  }
};
