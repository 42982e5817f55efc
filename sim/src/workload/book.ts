import {
  PREDECESSOR,
  type NewItem,
  type NewOrder,
  type OrderStatus,
  type User,
} from '@order-pipeline/contracts';
import type { Findings } from '../findings.ts';

/** A moment in milliseconds of the simulation. */
export type Moment = number;

/** What is known of one id that clients asked to create, and what they were told. */
export interface Creation<T> {
  /** Every content that was asked for, with when it was first. */
  readonly asked: { readonly content: T; readonly at: Moment }[];
  /** What was said to be there, and since when that is known. */
  confirmed: { readonly content: T; readonly at: Moment } | undefined;
  /** Whether any request got no answer, or one that says nothing. */
  isOpen: boolean;
}

export interface OrderFacts extends Creation<NewOrder> {
  /** Statuses that clients were told, with when they were known. */
  readonly seen: { readonly status: OrderStatus; readonly at: Moment }[];
  isCancelConfirmed: boolean;
}

export interface ItemFacts extends Creation<NewItem> {
  /** Units of restocks that were answered, and of those that may or may not have been. */
  restocked: number;
  maybeRestocked: number;
}

/** Everything that clients asked and were told: what the system must be true to. */
export interface Book {
  readonly users: ReadonlyMap<string, Creation<User>>;
  readonly items: ReadonlyMap<string, ItemFacts>;
  readonly orders: ReadonlyMap<string, OrderFacts>;
  user(userId: string): Creation<User>;
  item(itemId: string): ItemFacts;
  order(orderId: string): OrderFacts;
  /** Notes a status that was told by a request which began at `askedAt`. */
  saw(orderId: string, status: OrderStatus, askedAt: Moment, heardAt: Moment): void;
}

const isLater = (before: OrderStatus, after: OrderStatus): boolean => {
  for (let status: OrderStatus | undefined = after; status;) {
    if (status === before) return true;
    status = status === 'PENDING' ? undefined : PREDECESSOR[status];
  }
  return false;
};

const creation = <T>(): Creation<T> => ({ asked: [], confirmed: undefined, isOpen: false });

const open = <T>(facts: Map<string, T>, id: string, create: () => T): T => {
  const known = facts.get(id) ?? create();
  facts.set(id, known);
  return known;
};

export const createBook = (findings: Findings): Book => {
  const users = new Map<string, Creation<User>>();
  const items = new Map<string, ItemFacts>();
  const orders = new Map<string, OrderFacts>();
  const order = (orderId: string): OrderFacts =>
    open(orders, orderId, () => ({ ...creation<NewOrder>(), seen: [], isCancelConfirmed: false }));
  return {
    users,
    items,
    orders,
    user: (userId) => open(users, userId, creation<User>),
    item: (itemId) =>
      open(items, itemId, () => ({ ...creation<NewItem>(), restocked: 0, maybeRestocked: 0 })),
    order,
    saw: (orderId, status, askedAt, heardAt) => {
      const { seen } = order(orderId);
      const contradicted = seen.find((earlier) => earlier.at <= askedAt && !isLater(earlier.status, status));
      if (contradicted) {
        const detail = `${contradicted.status} was told, and after that ${status}`;
        findings.add('what clients are told of an order never goes back', [orderId], detail);
      }
      seen.push({ status, at: heardAt });
    },
  };
};
