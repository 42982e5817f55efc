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

/** What is known of one id that clients asked to create, and what they have observed. */
export interface Creation<T> {
  /** Every content that was asked for, with when it was first. */
  readonly asked: { readonly content: T; readonly at: Moment }[];
  /** What was said to be there, and since when that is known. */
  confirmed: { readonly content: T; readonly at: Moment } | undefined;
  /** Whether any request got no answer, or one that says nothing. */
  isOpen: boolean;
}

/** What was answered of an archived order. */
export interface ArchivedAnswer {
  readonly file: string;
  /** ISO 8601. */
  readonly archivedAt: string;
}

export interface OrderFacts extends Creation<NewOrder> {
  /** Statuses that clients have observed, with when. */
  readonly seen: { readonly status: OrderStatus; readonly at: Moment }[];
  isCancelConfirmed: boolean;
  /** Since when it is known to be archived. */
  archivedSince: Moment | undefined;
  readonly archivedAnswers: ArchivedAnswer[];
  /** What was observed at a moment and is wrong unless it was archived by then. */
  readonly unlessArchived: { readonly at: Moment; readonly promise: string; readonly detail: string }[];
}

export interface ItemFacts extends Creation<NewItem> {
  /** Units of restocks that were answered, and of those that may or may not have been. */
  restocked: number;
  maybeRestocked: number;
  /** By idempotency key. */
  readonly keyedRestocks: Map<string, KeyedRestock>;
}

/** What is known of the restocks of an item under one key: one of them counts, once. */
export interface KeyedRestock {
  /** The quantities that were asked for. */
  readonly asked: Set<number>;
  /** What was answered 200 first: the quantity, and the answer as text. */
  confirmed: { readonly quantity: number; readonly answer: string } | undefined;
}

/** The model that the checkers compare the system with: everything that clients have asked for and observed. */
export interface Model {
  readonly users: ReadonlyMap<string, Creation<User>>;
  readonly items: ReadonlyMap<string, ItemFacts>;
  readonly orders: ReadonlyMap<string, OrderFacts>;
  user(userId: string): Creation<User>;
  item(itemId: string): ItemFacts;
  order(orderId: string): OrderFacts;
  /** Records that an order is archived: nothing else is answered to who asks after that. */
  archive(orderId: string, at: Moment): void;
  /** Records a status that was observed by a request which began at `askedAt`. */
  observe(orderId: string, status: OrderStatus, askedAt: Moment, answeredAt: Moment): void;
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

export const createModel = (findings: Findings): Model => {
  const users = new Map<string, Creation<User>>();
  const items = new Map<string, ItemFacts>();
  const orders = new Map<string, OrderFacts>();
  const order = (orderId: string): OrderFacts =>
    open(orders, orderId, () => ({
      ...creation<NewOrder>(),
      seen: [],
      isCancelConfirmed: false,
      archivedSince: undefined,
      archivedAnswers: [],
      unlessArchived: [],
    }));
  return {
    users,
    items,
    orders,
    user: (userId) => open(users, userId, creation<User>),
    item: (itemId) =>
      open(items, itemId, () => ({
        ...creation<NewItem>(),
        restocked: 0,
        maybeRestocked: 0,
        keyedRestocks: new Map(),
      })),
    order,
    archive: (orderId, at) => {
      const facts = order(orderId);
      facts.archivedSince ??= at;
    },
    observe: (orderId, status, askedAt, answeredAt) => {
      const { seen, archivedSince } = order(orderId);
      if (archivedSince !== undefined && archivedSince <= askedAt)
        findings.add('who asks for an archived order learns that it is', [orderId], `answered ${status}`);
      const contradicted = seen.find((earlier) => earlier.at <= askedAt && !isLater(earlier.status, status));
      if (contradicted) {
        const detail = `observed ${contradicted.status}, and after that ${status}`;
        findings.add('the status that clients observe never goes back', [orderId], detail);
      }
      seen.push({ status, at: answeredAt });
    },
  };
};
