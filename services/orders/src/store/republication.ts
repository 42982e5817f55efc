import { STATUSES_ON_THE_WAY } from '@order-pipeline/contracts';
import {
  createLookByTime,
  newTrace,
  passedEntries,
  splitPassed,
  timeLiteral,
  traceparent,
  type BoundedLook,
  type DueTimes,
  type PassedRow,
  type Runtime,
  type PartRead,
} from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { EACH_STATUS, eventOf, isoOf, ON_THE_WAY, STATUS, type Sql } from './sql.ts';
import { createStanding, HAS_DEAD_LETTER, type Standing } from './stuck.ts';

/** An order whose event was put into the outbox again. */
export interface Announced {
  readonly orderId: string;
  readonly status: string;
}

interface Announcing {
  /** ISO 8601 */
  readonly at: string;
  readonly limit: number;
  /** The ids of orders that are left alone. */
  readonly except: readonly string[];
}

/** Which orders are announced, by the time at which they were announced before. */
interface AnnouncedAt extends DueTimes {
  /** Behind it, up to `until`. */
  readonly after: string;
  /** Orders that are looked up by their ids. */
  readonly known: readonly string[];
}

const INDEX = passedEntries('orders_announced_idx');

/**
 * Puts the event of their status into the outbox again for orders in progress that are due, and announced at `at` from
 * then on. An event that still waits there is not doubled.
 *
 * One that lies in the dead letters will most likely end there again: it is announced when it has stood twice as long as
 * the time before, or for a day longer, so that what was fixed silently recovers, and nothing goes round and round.
 * The event continues in the trace of the order, if that is sampled. Either date may be the later one, where the clock was set in between.
 *
 * Those that were announced longest ago come first, as their index has them, and then those that are dated ahead: each
 * range enters the index by itself, and the second one only where the first has left room. Nobody waits for a lock here,
 * so their order is free.
 *
 * @param more what else has to hold
 */
const announce = async (
  sql: Sql,
  { after, until, ahead, known }: AnnouncedAt,
  { at, limit, except }: Announcing,
  runtime: Pick<Runtime, 'hex'>,
  more: Prisma.Sql = Prisma.sql`true`,
): Promise<PartRead<Announced>> => {
  const some = (condition: Prisma.Sql): Prisma.Sql => Prisma.sql`
    SELECT id FROM orders WHERE ${condition} AND id <> ALL(${except}::text[]) AND ${more}
    ORDER BY announced_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  const range = (condition: Prisma.Sql): Prisma.Sql =>
    some(Prisma.sql`${ON_THE_WAY} AND ${condition} AND ${INDEX.isBegun}`);
  const isLate = Prisma.sql`announced_at <= ${until}::timestamptz`;
  const isAhead = Prisma.sql`announced_at > ${ahead}::timestamptz`;
  const mayHelp = Prisma.sql`(announced_at + LEAST(
      GREATEST(announced_at - updated_at, updated_at - announced_at), interval '1 day'
    ) <= ${at}::timestamptz OR NOT ${HAS_DEAD_LETTER})`;
  const rows = await sql.$queryRaw<PassedRow<Announced>[]>`
    WITH ${INDEX.before}, late AS (
      ${range(Prisma.sql`announced_at > ${after}::timestamptz AND ${isLate} AND ${mayHelp}`)}
    ), ahead AS (
      ${range(isAhead)}
    ), known AS (
      ${some(Prisma.sql`id = ANY(${known}::text[]) AND ${STATUS} = ANY(${STATUSES_ON_THE_WAY}) AND (${isLate} AND ${mayHelp} OR ${isAhead})`)}
    ), due AS (
      SELECT id FROM late UNION ALL SELECT id FROM ahead
      UNION ALL SELECT id FROM known WHERE id NOT IN (SELECT id FROM late) AND id NOT IN (SELECT id FROM ahead)
      LIMIT ${limit}
    ), again AS (
      UPDATE orders SET announced_at = ${at}::timestamptz FROM due WHERE orders.id = due.id
      RETURNING orders.id, orders.user_id, orders.lines, orders.status, orders.updated_at, orders.traceparent
    ), announced AS (
      INSERT INTO outbox (event_id, event, traceparent, created_at)
      SELECT id || ':' || status, ${eventOf(Prisma.sql`again`, isoOf(Prisma.sql`again.updated_at`))},
             coalesce(traceparent, ${traceparent(newTrace(runtime))}), ${at}::timestamptz
      FROM again ON CONFLICT (event_id) DO NOTHING
    ), found AS (
      SELECT id AS "orderId", status::text AS status FROM again
    )
    SELECT counted.passed, found.* FROM ${INDEX.besideFound}`;
  const read = splitPassed<Announced>(rows, 'orderId');
  return { ...read, isCut: read.found.length === limit };
};

/** What one instance remembers: its look at the times of the last announcements, and the orders that it knows to stand. */
export interface Republication {
  readonly look: BoundedLook;
  readonly standing: Pick<Standing, 'ids'>;
}

export const createRepublication = (standing: Pick<Standing, 'ids'> = createStanding()): Republication => ({
  look: createLookByTime(),
  standing,
});

/**
 * Announces orders again that were last announced at a time that is due. Where `limit` of them are found, there may be more.
 */
export const republishDue = (
  sql: Sql,
  { due, ...announcing }: Announcing & { readonly due: DueTimes },
  runtime: Pick<Runtime, 'hex'>,
  { look, standing }: Republication = createRepublication(),
): Promise<readonly Announced[]> =>
  look.run(Date.parse(due.until), ({ after, until, isNewest }) => {
    const part = { after: timeLiteral(after), until: timeLiteral(until) };
    const others = isNewest ? { ahead: due.ahead, known: standing.ids() } : { ahead: 'infinity', known: [] };
    return announce(sql, { ...part, ...others }, announcing, runtime);
  });

/** The order of placement of the newest order; 0 while there is none. */
export const newestPlacement = async (sql: Sql): Promise<number> => {
  const [row] = await sql.$queryRaw<{ newest: number }[]>`
    SELECT coalesce(max(newest.seq), 0)::float8 AS newest FROM ${EACH_STATUS} CROSS JOIN LATERAL (
      SELECT seq FROM orders WHERE status = each.status ORDER BY seq DESC LIMIT 1
    ) AS newest`;
  return row?.newest ?? 0;
};

/** A run that takes every order in progress, in batches. */
export interface AnnouncingAll {
  /** The order of placement of the last one that belongs to it. */
  readonly newest: number;
  /** What the run dates those it has taken with; ISO 8601. */
  readonly at: string;
}

/** Announces the next of all orders in progress, whatever their dates, but for those that the same run has taken. */
export const republishUpTo = async (
  sql: Sql,
  { newest, at }: AnnouncingAll,
  some: Pick<Announcing, 'limit' | 'except'>,
  runtime: Pick<Runtime, 'hex'>,
): Promise<readonly Announced[]> => {
  // PostgreSQL keeps whole milliseconds: all other dates are before or after.
  const all = { after: '-infinity', until: timeLiteral(Date.parse(at) - 1), ahead: at, known: [] };
  const { found } = await announce(sql, all, { ...some, at }, runtime, Prisma.sql`seq <= ${newest}::bigint`);
  return found;
};
