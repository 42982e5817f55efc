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
  /** Reads what belongs to orders, each once however many wait for it. */
  const readTogether = <T>(
    maxSize: number,
    read: (orderIds: string[]) => Promise<(readonly [string, T])[]>,
  ) =>
    createBatcher({
      runtime,
      maxSize,
      maxConcurrent: MAX_CONCURRENT,
      run: async (orderIds: string[]) => {
        const found = new Map(await read([...new Set(orderIds)]));
        return orderIds.map((orderId) => found.get(orderId));
      },
    });
  const orders = readTogether(MAX_READ_TOGETHER, async (orderIds) => {
    const input = { body: { orderIds } };
    const { body } = await clients.forward('orders-facade', findOrders, input, ownCall());
    if (!('orders' in body)) throw new AppError(body.code, body.error);
    return body.orders.map((order) => [order.orderId, order] as const);
  });
  const histories = readTogether(MAX_BATCH, async (orderIds) => {
    const input = { body: { orderIds } };
    const { body } = await clients.forward('orders-facade', findHistories, input, ownCall());
    if (!('histories' in body)) throw new AppError(body.code, body.error);
    return body.histories.map(({ orderId, history }) => [orderId, history] as const);
  });
  return {
    order: (orderId) => orders.submit(orderId),
    history: (orderId) => histories.submit(orderId),
  };
};
