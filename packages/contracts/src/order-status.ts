/** The states of an order, in the order in which it walks through them; CANCELLED is reached from PENDING only. */
export const ORDER_STATUSES = ['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED'] as const;

export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** Each status that an order can be moved to, with the only status that it can be moved from. */
export const PREDECESSOR = {
  PROCESSING: 'PENDING',
  SHIPPED: 'PROCESSING',
  DELIVERED: 'SHIPPED',
  CANCELLED: 'PENDING',
} as const satisfies Partial<Record<OrderStatus, OrderStatus>>;

/** A status that a worker moves orders to. */
export type WorkerTarget = Exclude<keyof typeof PREDECESSOR, 'CANCELLED'>;

/** The statuses in which an order waits for its next event. */
export const STATUSES_ON_THE_WAY = [
  'PENDING',
  'PROCESSING',
  'SHIPPED',
] as const satisfies readonly OrderStatus[];
