import { actionsApi } from './actions-api.ts';
import { auditApi } from './audit-api.ts';
import { exportApi } from './export-api.ts';
import { inspectionApi, itemInspectionApi } from './inspection-api.ts';
import { inventoryApi } from './inventory-api.ts';
import type { Operation } from './operation.ts';
import { operatorApi } from './operator-api.ts';
import { orderEventsApi } from './order-events-api.ts';
import { orderLifecycleApi } from './order-lifecycle-api.ts';
import { orderSearchApi } from './order-search-api.ts';
import { ordersApi } from './orders-api.ts';
import { overviewApi, overviewPartsApi } from './overview-api.ts';
import { sandboxApi } from './sandbox-api.ts';
import { stuckApi } from './stuck-api.ts';
import { tracesApi } from './traces-api.ts';
import { usersApi } from './users-api.ts';

const isPublic = ({ path }: Operation): boolean => path.startsWith('/api/');

/** Everything that a client can ask for, by its name. What only services ask one another is not among it. */
export const PUBLIC_OPERATIONS: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.entries<Operation>({
    ...usersApi,
    ...exportApi,
    ...inventoryApi,
    ...ordersApi,
    ...orderEventsApi,
  }).filter(([, operation]) => isPublic(operation)),
);

/** Everything that an operator can ask for, by its name. */
export const OPERATOR_OPERATIONS: Readonly<Record<string, Operation>> = {
  ...overviewApi,
  ...operatorApi,
  ...stuckApi,
  ...orderSearchApi,
  ...inspectionApi,
  ...itemInspectionApi,
  ...tracesApi,
  ...actionsApi,
};

/** Whether an operation, or the route at this path, is for operators alone. */
export const isForOperators = ({ path }: Pick<Operation, 'path'>): boolean => path.startsWith('/ops/');

/** What the gateway answers. */
export const GATEWAY_OPERATIONS: Readonly<Record<string, Operation>> = {
  ...PUBLIC_OPERATIONS,
  ...OPERATOR_OPERATIONS,
};

/** What the gateway answers beside these where everything is embedded in one process, and nowhere else. */
export const EMBEDDED_OPERATIONS: Readonly<Record<string, Operation>> = {
  ...auditApi,
  ...sandboxApi,
};

/** What a gateway may answer, wherever it runs. */
export const DECLARED_OPERATIONS: Readonly<Record<string, Operation>> = {
  ...GATEWAY_OPERATIONS,
  ...EMBEDDED_OPERATIONS,
};

/** What the gateway has from the facade, and the facade from the services behind it. */
export const FACADE_OPERATIONS: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(
    Object.entries(GATEWAY_OPERATIONS).filter(([, { owner }]) => owner !== 'api-gateway'),
  ),
  findOrderStatuses: orderLifecycleApi.findOrderStatuses,
  findOrders: orderLifecycleApi.findOrders,
  findHistories: orderLifecycleApi.findHistories,
  ...overviewPartsApi,
};
