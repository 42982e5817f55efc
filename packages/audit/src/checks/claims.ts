import type { OrderLine, OrderStatus } from '@order-pipeline/contracts';
import { EXPECTED } from '../lifecycle.ts';

/** An order as far as stock is concerned; times in milliseconds since the epoch. */
export interface StockedOrder {
  readonly id: string;
  readonly status: OrderStatus;
  readonly reservationId: string;
  /** JSON. */
  readonly lines: string;
  /** Whether `lines` are not order lines. */
  readonly isMalformed: boolean;
  readonly updatedAt: number;
  readonly stockReturnedAt: number | null;
}

export interface Reservation {
  readonly orderId: string;
  readonly reservationId: string;
  readonly state: 'HELD' | 'RELEASED' | 'CONSUMED';
  /** JSON. */
  readonly lines: string;
  /** Whether `lines` are not order lines. */
  readonly isMalformed: boolean;
  readonly createdAt: number;
}

/** An order and the reservation under its id, as they stood together at one moment; one of them may be missing. */
export interface Claim {
  readonly order: StockedOrder | undefined;
  readonly reservation: Reservation | undefined;
  /** Whether an order of this id was archived: its reservation follows. */
  readonly isArchived?: boolean;
}

/**
 * Whether a time, in milliseconds since the epoch, is longer ago than a limit, or lies ahead of the clock: how long
 * something has waited since then nobody can say.
 */
export interface TooOld {
  /** That of stock that is held for nothing. */
  readonly heldForNothing: (since: number) => boolean;
  /** That of an order whose stock is to come back. */
  readonly toReturn: (since: number) => boolean;
  /** That of stock of a shipped order. */
  readonly toLeave: (since: number) => boolean;
}

export interface Wrong {
  readonly check: 'reservations' | 'cancellations';
  readonly problem: string;
}

export const MALFORMED_ORDER = 'the lines of an order are malformed';
export const MALFORMED_RESERVATION = 'the lines of a reservation are malformed';

const unitsOf = (lines: string): string => {
  const units = new Map<string, number>();
  for (const { itemId, quantity } of JSON.parse(lines) as OrderLine[]) {
    units.set(itemId, (units.get(itemId) ?? 0) + quantity);
  }
  return JSON.stringify([...units].toSorted(([a], [b]) => (a < b ? -1 : 1)));
};

/** Whether order lines, in JSON, name the same units. */
export const sameUnits = (a: string, b: string): boolean => a === b || unitsOf(a) === unitsOf(b);

const wrongWithoutOrder = (reservation: Reservation, isArchived: boolean, tooOld: TooOld) => {
  if (reservation.state === 'CONSUMED' && isArchived) return undefined;
  if (reservation.state === 'CONSUMED') return 'a reservation was consumed for an order that does not exist';
  const isForgotten = reservation.state === 'HELD' && tooOld.heldForNothing(reservation.createdAt);
  return isForgotten ? 'stock is held for an order that does not exist' : undefined;
};

/**
 * The stock of a cancelled order. Another placement of the same order, which came too late, may hold stock under its id
 * for a while, as a reservation of its own.
 */
const wrongWhenCancelled = (order: StockedOrder, reservation: Reservation, tooOld: TooOld) => {
  if (reservation.state === 'CONSUMED') return 'the reservation of a cancelled order was consumed';
  if (order.stockReturnedAt === null)
    return tooOld.toReturn(order.updatedAt) ? 'the release of a cancelled order is not confirmed' : undefined;
  if (reservation.state === 'RELEASED') return undefined;
  if (reservation.reservationId === order.reservationId)
    return 'the reservation of a cancelled order is held after its release was confirmed';
  return tooOld.heldForNothing(reservation.createdAt)
    ? 'stock is reserved again for a cancelled order'
    : undefined;
};

/** Malformed lines have no units, and are reported for themselves. */
const hasOtherUnits = (order: StockedOrder, reservation: Reservation): boolean =>
  !order.isMalformed && !reservation.isMalformed && !sameUnits(order.lines, reservation.lines);

const wrongWhenNeeded = (order: StockedOrder, reservation: Reservation, tooOld: TooOld) => {
  if (order.stockReturnedAt !== null) return 'the release of an order that is not cancelled is confirmed';
  if (reservation.reservationId !== order.reservationId)
    return 'an order refers to another reservation than the one under its id';
  if (hasOtherUnits(order, reservation)) return 'a reservation differs from the lines of its order';
  if (reservation.state === 'RELEASED')
    return 'the reservation of an order that is not cancelled was released';
  const isShipped = EXPECTED[order.status].holdsStock === 'until its event is consumed';
  if (reservation.state === 'CONSUMED')
    return isShipped ? undefined : 'a reservation was consumed before its order was shipped';
  return isShipped && tooOld.toLeave(order.updatedAt)
    ? 'the reservation of a shipped order is not consumed'
    : undefined;
};

const wrongTogether = (
  { order, reservation, isArchived = false }: Claim,
  tooOld: TooOld,
): Wrong | undefined => {
  const check = order?.status === 'CANCELLED' ? 'cancellations' : 'reservations';
  let problem: string | undefined;
  if (!order) problem = reservation && wrongWithoutOrder(reservation, isArchived, tooOld);
  else if (!reservation) problem = 'an order has no reservation';
  else if (order.status === 'CANCELLED') problem = wrongWhenCancelled(order, reservation, tooOld);
  else problem = wrongWhenNeeded(order, reservation, tooOld);
  return problem === undefined ? undefined : { check, problem };
};

/** What is wrong with an order and its reservation. */
export const judgeClaim = (claim: Claim, tooOld: TooOld): Wrong[] => {
  const check = 'reservations';
  const wrong = wrongTogether(claim, tooOld);
  return [
    ...(claim.order?.isMalformed ? [{ check, problem: MALFORMED_ORDER } as const] : []),
    ...(claim.reservation?.isMalformed ? [{ check, problem: MALFORMED_RESERVATION } as const] : []),
    ...(wrong ? [wrong] : []),
  ];
};

/** Whether an order has not changed between two looks at it. */
export const isSameStand = (a: StockedOrder | undefined, b: StockedOrder | undefined): boolean =>
  a?.status === b?.status &&
  a?.reservationId === b?.reservationId &&
  a?.stockReturnedAt === b?.stockReturnedAt;
