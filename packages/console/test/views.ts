import type { FilledSystem } from './filled-system.ts';

/** Every view, with a text by which one sees that its data is there. */
export const viewsOf = (
  system: FilledSystem,
  letterIds: readonly string[],
): (readonly [string, string])[] => [
  ['/console/overview', 'deliveries in'],
  ['/console/orders', system.pendingId],
  [`/console/orders/${system.deliveredId}`, 'left with it'],
  [`/console/orders/${system.tracedId}`, 'publish ORDER_DELIVERED'],
  [`/console/orders/${system.pendingId}`, 'Cancel the order'],
  [`/console/orders/${system.cancelledId}`, 'was cancelled'],
  ['/console/orders/nothing', 'There is no order nothing'],
  ['/console/inventory', system.itemId],
  [`/console/inventory/${system.itemId}`, 'Left with orders'],
  ['/console/users', 'Register a user'],
  [`/console/users/${system.userId}`, system.deliveredId],
  ['/console/search?q=nothing', 'No order, user or item has this id.'],
  ['/console/dead-letters', system.failedIds[0] ?? ''],
  [`/console/dead-letters?sel=${letterIds.join(',')}`, `${letterIds.length} selected`],
  [`/console/dead-letters/${letterIds[0] ?? ''}`, 'Nothing yet.'],
  ['/console/dead-letters?status=DISCARDED', 'There is no such dead letter.'],
  ['/console/stuck', system.failedIds[1] ?? ''],
  ['/console/stuck?status=SHIPPED', 'No order is stuck.'],
  [`/console/orders/${system.failedIds[1] ?? ''}`, 'The consumer failed to process its message.'],
  ['/console/actions', 'No operator has done anything yet.'],
  ['/console/actions?by=nobody-at-all', 'Nobody did that.'],
  ['/console/audit', 'Run the audit'],
  ['/console/try', 'Take the broker away'],
  ['/console/no/such/view', 'There is no such view.'],
];
