import { mergeLines, type NewOrder, type OrderLine, type OrderStatus } from '@order-pipeline/contracts';
import type { SheddingReason } from './load-shedding/rules.ts';

/** What came of placing an order. */
export type Placement =
  | { readonly outcome: 'PLACED'; readonly isNew: boolean }
  /** `archivedAt`: by an order of the same user that was archived then. */
  | { readonly outcome: 'ID_TAKEN'; readonly archivedAt?: Date }
  | { readonly outcome: 'UNKNOWN_USER' }
  | { readonly outcome: 'UNKNOWN_ITEM'; readonly itemIds: readonly string[] }
  | { readonly outcome: 'NOT_ENOUGH_STOCK'; readonly short: readonly Shortage[] }
  /** Another placement of the same id is under way, or was and has not been settled yet: to be tried again. */
  | { readonly outcome: 'UNDECIDED' }
  /** Refused by load shedding, with nothing done. */
  | { readonly outcome: 'NOT_NOW'; readonly reason: SheddingReason }
  /** It met an error, and others of its batch did not. */
  | { readonly outcome: 'FAILED'; readonly error: unknown };

export interface Shortage {
  readonly itemId: string;
  readonly requestedQty: number;
  readonly availableQty: number;
}

/** What of a stored order decides whether a request repeats it. */
export interface OrderContent {
  readonly userId: string;
  readonly items: readonly OrderLine[];
}

const sameLine = (a: OrderLine, b: OrderLine | undefined): boolean =>
  a.itemId === b?.itemId && a.quantity === b.quantity;

/** Whether lines ask for the same units of the same items, however they are sorted or split. */
const sameLines = (some: readonly OrderLine[], others: readonly OrderLine[]): boolean => {
  const [a, b] = [mergeLines(some), mergeLines(others)];
  return a.length === b.length && a.every((line, index) => sameLine(line, b[index]));
};

/** Whether a request to place an order repeats the one that placed it. */
export const isSameOrder = (stored: OrderContent, asked: OrderContent): boolean =>
  stored.userId === asked.userId && sameLines(stored.items, asked.items);

/** A request whose id is known: the same again is answered as the first time, another one is refused. */
export const decideRepeat = (stored: OrderContent, asked: OrderContent): Placement =>
  isSameOrder(stored, asked) ? { outcome: 'PLACED', isNew: false } : { outcome: 'ID_TAKEN' };

/**
 * Splits requests into those that can be placed together and those that have to wait for them, because they have an id
 * that is among them already.
 */
export const splitRepeats = <R extends { readonly order: NewOrder }>(
  requests: readonly R[],
): { readonly now: R[]; readonly later: R[] } => {
  const seen = new Set<string>();
  const now: R[] = [];
  const later: R[] = [];
  for (const request of requests) {
    (seen.has(request.order.orderId) ? later : now).push(request);
    seen.add(request.order.orderId);
  }
  return { now, later };
};

export type CancellationDecision =
  { readonly outcome: 'NOT_FOUND' } | { readonly outcome: 'REFUSED'; readonly sentence: string };

/**
 * Why an order that could not be moved from PENDING to CANCELLED was not.
 *
 * @param status where it was found afterwards; PENDING if it was placed only since, so that there was none to cancel
 */
export const decideCancellation = (status: OrderStatus | undefined): CancellationDecision =>
  status === undefined || status === 'PENDING'
    ? { outcome: 'NOT_FOUND' }
    : { outcome: 'REFUSED', sentence: `Order cannot be cancelled. Current status: ${status}` };
