import type { PrismaClient } from './generated/client.ts';

export interface OrderRequest {
  readonly orderId: string;
  readonly userId: string;
  readonly items: readonly { readonly itemId: string; readonly quantity: number }[];
}

/** A request that cannot be fulfilled, with the status of its answer. */
export class Refusal extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Checks the user, takes the stock and stores the order, all or nothing. */
export const placeOrder = (prisma: PrismaClient, { orderId, userId, items }: OrderRequest): Promise<void> =>
  prisma.$transaction(async (transaction) => {
    const user = await transaction.user.findUnique({ where: { id: userId } });
    if (!user) throw new Refusal(404, `There is no user ${userId}`);
    // By id, so that two orders with the same items wait for one another and never in a circle.
    for (const { itemId, quantity } of items.toSorted((a, b) => (a.itemId < b.itemId ? -1 : 1))) {
      const { count } = await transaction.item.updateMany({
        where: { id: itemId, available: { gte: quantity } },
        data: { available: { decrement: quantity } },
      });
      if (count === 0) throw new Refusal(409, `Not enough stock of ${itemId}`);
    }
    await transaction.order.create({
      data: { id: orderId, userId, lines: { createMany: { data: [...items] } } },
    });
  });
