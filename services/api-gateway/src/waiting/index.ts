import { orderLifecycleApi } from '@order-pipeline/contracts';
import { AppError, createOwnCall, type ServiceContext } from '@order-pipeline/service-kit';
import { createWaiters, type Waiters } from './waiters.ts';

export { createBatchedReads, type BatchedReads } from './batched-reads.ts';
export { createOrderEventsRoutes } from './order-events.ts';
export { createOrderRead } from './order-reads.ts';
export type { Waiters } from './waiters.ts';

const { findOrderStatuses } = orderLifecycleApi;

/** Starts those who wait at this instance. */
export const startWaiters = (
  context: Pick<ServiceContext<unknown>, 'runtime' | 'clients' | 'logger' | 'closers' | 'metrics'>,
): Waiters => {
  const { runtime, clients, closers, metrics } = context;
  const ownCall = createOwnCall('api-gateway', context);
  const waiting = metrics.gauge('order_waiters');
  waiting.set({}, 0);
  const waiters = createWaiters({
    runtime,
    onCount: (count) => waiting.set({}, count),
    findStatuses: async (orderIds) => {
      const input = { body: { orderIds: [...orderIds] } };
      const { body } = await clients.forward('orders-facade', findOrderStatuses, input, ownCall());
      if (!('orders' in body)) throw new AppError(body.code, body.error);
      return body.orders;
    },
  });
  closers.add('waiting requests', async () => waiters.stop());
  return waiters;
};
