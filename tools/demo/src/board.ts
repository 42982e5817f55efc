import { mayReach, ORDER_LIFECYCLE, ORDER_STATUSES, type OrderStatus } from '@order-pipeline/contracts';

/** The status of each order, as far as is known. */
export interface Board {
  /** How many orders there will be. */
  readonly total: number;
  /** Takes in where an order was seen; what was overtaken by later news, or is not about our orders, changes nothing. */
  note(orderId: string, status: OrderStatus): void;
  statusOf(orderId: string): OrderStatus | undefined;
  /** The orders that were placed and are not where an order ends. */
  onTheWay(): string[];
  counts(): Readonly<Record<OrderStatus, number>>;
  /** How many orders were seen. */
  placed(): number;
  /** How many times anything changed. */
  changes(): number;
}

/** Whether `status` is older news than that the order is in `known`, or no news. */
const isOvertaken = (status: OrderStatus, known: OrderStatus): boolean =>
  ORDER_LIFECYCLE[known].terminal ? !mayReach(known, status) : status === known || mayReach(status, known);

export const createBoard = (orderIds: readonly string[]): Board => {
  const ours = new Set(orderIds);
  const statuses = new Map<string, OrderStatus>();
  let changes = 0;
  return {
    total: ours.size,
    note: (orderId, status) => {
      const known = statuses.get(orderId);
      // Answers overtake one another, orders do not turn back: that they did not is read from their histories.
      if (!ours.has(orderId) || (known !== undefined && isOvertaken(status, known))) return;
      statuses.set(orderId, status);
      changes += 1;
    },
    statusOf: (orderId) => statuses.get(orderId),
    onTheWay: () =>
      [...statuses].filter(([, status]) => !ORDER_LIFECYCLE[status].terminal).map(([orderId]) => orderId),
    counts: () => {
      const counts = Object.fromEntries(ORDER_STATUSES.map((status) => [status, 0])) as Record<
        OrderStatus,
        number
      >;
      for (const status of statuses.values()) counts[status] += 1;
      return counts;
    },
    placed: () => statuses.size,
    changes: () => changes,
  };
};
