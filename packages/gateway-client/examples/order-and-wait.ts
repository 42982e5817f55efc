import { createOrderPipeline } from '@order-pipeline/gateway-client';

/** Places an order, and follows it until it has arrived. */
export const orderAndWait = async (url: string, userId: string, itemId: string): Promise<string[]> => {
  const { orders } = createOrderPipeline({ url });
  // Safe to be called again: the order is placed once, whatever is lost on the way.
  const orderId = await orders.place({ userId, items: [{ itemId, quantity: 1 }] });

  const seen: string[] = [];
  for await (const { status } of orders.events(orderId)) seen.push(status);

  const { status } = await orders.waitFor(orderId, 'DELIVERED', { timeoutMs: 60_000 });
  return [...seen, status];
};
