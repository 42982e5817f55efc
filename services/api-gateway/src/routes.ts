import { GATEWAY_OPERATIONS, ordersApi } from '@order-pipeline/contracts';
import type { ServiceClients, Route } from '@order-pipeline/service-kit';
import { createOrderRead, type Waiters } from './waiting/index.ts';

/** Every operation of clients and operators, answered by the facade; one for an order may wait here until it is. */
export const createGatewayRoutes = (clients: ServiceClients, waiters: Waiters): Route[] => {
  const waiting = new Map<Route['operation'], Route['handle']>([
    [ordersApi.getOrder, createOrderRead(clients, waiters)],
  ]);
  return Object.values(GATEWAY_OPERATIONS).map((operation) => {
    const handle = waiting.get(operation);
    return handle
      ? { operation, waits: true, handle }
      : { operation, handle: (input, call) => clients.forward('orders-facade', operation, input, call) };
  });
};
