import type pg from 'pg';
import type { FiledOrder } from './filed-order.ts';

/**
 * SQL: nothing waits for the order of a row of `orders`: it is closed for good, no event of it is to be published, and no
 * dead letter of it is to be resolved.
 */
export const IS_SETTLED = `
  (orders.status::text = 'DELIVERED' OR (orders.status::text = 'CANCELLED' AND orders.stock_returned_at IS NOT NULL))
  AND NOT EXISTS (
    SELECT FROM outbox WHERE event_id = ANY(ARRAY[
      orders.id || ':PENDING', orders.id || ':PROCESSING', orders.id || ':SHIPPED', orders.id || ':DELIVERED'
    ])
  )
  AND NOT EXISTS (
    SELECT FROM dead_letters AS letter
    WHERE letter.order_id = orders.id AND letter.status::text IN ('OPEN', 'REDRIVING')
  )`;

/** A closed order, in the order of placement. */
export interface Candidate {
  readonly id: string;
  readonly seq: string;
  /** In which it was placed, as `2026-03`. */
  readonly month: string;
  /** It was placed long enough ago; those behind it may be too young altogether. */
  readonly isOld: boolean;
  /** It was closed long enough ago. */
  readonly isClosed: boolean;
  /** Nothing waits for it. */
  readonly isSettled: boolean;
}

const oldestOf = (status: string): string =>
  `(SELECT * FROM orders WHERE status = '${status}' AND seq > $1::bigint ORDER BY seq LIMIT $3)`;

const PAGE = `
  SELECT orders.id, orders.seq::text AS seq, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
    created_at < $2::timestamptz AS "isOld",
    updated_at < $2::timestamptz AS "isClosed",
    created_at > '0001-01-01' AND isfinite(announced_at) AND ${IS_SETTLED} AS "isSettled"
  FROM (${oldestOf('DELIVERED')} UNION ALL ${oldestOf('CANCELLED')}) AS orders
  ORDER BY orders.seq LIMIT $3`;

/**
 * The next closed orders behind the one with this `seq`, as the index of their statuses has them.
 *
 * @param closedBefore as PostgreSQL writes it
 */
export const findCandidates = async (
  orders: pg.Pool,
  after: string,
  closedBefore: string,
  limit: number,
): Promise<Candidate[]> => (await orders.query<Candidate>(PAGE, [after, closedBefore, limit])).rows;

type OrderRow = Omit<FiledOrder, 'seq' | 'lines' | 'history' | 'reservation'> & {
  readonly seq: string;
  readonly lines: unknown;
};

const ORDERS = `
  SELECT id, seq::text AS seq, user_id, status::text AS status, lines, created_at, updated_at AS closed_at, announced_at,
    stock_returned_at, reservation_id, traceparent
  FROM orders WHERE id = ANY($1::text[]) ORDER BY orders.seq`;

type StepRow = Omit<FiledOrder['history'][number], 'event_offset' | 'published_offset'> & {
  readonly order_id: string;
  readonly event_offset: string | null;
  readonly published_offset: string | null;
};

const STEPS = `
  SELECT order_id, status::text AS status, at, cause, event_partition, event_offset::text AS event_offset,
    published_partition, published_offset::text AS published_offset
  FROM order_history WHERE order_id = ANY($1::text[]) ORDER BY order_id, at, order_history.status`;

type ReservationRow = Omit<FiledOrder['reservation'], 'lines'> & {
  readonly order_id: string;
  readonly lines: unknown;
};

const RESERVATIONS = `
  SELECT order_id, reservation_id, state::text AS state, lines, created_at, updated_at
  FROM reservations WHERE order_id = ANY($1::text[])`;

const isLine = (line: unknown): line is { itemId: string; quantity: number } =>
  typeof line === 'object' &&
  line !== null &&
  'itemId' in line &&
  typeof line.itemId === 'string' &&
  'quantity' in line &&
  Number.isSafeInteger(line.quantity);

/** Nothing where they are malformed, as lines of before the database checked them may be. */
const linesOf = (lines: unknown): FiledOrder['lines'] | undefined =>
  Array.isArray(lines) && lines.every(isLine)
    ? lines.map(({ itemId, quantity }) => ({ item_id: itemId, quantity }))
    : undefined;

/** Whether the reservation has come to the end that its order needs, so that nobody writes it any more. */
const hasEnded = (order: OrderRow, { state, reservation_id }: ReservationRow): boolean =>
  order.status === 'DELIVERED'
    ? state === 'CONSUMED' && reservation_id === order.reservation_id
    : state === 'RELEASED';

const filedOrder = (
  order: OrderRow,
  steps: readonly StepRow[],
  reservation: ReservationRow | undefined,
): FiledOrder[] => {
  if (!reservation || !hasEnded(order, reservation) || steps.length === 0) return [];
  const [lines, reserved] = [linesOf(order.lines), linesOf(reservation.lines)];
  if (!lines || !reserved) return [];
  const { id, user_id, status, created_at, closed_at, announced_at } = order;
  return [
    {
      id,
      seq: BigInt(order.seq),
      user_id,
      status,
      lines,
      created_at,
      closed_at,
      announced_at,
      stock_returned_at: order.stock_returned_at,
      reservation_id: order.reservation_id,
      traceparent: order.traceparent,
      history: steps.map((step) => ({
        status: step.status,
        at: step.at,
        cause: step.cause,
        event_partition: step.event_partition,
        event_offset: step.event_offset === null ? null : BigInt(step.event_offset),
        published_partition: step.published_partition,
        published_offset: step.published_offset === null ? null : BigInt(step.published_offset),
      })),
      reservation: {
        reservation_id: reservation.reservation_id,
        state: reservation.state,
        lines: reserved,
        created_at: reservation.created_at,
        updated_at: reservation.updated_at,
      },
    },
  ];
};

/**
 * Orders as they are to be filed, in the order of placement; one is left out whose reservation still holds stock, or that
 * is not as it should be, which is for the audit to say.
 */
export const readOrders = async (
  orders: pg.Pool,
  inventory: pg.Pool,
  ids: readonly string[],
): Promise<FiledOrder[]> => {
  const rows = await orders.query<OrderRow>(ORDERS, [ids]);
  const steps = await orders.query<StepRow>(STEPS, [ids]);
  const reservations = await inventory.query<ReservationRow>(RESERVATIONS, [ids]);
  const stepsById = new Map<string, StepRow[]>();
  for (const step of steps.rows) {
    const known = stepsById.get(step.order_id);
    if (known) known.push(step);
    else stepsById.set(step.order_id, [step]);
  }
  const reservationById = new Map(reservations.rows.map((row) => [row.order_id, row]));
  return rows.rows.flatMap((row) =>
    filedOrder(row, stepsById.get(row.id) ?? [], reservationById.get(row.id)),
  );
};
