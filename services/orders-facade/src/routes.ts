import { FACADE_OPERATIONS, type ServiceName } from '@order-pipeline/contracts';
import type { ServiceClients, Route } from '@order-pipeline/service-kit';

/** The services behind the facade. */
export const OWNERS: readonly ServiceName[] = [
  ...new Set(Object.values(FACADE_OPERATIONS).map(({ owner }) => owner)),
];

/** Every operation of clients and operators, and what the gateway itself asks, answered by the service that owns it. */
export const createFacadeRoutes = (clients: ServiceClients): Route[] =>
  Object.values(FACADE_OPERATIONS).map((operation) => ({
    operation,
    handle: (input, call) => clients.forward(operation.owner, operation, input, call),
  }));
