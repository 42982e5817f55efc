import { Type } from 'typebox';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { defineOperation, READ, serviceCall } from './operation.ts';
import { ArchivedOrder, HistoryEntry, OrderWithTimes } from './orders-api.ts';
import { AnyId, PageQuery, Strict, UserIdParams } from './schemas.ts';
import { UserRecord } from './users-api.ts';

/** An order with all that is stored about it. */
const ExportedOrder = Strict({
  ...OrderWithTimes.properties,
  history: Type.Array(HistoryEntry, { description: 'Oldest first' }),
});
export type ExportedOrder = Type.Static<typeof ExportedOrder>;

const exampleAt = '2026-01-01T12:00:00.000Z';

/** What users ask about all that is stored about them. */
export const exportApi = {
  exportUser: defineOperation({
    owner: 'orders-facade',
    ...READ,
    path: '/api/users/:userId/export',
    summary: 'Export a user',
    description:
      'All that is stored about a user: the registration, and a page of orders, newest first. Those that were archived are named with the file that they stand in.',
    access: { kind: 'own', any: 'users:read.any', foreign: 'NOT_FOUND' },
    params: UserIdParams,
    query: Strict({ ...PageQuery }),
    reply: Strict({
      user: UserRecord,
      orders: Type.Array(ExportedOrder),
      archived: Type.Array(ArchivedOrder),
    }),
    errors: ['USER_NOT_FOUND'],
    paged: true,
    exampleReply: {
      user: { userId: 'user11', name: 'Sriram', email: 'sriram@example.com', registeredAt: exampleAt },
      orders: [
        {
          orderId: 'order-1',
          userId: 'user11',
          status: 'PENDING',
          items: [{ itemId: 'item1', quantity: 3 }],
          createdAt: exampleAt,
          updatedAt: exampleAt,
          history: [{ status: 'PENDING', at: exampleAt, cause: 'placed' }],
        },
      ],
      archived: [],
    },
  }),
} as const;

/** What the facade asks for it. */
export const exportPartsApi = {
  exportOrders: defineOperation({
    owner: 'orders',
    ...serviceCall('orders-facade'),
    path: '/internal/orders/export',
    summary: 'Read the orders of a user with their histories, newest first, a page at a time',
    body: Strict({ userId: AnyId, ...PageQuery }),
    bodyLimitBytes: BODY_LIMIT_BYTES.small,
    reply: Strict({
      orders: Type.Array(ExportedOrder),
      archived: Type.Array(ArchivedOrder),
      next: Type.Optional(Type.Integer({ description: 'The last of this page, where there are more' })),
    }),
  }),
} as const;
