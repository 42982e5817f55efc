import {
  actionsApi,
  exportApi,
  FACADE_OPERATIONS,
  type Operation,
  type ServiceName,
} from '@order-pipeline/contracts';
import { routesOf, type ServiceClients, type Route } from '@order-pipeline/service-kit';
import { createListActions } from './actions.ts';
import { createExportUser } from './user-export.ts';

const isForwarded = ({ owner }: Operation): boolean => owner !== 'orders-facade';

/** The services behind the facade. */
export const OWNERS: readonly ServiceName[] = [
  ...new Set(
    Object.values(FACADE_OPERATIONS)
      .filter(isForwarded)
      .map(({ owner }) => owner),
  ),
];

/**
 * Every operation of clients and operators, and what the gateway itself asks: answered by the service that owns it, or put
 * together here of what several of them answer.
 */
export const createFacadeRoutes = (clients: ServiceClients): Route[] => {
  const forwarded = Object.values(FACADE_OPERATIONS)
    .filter(isForwarded)
    .map((operation): Route => ({
      operation,
      handle: (input, call) => clients.forward(operation.owner, operation, input, call),
    }));
  return [
    ...forwarded,
    ...routesOf(actionsApi, { listActions: createListActions(clients) }),
    ...routesOf(exportApi, { exportUser: createExportUser(clients) }),
  ];
};
