import { ORDER_STATUSES } from '@order-pipeline/contracts';
import { isTerminal } from './lifecycle.ts';
import type { ReadableServer } from '../world/database/real-database.ts';

const ON_THE_WAY = ORDER_STATUSES.filter((status) => !isTerminal(status))
  .map((status) => `'${status}'`)
  .join(', ');

interface Open {
  readonly orders: number;
  readonly outbox: number;
  readonly returns: number;
}

/** What is still to be done, in words; nothing when all is at rest. */
export const unsettled = async ({ databases }: ReadableServer): Promise<string[]> => {
  const [open] = await databases.orders.read<Open & Record<string, number>>(`
    SELECT (SELECT count(*) FROM orders WHERE status IN (${ON_THE_WAY}))::int AS orders,
           (SELECT count(*) FROM outbox)::int AS outbox,
           (SELECT count(*) FROM orders WHERE status = 'CANCELLED' AND stock_returned_at IS NULL)::int AS returns`);
  const [held] = await databases.inventory.read<{ count: number }>(
    `SELECT count(*)::int AS count FROM reservations WHERE state = 'HELD'`,
  );
  return [
    ...(open?.orders ? [`${open.orders} orders are in progress`] : []),
    ...(open?.outbox ? [`${open.outbox} events are in the outbox`] : []),
    ...(open?.returns ? [`the stock of ${open.returns} cancelled orders is not known to be back`] : []),
    ...(held?.count ? [`${held.count} reservations are held`] : []),
  ];
};
