import {
  bodyLimitOf,
  reservationsApi,
  type ReservationRef,
  type ReservationRequest,
  type ReservationResult,
} from '@order-pipeline/contracts';
import { inLoads, logFailure, type CallContext, type ServiceClients } from '@order-pipeline/service-kit';

const MAX_CHARACTERS_A_CALL = bodyLimitOf(reservationsApi.reserveStock) - 64;
/** The characters of a request in JSON at most: what stands around ids and the largest quantity, and the ids. */
const charactersOf = ({ orderId, lines }: ReservationRequest): number =>
  lines.reduce((sum, { itemId }) => sum + itemId.length + 40, orderId.length + 32);

/** Asks the inventory to reserve the lines of orders; a result an order, in the same order. */
export const askForStock = async (
  clients: ServiceClients,
  wanted: readonly ReservationRequest[],
  call: CallContext,
): Promise<ReservationResult[]> => {
  // Orders of many lines are too large to be reserved with one call.
  const loads = inLoads(wanted, MAX_CHARACTERS_A_CALL, charactersOf);
  const answers = await Promise.all(
    loads.map((load) => clients.call(reservationsApi.reserveStock, { body: { requests: load } }, call)),
  );
  return answers.flatMap(({ results }) => results);
};

export const NOT_RELEASED = 'stock could not be given back, it will be reconciled';

/** Gives stock back that no order stands on. What cannot be given back now the inventory's reconciler gives back. */
export const release = async (
  clients: ServiceClients,
  reservations: ReservationRef[],
  call: CallContext,
): Promise<void> => {
  if (reservations.length === 0) return;
  try {
    await clients.call(reservationsApi.releaseStock, { body: { reservations } }, call);
  } catch (error) {
    logFailure(call.logger, error, { orders: reservations.length }, NOT_RELEASED);
  }
};
