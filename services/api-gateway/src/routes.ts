import { GATEWAY_OPERATIONS, ordersApi } from '@order-pipeline/contracts';
import type { Route, ServiceContext } from '@order-pipeline/service-kit';
import { createOrderRead, type BatchedReads, type Waiters } from './waiting/index.ts';

/**
 * Every operation of clients and operators: the gateway's own ones by itself, the others by the facade; one for an order may
 * wait here until it is.
 */
export const createGatewayRoutes = (
  context: Pick<ServiceContext<unknown>, 'clients' | 'runtime'>,
  { waiters, reads }: { readonly waiters: Waiters; readonly reads: BatchedReads },
  own: readonly Route[],
): Route[] => {
  const { clients } = context;
  const here = new Map<Route['operation'], Route>(
    [
      { operation: ordersApi.getOrder, handle: createOrderRead(context, waiters, reads) as Route['handle'] },
      ...own,
    ].map((route) => [route.operation, { ...route, waits: true }]),
  );
  return Object.values(GATEWAY_OPERATIONS).map(
    (operation) =>
      here.get(operation) ?? {
        operation,
        handle: (input, call) => clients.forward('orders-facade', operation, input, call),
      },
  );
};
