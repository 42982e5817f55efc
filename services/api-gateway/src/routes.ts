import { PUBLIC_OPERATIONS } from '@order-pipeline/contracts';
import type { Peers, Route } from '@order-pipeline/service-kit';

/** Every public operation, answered by the facade. */
export const createGatewayRoutes = (peers: Peers): Route[] =>
  Object.values(PUBLIC_OPERATIONS).map((operation) => ({
    operation,
    handle: (input, call) => peers.relay('orders-facade', operation, input, call),
  }));
