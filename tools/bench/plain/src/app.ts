import { fastify, type FastifyInstance } from 'fastify';
import type { Producer } from 'kafkajs';
import { publishOrderPlaced } from './broker.ts';
import type { PrismaClient } from './generated/client.ts';
import { placeOrder, type OrderRequest } from './place-order.ts';

const text = { type: 'string', minLength: 1, maxLength: 128 } as const;
const objectOf = (properties: Record<string, object>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
});

const userBody = objectOf({ userId: text, name: text, email: text });
const itemBody = objectOf({ itemId: text, itemName: text, availableQty: { type: 'integer', minimum: 0 } });
const lineBody = objectOf({ itemId: text, quantity: { type: 'integer', minimum: 1 } });
const orderBody = objectOf({
  order: objectOf(
    {
      orderId: text,
      userId: text,
      items: { type: 'array', minItems: 1, items: lineBody },
      status: { type: 'string', const: 'PENDING' },
    },
    ['orderId', 'userId', 'items'],
  ),
});

interface UserRequest {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
}

interface ItemRequest {
  readonly itemId: string;
  readonly itemName: string;
  readonly availableQty: number;
}

/** The three requests that placing orders takes. */
export const createApp = (prisma: PrismaClient, producer: Producer): FastifyInstance => {
  const app = fastify({ logger: { level: 'warn' } });

  app.get('/health/ready', async () => ({ status: 'ready' }));

  app.post<{ Body: UserRequest }>('/api/users', { schema: { body: userBody } }, async (request, reply) => {
    const { userId: id, name, email } = request.body;
    await prisma.user.create({ data: { id, name, email } });
    return reply.code(201).send({ message: 'User registered successfully', userId: id });
  });

  app.post<{ Body: ItemRequest }>(
    '/api/inventory',
    { schema: { body: itemBody } },
    async (request, reply) => {
      const { itemId: id, itemName: name, availableQty: available } = request.body;
      await prisma.item.create({ data: { id, name, available } });
      return reply.code(201).send({ message: 'Item added successfully', itemId: id });
    },
  );

  app.post<{ Body: { order: OrderRequest } }>(
    '/api/orders',
    { schema: { body: orderBody } },
    async (request, reply) => {
      const { order } = request.body;
      await placeOrder(prisma, order);
      await publishOrderPlaced(producer, order);
      return reply.code(201).send({ message: 'Order placed successfully', orderId: order.orderId });
    },
  );

  return app;
};
