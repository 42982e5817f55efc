import {
  MAX_BATCH,
  MAX_READ_TOGETHER,
  orderLifecycleApi,
  type HistoryEntry,
  type OrderWithTimes,
} from '@order-pipeline/contracts';
import { AppError, createBatcher, createOwnCall, type ServiceContext } from '@order-pipeline/service-kit';

const { findOrders, findHistories } = orderLifecycleApi;

/** How many calls of each kind are under way at once. */
const MAX_CONCURRENT = 2;

/**
 * What those who waited are answered with. One turn of the workflow ends the waits for many orders at once, which are read with
 * one call then. They are read for the gateway itself: whose an order is was decided when its wait began, and never changes.
 */
export interface BatchedReads {
  /** Nothing where there is no such order. Throws UNAVAILABLE. */
  order(orderId: string): Promise<OrderWithTimes | undefined>;
  /** The same with the steps of the order, oldest first. */
  history(orderId: string): Promise<readonly HistoryEntry[] | undefined>;
}

export const createBatchedReads = (
  context: Pick<ServiceContext<unknown>, 'runtime' | 'clients' | 'logger'>,
): BatchedReads => {
  const { runtime, clients } = context;
  const ownCall = createOwnCall('api-gateway', context);
  const orders = createBatcher({
    runtime,
    maxSize: MAX_READ_TOGETHER,
    maxConcurrent: MAX_CONCURRENT,
    run: async (orderIds: string[]) => {
      const input = { body: { orderIds: [...new Set(orderIds)] } };
      const { body } = await clients.forward('orders-facade', findOrders, input, ownCall());
      if (!('orders' in body)) throw new AppError(body.code, body.error);
      const found = new Map(body.orders.map((order) => [order.orderId, order]));
      return orderIds.map((orderId) => found.get(orderId));
    },
  });
  const histories = createBatcher({
    runtime,
    maxSize: MAX_BATCH,
    maxConcurrent: MAX_CONCURRENT,
    run: async (orderIds: string[]) => {
      const input = { body: { orderIds: [...new Set(orderIds)] } };
      const { body } = await clients.forward('orders-facade', findHistories, input, ownCall());
      if (!('histories' in body)) throw new AppError(body.code, body.error);
      const found = new Map(body.histories.map(({ orderId, history }) => [orderId, history]));
      return orderIds.map((orderId) => found.get(orderId));
    },
  });
  return {
    order: (orderId) => orders.submit(orderId),
    history: (orderId) => histories.submit(orderId),
  };
};
