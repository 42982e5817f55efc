import type { OrderStatus, ReservationRef, Settlement } from '@order-pipeline/contracts';
import type { Runtime } from '@order-pipeline/service-kit';
import type { Database, Sql } from './sql.ts';

/** Placements wait behind us while we wait for those under way, so not for long; who asked will ask again. */
const LOCK_TIMEOUT_MS = 500;

const bar = (database: Database, reservations: readonly ReservationRef[], at: string): Promise<number> =>
  database.$executeRaw`
    INSERT INTO abandoned_reservations (reservation_id, order_id, at)
    SELECT reservation_id, order_id, ${at}::timestamptz FROM unnest(
      ${reservations.map(({ reservationId }) => reservationId)}::text[],
      ${reservations.map(({ orderId }) => orderId)}::text[]
    ) AS t(reservation_id, order_id)
    ON CONFLICT DO NOTHING`;

/**
 * Waits until every statement that was writing orders has ended. Such a statement holds a lock on the table that this
 * one conflicts with, taken before the statement chose what it sees; so one that did not see the bar has ended
 * afterwards, and every later one sees it.
 */
const waitForWriters = (database: Database): Promise<unknown> =>
  database.$transaction(async (sql) => {
    await sql.$queryRaw`SELECT set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`;
    await sql.$executeRaw`LOCK TABLE orders IN SHARE MODE`;
  });

const findStatuses = async (sql: Sql, orderIds: readonly string[]): Promise<Map<string, OrderStatus>> => {
  const rows = await sql.$queryRaw<{ id: string; status: OrderStatus }[]>`
    SELECT id, status::text AS status FROM orders WHERE id = ANY(${orderIds}::text[])`;
  return new Map(rows.map(({ id, status }) => [id, status]));
};

/**
 * The truth about reservations. One without an order is barred first, then it is made sure that no placement that was
 * under way has stored an order with it after all: what is answered as ABANDONED stays so for ever, whoever is late.
 */
export const settleReservations = async (
  database: Database,
  reservations: readonly ReservationRef[],
  at: string,
  runtime: Pick<Runtime, 'reach'>,
): Promise<Settlement[]> => {
  const orderIds = reservations.map(({ orderId }) => orderId);
  let statuses = await findStatuses(database, orderIds);
  const missing = reservations.filter(({ orderId }) => !statuses.has(orderId));
  if (missing.length > 0) {
    await bar(database, missing, at);
    await waitForWriters(database);
    await runtime.reach('orders.afterBarBeforeSettle');
    statuses = await findStatuses(database, orderIds);
  }
  return reservations.map(({ orderId, reservationId }) => ({
    orderId,
    reservationId,
    truth: statuses.get(orderId) ?? 'ABANDONED',
  }));
};
