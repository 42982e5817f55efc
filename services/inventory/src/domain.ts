import {
  mergeLines,
  ORDER_LIFECYCLE,
  type NewItem,
  type OrderLine,
  type ReservationRequest,
  type ReservationResult,
  type Settlement,
} from '@order-pipeline/contracts';

/** A reservation as it stands in the database. */
export interface StoredReservation {
  readonly orderId: string;
  readonly reservationId: string;
  readonly state: 'HELD' | 'RELEASED' | 'CONSUMED';
  readonly lines: readonly OrderLine[];
}

/** A reservation to be made. */
export interface NewReservation {
  readonly orderId: string;
  readonly reservationId: string;
  readonly lines: readonly OrderLine[];
}

export interface ReservationDecision {
  /** One result a request, in the same order. */
  readonly results: readonly ReservationResult[];
  readonly reservations: readonly NewReservation[];
}

const sameLines = (a: readonly OrderLine[], b: readonly OrderLine[]): boolean =>
  a.length === b.length &&
  a.every((line, index) => line.itemId === b[index]?.itemId && line.quantity === b[index]?.quantity);

/** What is already known of an order's reservation, if that settles the request. A released one may be made again. */
const decideRepeat = (
  request: ReservationRequest,
  lines: readonly OrderLine[],
  stored: StoredReservation | undefined,
): ReservationResult | undefined => {
  if (!stored || stored.state === 'RELEASED') return undefined;
  const outcome = sameLines(stored.lines, lines) ? 'RESERVED' : 'CONFLICTING_RESERVATION';
  return { orderId: request.orderId, outcome, reservationId: stored.reservationId };
};

const decideStock = (
  orderId: string,
  lines: readonly OrderLine[],
  available: ReadonlyMap<string, number>,
): ReservationResult | undefined => {
  const unknown = lines.filter(({ itemId }) => !available.has(itemId)).map(({ itemId }) => itemId);
  if (unknown.length > 0) return { orderId, outcome: 'UNKNOWN_ITEM', itemIds: unknown };
  const short = lines
    .map(({ itemId, quantity }) => ({
      itemId,
      requestedQty: quantity,
      availableQty: available.get(itemId) ?? 0,
    }))
    .filter(({ requestedQty, availableQty }) => requestedQty > availableQty);
  return short.length > 0 ? { orderId, outcome: 'NOT_ENOUGH_STOCK', short } : undefined;
};

/** A batch of reservations that are asked for. */
export type ReservationRequests = readonly ReservationRequest[];

/**
 * Decides a batch of reservations, in the order of the requests, each all or nothing: what one takes is not there for
 * the next.
 *
 * @param stock the units available of every item named; an item that is missing here is unknown
 * @param stored what the database knows under the order ids
 * @param newId a new reservation id
 */
export const decideReservations = (
  requests: ReservationRequests,
  stock: ReadonlyMap<string, number>,
  stored: ReadonlyMap<string, StoredReservation>,
  newId: () => string,
): ReservationDecision => {
  const available = new Map(stock);
  const known = new Map(stored);
  const reservations: NewReservation[] = [];
  const results = requests.map((request): ReservationResult => {
    const { orderId } = request;
    const lines = mergeLines(request.lines);
    const settled =
      decideRepeat(request, lines, known.get(orderId)) ?? decideStock(orderId, lines, available);
    if (settled) return settled;
    const reservation = { orderId, reservationId: newId(), lines };
    for (const { itemId, quantity } of lines) available.set(itemId, (available.get(itemId) ?? 0) - quantity);
    known.set(orderId, { ...reservation, state: 'HELD' });
    reservations.push(reservation);
    return { orderId, outcome: 'RESERVED', reservationId: reservation.reservationId };
  });
  return { results, reservations };
};

/**
 * The reservations that requests ask for, by request; of those that name the same order, that of the first.
 *
 * @param newId a new reservation id
 */
export const newReservations = (
  requests: readonly ReservationRequest[],
  newId: () => string,
): Map<ReservationRequest, NewReservation> => {
  const orderIds = new Set<string>();
  const reservations = new Map<ReservationRequest, NewReservation>();
  for (const request of requests) {
    const { orderId, lines } = request;
    if (orderIds.has(orderId)) continue;
    orderIds.add(orderId);
    reservations.set(request, { orderId, reservationId: newId(), lines: mergeLines(lines) });
  }
  return reservations;
};

/** What has to be done with held reservations once the verdict about their orders is known. */
export const decideSettlements = (settlements: readonly Settlement[]) => {
  const becoming = (state: 'RELEASED' | 'CONSUMED') =>
    settlements.filter(({ verdict }) =>
      verdict === 'ABANDONED' ? state === 'RELEASED' : ORDER_LIFECYCLE[verdict].reservation === state,
    );
  return { release: becoming('RELEASED'), consume: becoming('CONSUMED') };
};

/** Whether a request to add an item repeats the one that added it. */
export const isSameItem = (added: NewItem, again: NewItem): boolean =>
  added.itemName === again.itemName && added.availableQty === again.availableQty;
