import { GATEWAY_OPERATIONS } from '@order-pipeline/contracts';
import type { Peers, Route } from '@order-pipeline/service-kit';

/** Every operation of clients and operators, answered by the facade. */
export const createGatewayRoutes = (peers: Peers): Route[] =>
  Object.values(GATEWAY_OPERATIONS).map((operation) => ({
    operation,
    handle: (input, call) => peers.relay('orders-facade', operation, input, call),
  }));
