import { inventoryApi } from './inventory-api.ts';
import type { Input, Operation } from './operation.ts';
import { ordersApi } from './orders-api.ts';
import { usersApi } from './users-api.ts';

/** Something to ask, and with what. */
export interface Read {
  readonly operation: Operation;
  readonly input: Input<Operation>;
}

const NOBODY = 'nobody-asks-for-this';

const read = <O extends Operation>(operation: O, params: Input<O>['params']): Read => ({
  operation,
  input: { params },
});

/**
 * For each service that owns data, a read that costs next to nothing and changes nothing. Any answer but a failure, 'there
 * is none' too, proves the way to the service and to its database.
 */
export const PROVING_READS: readonly Read[] = [
  read(usersApi.getUser, { userId: NOBODY }),
  read(inventoryApi.getItem, { itemId: NOBODY }),
  read(ordersApi.getOrder, { orderId: NOBODY }),
];
