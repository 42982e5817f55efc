import { MAX_BATCH, reservationsApi } from '@order-pipeline/contracts';
import type { CallContext, ServiceClients } from '@order-pipeline/service-kit';
import type { OrdersStore, WaitingOrder } from '../store/index.ts';

interface Parts {
  readonly clients: Pick<ServiceClients, 'call'>;
  readonly store: Pick<OrdersStore, 'findOrders' | 'replaceReservation'>;
}

const batchesOf = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MAX_BATCH) }, (_, index) =>
    all.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH),
  );

const findHeld = async (
  clients: Parts['clients'],
  orderIds: string[],
  call: CallContext,
): Promise<string[]> => {
  const { reservations } = await clients.call(reservationsApi.findReservations, { body: { orderIds } }, call);
  return reservations.filter(({ state }) => state !== 'RELEASED').map(({ orderId }) => orderId);
};

/**
 * Those of the orders that no stock is held for, and none has left for. One that is cancelled or transitioned while we ask
 * is not among them: its stock goes back only after its status has changed.
 *
 * @throws AppError UNAVAILABLE when the inventory is down
 */
export const findWithoutStock = async (
  { clients, store }: Parts,
  orders: readonly WaitingOrder[],
  call: CallContext,
): Promise<WaitingOrder[]> => {
  const ids = orders.map(({ id }) => id);
  const held = new Set<string>();
  for (const batch of batchesOf(ids)) {
    for (const orderId of await findHeld(clients, batch, call)) held.add(orderId);
  }
  const suspects = orders.filter(({ id }) => !held.has(id));
  if (suspects.length === 0) return [];
  const now = await store.findOrders(suspects.map(({ id }) => id));
  return suspects.filter(({ id, status }) => now.get(id)?.status === status);
};

/**
 * Reserves the stock of orders again under their ids, where there is some, and makes them stand on it. Stock that was
 * reserved for one that is cancelled in between the inventory's reconciler gives back.
 *
 * @returns the ids of those that are still without stock
 */
export const reserveAgain = async (
  { clients, store }: Parts,
  orders: readonly WaitingOrder[],
  call: CallContext,
): Promise<Set<string>> => {
  const byId = new Map(orders.map((order) => [order.id, order]));
  const without = new Set(byId.keys());
  for (const batch of batchesOf(orders)) {
    const requests = batch.map(({ id, lines }) => ({ orderId: id, lines }));
    const input = { body: { requests } };
    const { results } = await clients.call(reservationsApi.reserveStock, input, call);
    for (const result of results) {
      const order = byId.get(result.orderId);
      if (result.outcome !== 'RESERVED' || !order) continue;
      without.delete(order.id);
      const change = { from: order.reservationId, to: result.reservationId };
      if (await store.replaceReservation(order.id, change))
        call.logger.info({ orderId: order.id }, 'missing reservation restored');
    }
  }
  return without;
};
