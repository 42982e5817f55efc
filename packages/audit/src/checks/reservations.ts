import { boundsOf, within, type Reader } from '../database.ts';
import type { AuditLimits } from '../limits.ts';
import { checkOf, createFindings, type Check, type Violation } from '../report.ts';
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
import { findShared, findStoredTwice } from './repeats.ts';

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

/** Orders with their reservations, page by page, and then the reservations without an order. */
const readClaims = async function* (orders: Reader, inventory: Reader): AsyncGenerator<Claim[]> {
  for await (const range of orders.ranges('orders', 'id')) {
    const page = await orders.rows<StockedOrder>(`${ORDERS} WHERE ${within('id')}`, boundsOf(range));
    const reservations = await readReservations(
      inventory,
      page.map(({ id }) => id),
    );
    yield page.map((order) => ({ order, reservation: reservations.get(order.id) }));
  }
  for await (const range of inventory.ranges('reservations', 'order_id')) {
    const page = await inventory.rows<Reservation>(
      `${RESERVATIONS} WHERE ${within('order_id')}`,
      boundsOf(range),
    );
    // One that was archived is looked at again, as whatever has no order.
    const known = await orders.rows<{ id: string }>('SELECT id FROM orders WHERE id = ANY($1::text[])', [
      page.map(({ orderId }) => orderId),
    ]);
    const ids = new Set(known.map(({ id }) => id));
    yield page
      .filter(({ orderId }) => !ids.has(orderId))
      .map((reservation) => ({ order: undefined, reservation }));
  }
};

const idOf = ({ order, reservation }: Claim): string => order?.id ?? reservation?.orderId ?? '';

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

/** No two orders stand on one reservation, and none is stored twice: the index that keeps ids apart may be broken. */
const findRepeated = async (
  orders: Reader,
  inventory: Reader,
  exampleCount: number,
): Promise<Violation[]> => [
  ...(await findStoredTwice(orders, 'orders', 'an order', exampleCount)),
  ...(await findStoredTwice(inventory, 'reservations', 'a reservation', exampleCount, 'order_id')),
  ...(await findShared(
    orders,
    { table: 'orders', key: 'id', problem: 'several orders share a reservation', what: 'orders' },
    exampleCount,
  )),
  ...(await findShared(
    inventory,
    {
      table: 'reservations',
      key: 'order_id',
      problem: 'several reservations have one id',
      what: 'reservations',
    },
    exampleCount,
  )),
];

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
  for await (const claims of readClaims(orders, inventory)) {
    const suspects = new Map<string, StockedOrder | undefined>();
    const judge = await readJudge();
    for (const claim of claims) {
      checked[claim.order?.status === 'CANCELLED' ? 'cancellations' : 'reservations'] += 1;
      if (judge(claim).length > 0) suspects.set(idOf(claim), claim.order);
    }
    await lookAgain({ orders, inventory }, suspects, readJudge, (id, claim, wrong) =>
      findings[wrong.check].add(wrong.problem, { id, detail: formatCount(claim, wrong) }),
    );
  }
  return [
    checkOf('reservations', {
      checked: checked.reservations,
      unit: 'orders and reservations',
      violations: [...findings.reservations.list(), ...(await findRepeated(orders, inventory, exampleCount))],
    }),
    checkOf('cancellations', {
      checked: checked.cancellations,
      unit: 'cancelled orders',
      violations: findings.cancellations.list(),
    }),
  ];
};
