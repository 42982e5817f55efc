import type { Reader } from '../database.ts';
import { mergePages } from '../merge.ts';
import { checkOf, createFindings, type Check } from '../report.ts';
import {
  isSameStand,
  judgeClaim,
  type Claim,
  type Reservation,
  type StockedOrder,
  type Wrong,
} from './claims.ts';
import type { AuditContext } from './context.ts';

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const ORDERS = `
  SELECT id, status::text AS status, reservation_id AS "reservationId", lines::text AS lines,
    ${ms('updated_at')} AS "updatedAt", ${ms('stock_returned_at')} AS "stockReturnedAt" FROM orders`;

const RESERVATIONS = `
  SELECT order_id AS "orderId", reservation_id AS "reservationId", state::text AS state, lines::text AS lines,
    ${ms('created_at')} AS "createdAt" FROM reservations`;

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

/** Told what is wrong, for certain. */
type Tell = (orderId: string, claim: Claim, wrong: Wrong) => void;

/**
 * Looks again at orders and reservations that did not fit when they were read one after the other.
 *
 * Two databases cannot be read at one moment; but an order only ever moves forward and is never removed. So an order that
 * was read before its reservation and again after it, and stands as it stood, has stood like this all the while, and the
 * reservation was read at a moment when it did: the two were like this together. What does not fit then is wrong and
 * not merely on its way, however busy the system is. An order that has moved meanwhile is looked at once more; it can
 * move only a few times.
 */
const lookAgain = async (
  { orders, inventory }: { readonly orders: Reader; readonly inventory: Reader },
  suspects: ReadonlyMap<string, StockedOrder | undefined>,
  judge: (claim: Claim) => Wrong | undefined,
  tell: Tell,
): Promise<void> => {
  let open = suspects;
  while (open.size > 0) {
    const ids = [...open.keys()];
    const reservations = await readReservations(inventory, ids);
    const after = await readOrders(orders, ids);
    const moved = new Map<string, StockedOrder | undefined>();
    for (const [id, before] of open) {
      const claim = { order: after.get(id), reservation: reservations.get(id) };
      const wrong = judge(claim);
      if (!wrong) continue;
      if (isSameStand(before, claim.order)) tell(id, claim, wrong);
      else moved.set(id, claim.order);
    }
    open = moved;
  }
};

const inWords = ({ order, reservation }: Claim): string =>
  [
    order ? `${order.status} with reservation ${order.reservationId}` : 'no order',
    reservation ? `kept: ${reservation.state} ${reservation.reservationId}` : 'none kept',
  ].join('; ');

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

/**
 * Reservations match exactly the orders that should hold them: those that are not cancelled their own, with their units,
 * until they are shipped and it has left; those that are cancelled none once it is known to be back.
 */
export const checkReservations = async (
  orders: Reader,
  inventory: Reader,
  { runtime, limits, exampleCount }: AuditContext,
): Promise<Check[]> => {
  const findings = {
    reservations: createFindings(exampleCount),
    cancellations: createFindings(exampleCount),
  };
  const checked = { reservations: 0, cancellations: 0 };
  const tooOld = {
    forNothing: (since: number) => runtime.wallClock() - since > limits.stockMs,
    toLeave: (since: number) => runtime.wallClock() - since > limits.leaveMs,
  };
  const judge = (claim: Claim) => judgeClaim(claim, tooOld);
  for await (const pairs of readBoth(orders, inventory)) {
    const suspects = new Map<string, StockedOrder | undefined>();
    for (const { key, left, right } of pairs) {
      checked[left?.status === 'CANCELLED' ? 'cancellations' : 'reservations'] += 1;
      if (judge({ order: left, reservation: right })) suspects.set(key, left);
    }
    await lookAgain({ orders, inventory }, suspects, judge, (id, claim, { check, problem }) =>
      findings[check].add(problem, { id, detail: inWords(claim) }),
    );
  }
  return [
    checkOf('reservations', {
      checked: checked.reservations,
      unit: 'orders and reservations',
      violations: findings.reservations.list(),
    }),
    checkOf('cancellations', {
      checked: checked.cancellations,
      unit: 'cancelled orders',
      violations: findings.cancellations.list(),
    }),
  ];
};
