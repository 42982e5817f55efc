import type { Reader } from '../database.ts';
import type { AuditLimits } from '../limits.ts';
import { mergePages } from '../merge.ts';
import { checkOf, createFindings, type Check } from '../report.ts';
import {
  isSameStand,
  judgeClaim,
  MALFORMED_ORDER,
  MALFORMED_RESERVATION,
  type Claim,
  type Reservation,
  type StockedOrder,
  type TooOld,
  type Wrong,
} from './claims.ts';
import type { AuditContext, Times } from './context.ts';
import { findArchived } from './archived.ts';
import { areLines } from './lines.ts';

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const ORDERS = `
  SELECT id, status::text AS status, reservation_id AS "reservationId", lines::text AS lines,
    NOT (${areLines('lines')}) AS "isMalformed", ${ms('updated_at')} AS "updatedAt", ${ms('stock_returned_at')} AS "stockReturnedAt" FROM orders`;

const RESERVATIONS = `
  SELECT order_id AS "orderId", reservation_id AS "reservationId", state::text AS state, lines::text AS lines,
    NOT (${areLines('lines')}) AS "isMalformed", ${ms('created_at')} AS "createdAt" FROM reservations`;

const mapBy = <T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T> =>
  new Map(rows.map((row) => [keyOf(row), row]));

const readOrders = async (orders: Reader, ids: readonly string[]): Promise<Map<string, StockedOrder>> =>
  mapBy(await orders.rows<StockedOrder>(`${ORDERS} WHERE id = ANY($1::text[])`, [ids]), ({ id }) => id);

const readReservations = async (
  inventory: Reader,
  ids: readonly string[],
): Promise<Map<string, Reservation>> =>
  mapBy(
    await inventory.rows<Reservation>(`${RESERVATIONS} WHERE order_id = ANY($1::text[])`, [ids]),
    ({ orderId }) => orderId,
  );

/** Answers everything that is wrong with an order and its reservation at this moment. */
type Judge = (claim: Claim) => readonly Wrong[];

/** Called with what is wrong for certain. */
type Report = (orderId: string, claim: Claim, wrong: Wrong) => void;

/**
 * Looks again at orders and reservations that did not fit when they were read one after the other.
 *
 * Two databases cannot be read at one moment; but an order only ever moves forward and is never removed but by the archive, which says so. So an order that
 * was read before its reservation and again after it, and stands as it stood, has stood like this all the while, and the
 * reservation was read at a moment when it did: the two were like this together. What does not fit then is wrong and
 * not merely in progress, however busy the system is. An order that has moved meanwhile is looked at once more; it can
 * move only a few times.
 */
const lookAgain = async (
  { orders, inventory }: { readonly orders: Reader; readonly inventory: Reader },
  suspects: ReadonlyMap<string, StockedOrder | undefined>,
  readJudge: () => Promise<Judge>,
  report: Report,
): Promise<void> => {
  let open = suspects;
  while (open.size > 0) {
    const ids = [...open.keys()];
    const reservations = await readReservations(inventory, ids);
    const after = await readOrders(orders, ids);
    // After the orders: one that was archived meanwhile is registered.
    const archived = await findArchived(
      orders,
      ids.filter((id) => !after.has(id)),
    );
    const judge = await readJudge();
    const moved = new Map<string, StockedOrder | undefined>();
    for (const [id, before] of open) {
      const claim = { order: after.get(id), reservation: reservations.get(id), isArchived: archived.has(id) };
      const wrongs = judge(claim);
      if (wrongs.length === 0) continue;
      if (isSameStand(before, claim.order)) for (const wrong of wrongs) report(id, claim, wrong);
      else moved.set(id, claim.order);
    }
    open = moved;
  }
};

const SHOWN_CHARACTERS = 200;

const formatCount = ({ order, reservation }: Claim, { problem }: Wrong): string =>
  [
    problem === MALFORMED_ORDER ? order?.lines.slice(0, SHOWN_CHARACTERS) : undefined,
    problem === MALFORMED_RESERVATION ? reservation?.lines.slice(0, SHOWN_CHARACTERS) : undefined,
    order ? `${order.status} with reservation ${order.reservationId}` : 'no order',
    reservation ? `kept: ${reservation.state} ${reservation.reservationId}` : 'none kept',
  ]
    .filter((part) => part !== undefined)
    .join('; ');

/** Orders and reservations, side by side, by order id. */
const readBoth = (orders: Reader, inventory: Reader) =>
  mergePages(
    {
      pages: orders.pages<StockedOrder>(`${ORDERS} ORDER BY id COLLATE "C"`),
      keyOf: ({ id }: StockedOrder) => id,
    },
    {
      pages: inventory.pages<Reservation>(`${RESERVATIONS} ORDER BY order_id COLLATE "C"`),
      keyOf: ({ orderId }: Reservation) => orderId,
    },
  );

/** Each side by the clock of its own database. */
const tooOldBy = (orders: Times, inventory: Times, { stockMs, leaveMs, clockMs }: AuditLimits): TooOld => {
  const isPast = ({ now, asOf }: Times, since: number, limit: number): boolean =>
    asOf - since > limit || since - now > clockMs;
  return {
    heldForNothing: (since) => isPast(inventory, since, stockMs),
    toReturn: (since) => isPast(orders, since, stockMs),
    toLeave: (since) => isPast(orders, since, leaveMs),
  };
};

/** No two orders stand on one reservation, as of one moment in each database. */
const SHARED_BY_ORDERS = `
  SELECT 'several orders share a reservation', min(id COLLATE "C"),
    format('reservation %s, %s orders, another one is %s', reservation_id, count(*), max(id COLLATE "C"))
  FROM orders GROUP BY reservation_id HAVING min(id COLLATE "C") <> max(id COLLATE "C")`;

const SHARED_BY_RESERVATIONS = `
  SELECT 'several reservations have one id', min(order_id COLLATE "C"),
    format('reservation %s, of %s orders, another one is %s', reservation_id, count(*), max(order_id COLLATE "C"))
  FROM reservations GROUP BY reservation_id HAVING min(order_id COLLATE "C") <> max(order_id COLLATE "C")`;

/**
 * Reservations match exactly the orders that should hold them: those that are not cancelled their own, with their units,
 * until they are shipped and it has left; those that are cancelled none once it is known to be back.
 */
export const checkReservations = async (
  orders: Reader,
  inventory: Reader,
  { limits, exampleCount, timesOf }: AuditContext,
): Promise<Check[]> => {
  const findings = {
    reservations: createFindings(exampleCount),
    cancellations: createFindings(exampleCount),
  };
  const checked = { reservations: 0, cancellations: 0 };
  const readJudge = async (): Promise<Judge> => {
    const tooOld = tooOldBy(await timesOf(orders), await timesOf(inventory), limits);
    return (claim) => judgeClaim(claim, tooOld);
  };
  let previous: string | undefined;
  for await (const pairs of readBoth(orders, inventory)) {
    const suspects = new Map<string, StockedOrder | undefined>();
    const judge = await readJudge();
    for (const { key, left, right } of pairs) {
      // The index that keeps ids apart is broken; what is read by an id then is one of the rows.
      if (key === previous) {
        if (left) findings.reservations.add('an order is stored twice', { id: key });
        if (right) findings.reservations.add('a reservation is stored twice', { id: key });
        continue;
      }
      previous = key;
      checked[left?.status === 'CANCELLED' ? 'cancellations' : 'reservations'] += 1;
      if (judge({ order: left, reservation: right }).length > 0) suspects.set(key, left);
    }
    await lookAgain({ orders, inventory }, suspects, readJudge, (id, claim, wrong) =>
      findings[wrong.check].add(wrong.problem, { id, detail: formatCount(claim, wrong) }),
    );
  }
  return [
    checkOf('reservations', {
      checked: checked.reservations,
      unit: 'orders and reservations',
      violations: [
        ...findings.reservations.list(),
        ...(await orders.violations(SHARED_BY_ORDERS, [], exampleCount)),
        ...(await inventory.violations(SHARED_BY_RESERVATIONS, [], exampleCount)),
      ],
    }),
    checkOf('cancellations', {
      checked: checked.cancellations,
      unit: 'cancelled orders',
      violations: findings.cancellations.list(),
    }),
  ];
};
