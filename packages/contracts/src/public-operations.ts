import { inventoryApi } from './inventory-api.ts';
import type { Operation } from './operation.ts';
import { ordersApi } from './orders-api.ts';
import { usersApi } from './users-api.ts';

const isPublic = ({ path }: Operation): boolean => path.startsWith('/api/');

/** Everything that a client can ask for, by its name. What only services ask one another is not among it. */
export const PUBLIC_OPERATIONS: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.entries<Operation>({ ...usersApi, ...inventoryApi, ...ordersApi }).filter(([, operation]) =>
    isPublic(operation),
  ),
);
