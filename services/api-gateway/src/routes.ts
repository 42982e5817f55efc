import { GATEWAY_OPERATIONS } from '@order-pipeline/contracts';
import type { ServiceClients, Route } from '@order-pipeline/service-kit';

/** Every operation of clients and operators, answered by the facade. */
export const createGatewayRoutes = (clients: ServiceClients): Route[] =>
  Object.values(GATEWAY_OPERATIONS).map((operation) => ({
    operation,
    handle: (input, call) => clients.forward('orders-facade', operation, input, call),
  }));
