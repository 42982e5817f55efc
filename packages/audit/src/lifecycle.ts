import type { OrderStatus } from '@order-pipeline/contracts';

/**
 * What the audit holds orders to: a table of its own, so that a mistake in the system's table does not pass unseen. Typed
 * by the statuses, so that the compiler asks for each new one.
 */
export const EXPECTED: Readonly<
  Record<
    OrderStatus,
    { readonly terminal: boolean; readonly holdsStock: 'yes' | 'no' | 'until its event is consumed' }
  >
> = {
  PENDING: { terminal: false, holdsStock: 'yes' },
  PROCESSING: { terminal: false, holdsStock: 'yes' },
  SHIPPED: { terminal: false, holdsStock: 'until its event is consumed' },
  DELIVERED: { terminal: true, holdsStock: 'until its event is consumed' },
  CANCELLED: { terminal: true, holdsStock: 'no' },
};

const STATUSES = Object.keys(EXPECTED) as OrderStatus[];

export const ON_THE_WAY: readonly OrderStatus[] = STATUSES.filter((status) => !EXPECTED[status].terminal);
/** The statuses in which an order holds its stock for certain. */
export const HOLDING: readonly OrderStatus[] = STATUSES.filter(
  (status) => EXPECTED[status].holdsStock === 'yes',
);
