import type {
  HistoryEntry,
  Item,
  NewItem,
  NewOrder,
  Order,
  OrderLine,
  OrderStatus,
} from '@order-pipeline/contracts';
import { unitsOf } from './dataset.ts';
import { formatCount } from '@order-pipeline/cli/kit';

/** What was asked of the system, and which of it the system agreed to. */
export interface Expected {
  readonly orders: readonly NewOrder[];
  readonly items: readonly NewItem[];
  readonly cancelled: ReadonlySet<string>;
  /** Why an order was refused, by its id. */
  readonly refused: ReadonlyMap<string, string>;
}

/** What the system says in the end. */
export interface Found {
  readonly orders: readonly Order[];
  readonly items: readonly Item[];
  readonly histories: ReadonlyMap<string, readonly HistoryEntry[]>;
}

/** One check: what is so when nothing is wrong, and what is wrong. */
export interface Check {
  readonly about: string;
  readonly sentence: string;
  readonly problems: readonly string[];
}

/** How the orders of the demo end. */
type End = Extract<OrderStatus, 'DELIVERED' | 'CANCELLED'>;

const LEGAL_WALKS: Readonly<Record<End, readonly OrderStatus[]>> = {
  DELIVERED: ['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED'],
  CANCELLED: ['PENDING', 'CANCELLED'],
};

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

const endOf = ({ cancelled }: Expected, orderId: string): End =>
  cancelled.has(orderId) ? 'CANCELLED' : 'DELIVERED';

const linesInWords = (lines: readonly OrderLine[]): string =>
  lines
    .map(({ itemId, quantity }) => `${quantity} × ${itemId}`)
    .toSorted()
    .join(', ');

const problemsOfOrder = (expected: NewOrder, end: OrderStatus, found: readonly Order[]): string[] => {
  const { orderId, userId } = expected;
  const [order, ...more] = found;
  if (!order) return [`${orderId} is not there`];
  const lines = linesInWords(expected.items);
  return [
    ...(more.length > 0 ? [`${orderId} is there ${found.length} times`] : []),
    ...(order.userId === userId ? [] : [`${orderId} is of ${order.userId}, not of ${userId}`]),
    ...(order.status === end ? [] : [`${orderId} is ${order.status}, not ${end}`]),
    ...(linesInWords(order.items) === lines
      ? []
      : [`${orderId} has ${linesInWords(order.items)}, not ${lines}`]),
  ];
};

const groupById = (orders: readonly Order[]): ReadonlyMap<string, readonly Order[]> => {
  const groups = new Map<string, Order[]>();
  for (const order of orders) {
    const group = groups.get(order.orderId);
    if (group) group.push(order);
    else groups.set(order.orderId, [order]);
  }
  return groups;
};

const checkOrders = (expected: Expected, placed: readonly NewOrder[], found: Found): Check => {
  const byId = groupById(found.orders);
  const known = new Set(expected.orders.map(({ orderId }) => orderId));
  const { size } = expected.cancelled;
  return {
    about: 'Orders',
    sentence: `all ${formatCount(placed.length)} are as in the file, ${formatCount(placed.length - size)} DELIVERED and ${formatCount(size)} CANCELLED`,
    problems: [
      ...[...expected.refused].map(([orderId, reason]) => `${orderId} was not placed: ${reason}`),
      ...placed.flatMap((order) =>
        problemsOfOrder(order, endOf(expected, order.orderId), byId.get(order.orderId) ?? []),
      ),
      ...[...byId.keys()].filter((orderId) => !known.has(orderId)).map((id) => `${id} is not in the file`),
    ],
  };
};

const checkUnits = (expected: Expected, placed: readonly NewOrder[], found: Found): Check => {
  const left = unitsOf(placed.filter(({ orderId }) => endOf(expected, orderId) === 'DELIVERED'));
  const byId = new Map(found.items.map((item) => [item.itemId, item]));
  const leftCount = sum(left.values());
  const stayedCount = sum(expected.items.map(({ availableQty }) => availableQty)) - leftCount;
  return {
    about: 'Units',
    sentence: `${formatCount(leftCount)} of ${formatCount(expected.items.length)} products have left, ${stayedCount === 0 ? 'none is over' : `the ${formatCount(stayedCount)} of cancelled orders can be sold again`}`,
    problems: expected.items.flatMap(({ itemId, availableQty: stocked }) => {
      const item = byId.get(itemId);
      if (!item) return [`${itemId} is not there`];
      const hasLeft = stocked - item.availableQty - item.reservedQty;
      const toLeave = left.get(itemId) ?? 0;
      return [
        ...(hasLeft === toLeave ? [] : [`${itemId}: ${hasLeft} have left, by the file ${toLeave}`]),
        ...(item.availableQty === stocked - toLeave
          ? []
          : [`${itemId}: ${item.availableQty} are available, by the file ${stocked - toLeave}`]),
      ];
    }),
  };
};

const checkReserved = ({ items }: Found): Check => ({
  about: 'Reserved',
  sentence: 'nothing is left reserved',
  problems: items
    .filter(({ reservedQty }) => reservedQty !== 0)
    .map(({ itemId, reservedQty }) => `${itemId}: ${reservedQty} still reserved`),
});

const problemOfHistory = (history: readonly HistoryEntry[] | undefined, end: End): string | undefined => {
  if (!history) return 'has no history';
  const walk = history.map(({ status }) => status).join(' → ');
  const legal = LEGAL_WALKS[end].join(' → ');
  if (walk !== legal) return `went ${walk}, not ${legal}`;
  const times = history.map(({ at }) => Date.parse(at));
  const inOrder = times.every((time, index) => time >= (times[index - 1] ?? 0));
  return inOrder
    ? undefined
    : `went back in time: ${history.map(({ status, at }) => `${status} ${at}`).join(', ')}`;
};

const checkHistories = (expected: Expected, placed: readonly NewOrder[], { histories }: Found): Check => ({
  about: 'Histories',
  sentence: `all ${formatCount(placed.length)} were read, each is legal and in order of time`,
  problems: placed.flatMap(({ orderId }) => {
    const problem = problemOfHistory(histories.get(orderId), endOf(expected, orderId));
    return problem === undefined ? [] : [`${orderId} ${problem}`];
  }),
});

/** Holds what the system says in the end against the file and against what it agreed to. */
export const verify = (expected: Expected, found: Found): readonly Check[] => {
  const placed = expected.orders.filter(({ orderId }) => !expected.refused.has(orderId));
  return [
    checkOrders(expected, placed, found),
    checkUnits(expected, placed, found),
    checkReserved(found),
    checkHistories(expected, placed, found),
  ];
};

/** How long each order took from PENDING to DELIVERED, in milliseconds, shortest first. */
export const walkTimesMs = (histories: Iterable<readonly HistoryEntry[]>): number[] =>
  [...histories]
    .flatMap((history) => {
      const placed = history.find(({ status }) => status === 'PENDING');
      const delivered = history.find(({ status }) => status === 'DELIVERED');
      return placed && delivered ? [Date.parse(delivered.at) - Date.parse(placed.at)] : [];
    })
    .toSorted((one, other) => one - other);
