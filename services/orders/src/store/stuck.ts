import {
  NEXT_WORKER,
  STATUSES_ON_THE_WAY,
  type OrderStatus,
  type StatusOnTheWay,
} from '@order-pipeline/contracts';
import {
  createLookByTime,
  passedEntries,
  splitPassed,
  timeLiteral,
  type BoundedLook,
  type DueTimes,
  type PassedRow,
  type IndexPart,
  type PartRead,
} from '@order-pipeline/service-kit';
import { Prisma } from '../generated/client.ts';
import { EACH_ON_THE_WAY, ON_THE_WAY, ORDER_COLUMNS, STATUS, type OrderRow, type Sql } from './sql.ts';

/** An order that has stood in its status for a while, with what the database knows of why. */
export interface WaitingOrder extends OrderRow {
  readonly status: Extract<OrderStatus, StatusOnTheWay>;
  /** Its event waits to be published. */
  readonly isInOutbox: boolean;
  /** The worker that has to take the next step has put it into the dead letters. */
  readonly hasDeadLetter: boolean;
  /** Its date lies ahead, so that it does not say for how long the order has stood. */
  readonly isAhead: boolean;
}

/**
 * Whether a row of `orders` has an open dead letter of the worker that has to take its next step. Not by EXISTS, for which
 * PostgreSQL may read all open letters into memory first.
 */
export const HAS_DEAD_LETTER = Prisma.sql`
  (
    SELECT letter.id FROM dead_letters letter WHERE letter.order_id = orders.id AND letter.status::text = 'OPEN'
      AND letter.consumer_group = CASE orders.status
        ${Prisma.raw(
          Object.entries(NEXT_WORKER)
            .map(([status, worker]) => `WHEN '${status}' THEN '${worker}'`)
            .join(' '),
        )}
      END
    LIMIT 1
  ) IS NOT NULL`;

/** Whether the event of the status of a row of `orders` waits to be published; not by EXISTS, as above. */
const IS_IN_OUTBOX = Prisma.sql`
  (SELECT event_id FROM outbox WHERE event_id = orders.id || ':' || orders.status) IS NOT NULL`;

/** The look at the orders on the way by the time at which they took their status, as one instance remembers it. */
export interface Standing {
  readonly look: BoundedLook;
  /** Orders that it found, by their ids; none while it reads all. */
  ids(): readonly string[];
  remember(orders: readonly WaitingOrder[]): void;
}

export const createStanding = (): Standing => {
  const look = createLookByTime();
  let found: readonly string[] = [];
  return {
    look,
    ids: () => (look.front() === -Infinity ? [] : found),
    remember: (orders) => {
      found = orders.filter(({ isAhead }) => !isAhead).map(({ id }) => id);
    },
  };
};

const INDEX = passedEntries('orders_on_the_way_idx');

/** Of each status the oldest orders, and as many of those dated ahead. */
const oldestOf = (orders: readonly WaitingOrder[], most: number): WaitingOrder[] => {
  const latest = new Map(orders.map((order) => [order.id, order]));
  const counts = new Map<string, number>();
  return [...latest.values()]
    .toSorted((a, b) => a.updatedAt.getTime() - b.updatedAt.getTime())
    .filter(({ status, isAhead }) => {
      const kind = `${status} ${isAhead}`;
      const count = counts.get(kind) ?? 0;
      counts.set(kind, count + 1);
      return count < most;
    });
};

/**
 * Orders that are due in their status, of each status the oldest first, and as many of those dated ahead. Those of the look
 * before are among them while they stand, whatever part of the index this look reads.
 *
 * @param most how many of each status
 */
export const findWaiting = async (
  sql: Sql,
  due: DueTimes,
  most: number,
  standing = createStanding(),
): Promise<WaitingOrder[]> => {
  const columns = (isAhead: boolean): Prisma.Sql => Prisma.sql`
    ${ORDER_COLUMNS}, ${HAS_DEAD_LETTER} AS "hasDeadLetter", ${IS_IN_OUTBOX} AS "isInOutbox", ${isAhead}::boolean AS "isAhead"`;
  const range = (condition: Prisma.Sql, isAhead: boolean): Prisma.Sql => Prisma.sql`
    (SELECT ${columns(isAhead)} FROM orders
     WHERE ${ON_THE_WAY} AND status = way.stands_in AND ${condition} ORDER BY updated_at LIMIT ${most})`;
  const read = async ({ after, until, isNewest }: IndexPart): Promise<PartRead<WaitingOrder>> => {
    const others = Prisma.sql`
      UNION ALL ${range(Prisma.sql`updated_at > ${due.ahead}::timestamptz`, true)}`;
    const known = Prisma.sql`
      UNION ALL SELECT ${columns(false)} FROM orders WHERE id = ANY(${standing.ids()}::text[])
        AND ${STATUS} = ANY(${STATUSES_ON_THE_WAY}) AND updated_at <= ${timeLiteral(until)}::timestamptz`;
    const rows = await sql.$queryRaw<PassedRow<WaitingOrder>[]>`
      WITH ${INDEX.before}, found AS MATERIALIZED (
        SELECT standing.* FROM ${EACH_ON_THE_WAY} CROSS JOIN LATERAL (
          ${range(Prisma.sql`updated_at > ${timeLiteral(after)}::timestamptz AND updated_at <= ${timeLiteral(until)}::timestamptz`, false)}
          ${isNewest ? others : Prisma.empty}
        ) AS standing WHERE ${INDEX.isBegun} ${isNewest ? known : Prisma.empty}
      )
      SELECT counted.passed, found.* FROM ${INDEX.besideFound}`;
    return splitPassed<WaitingOrder>(rows, 'id');
  };
  const found = oldestOf(await standing.look.run(Date.parse(due.until), read), most);
  standing.remember(found);
  return found;
};

/** Those of the orders whose rows somebody keeps locked; nobody is waited for. */
export const findLocked = async (sql: Sql, orderIds: readonly string[]): Promise<string[]> => {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    WITH free AS (
      SELECT id FROM orders WHERE id = ANY(${orderIds}::text[]) ORDER BY id FOR UPDATE SKIP LOCKED
    )
    SELECT id FROM orders WHERE id = ANY(${orderIds}::text[]) AND id NOT IN (SELECT id FROM free)`;
  return rows.map(({ id }) => id);
};

/**
 * Makes an order that is in progress stand on another reservation.
 *
 * @returns whether it did: not where it is done already, the order is no longer in progress, or its row is locked
 */
export const replaceReservation = async (
  sql: Sql,
  orderId: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<boolean> => {
  const changed = await sql.$executeRaw`
    WITH due AS (
      SELECT id FROM orders
      WHERE id = ${orderId} AND reservation_id = ${from} AND ${STATUS} = ANY(${STATUSES_ON_THE_WAY})
      FOR UPDATE SKIP LOCKED
    )
    UPDATE orders SET reservation_id = ${to} FROM due WHERE orders.id = due.id`;
  return changed === 1;
};
