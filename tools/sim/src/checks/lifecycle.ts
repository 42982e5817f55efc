import type { OrderStatus, ServiceName, Topic } from '@order-pipeline/contracts';

/**
 * What the checkers hold the system to: a table of the simulation's own, so that a mistake in the system's table does not
 * pass unseen. Typed by the statuses, so that the compiler asks for each new one.
 */
export const EXPECTED: Readonly<
  Record<OrderStatus, { readonly terminal: boolean; readonly reservation: readonly string[] }>
> = {
  PENDING: { terminal: false, reservation: ['HELD'] },
  PROCESSING: { terminal: false, reservation: ['HELD'] },
  SHIPPED: { terminal: false, reservation: ['HELD', 'CONSUMED'] },
  DELIVERED: { terminal: true, reservation: ['HELD', 'CONSUMED'] },
  CANCELLED: { terminal: true, reservation: ['HELD', 'RELEASED'] },
};

export const isTerminal = (status: OrderStatus): boolean => EXPECTED[status].terminal;

/** The consumer groups of each topic. */
export const GROUPS_OF_TOPIC: Readonly<Record<Topic, readonly ServiceName[]>> = {
  ORDER_PLACED: ['workflow'],
  ORDER_PROCESSING: ['shipping'],
  ORDER_SHIPPED: ['delivery', 'inventory'],
  ORDER_DELIVERED: [],
};
