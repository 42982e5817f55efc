import { Type } from 'typebox';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { ReservationRef } from './inventory-api.ts';
import { batchOf, defineOperation, serviceCall } from './operation.ts';
import { exampleAt, exampleHistory, exampleOrder } from './order-examples.ts';
import { WORKER_TARGETS } from './order-lifecycle.ts';
import { EventPlace, HistoryEntry, OrderWithTimes } from './orders-api.ts';
import { AnyId, Id, MAX_BATCH, StatusSchema, Strict, Text } from './schemas.ts';

/** So many orders are read at once: each may have a hundred lines. */
export const MAX_READ_TOGETHER = 128;

/**
 * The result of one order's transition. MOVED: by this call. ALREADY: it stands there, so its event may have to be published
 * again. SKIPPED: it stands elsewhere, or there is no such order, and nothing is to be done. LOCKED: somebody keeps its row
 * locked, so it is to be tried again.
 */
export const TransitionResult = Type.Union([
  Strict({
    outcome: Type.Union([Type.Literal('MOVED'), Type.Literal('ALREADY')]),
    order: OrderWithTimes,
    /** Where the trace of the order continues, if it is sampled. */
    traceparent: Type.Optional(Type.String()),
  }),
  Strict({ outcome: Type.Literal('SKIPPED'), orderId: Type.String(), status: Type.Optional(StatusSchema) }),
  Strict({ outcome: Type.Literal('LOCKED'), orderId: Type.String() }),
]);
export type TransitionResult = Type.Static<typeof TransitionResult>;

/** Where the event of an order stands that no consumer takes. */
export const PublishedPosition = Strict({ orderId: AnyId, ...EventPlace.properties });
export type PublishedPosition = Type.Static<typeof PublishedPosition>;

/** The verdict on a reservation: the status of the order that stands on it, or ABANDONED: none ever will. */
export const Settlement = Strict({
  orderId: Type.String(),
  reservationId: Type.String(),
  verdict: Type.Union([StatusSchema, Type.Literal('ABANDONED')]),
});
export type Settlement = Type.Static<typeof Settlement>;

/** What reads of orders by their ids have in common, for those who show them to clients. */
const orderLookup = (max = MAX_BATCH) =>
  ({
    owner: 'orders',
    ...serviceCall('api-gateway', 'orders-facade'),
    description: 'Orders that do not exist are left out.',
    ...batchOf('orderIds', AnyId, max),
    exampleBody: { orderIds: ['order-1'] },
  }) as const;

/** What the orders service answers to other services. */
export const orderLifecycleApi = {
  moveOrders: defineOperation({
    owner: 'orders',
    ...serviceCall('workflow', 'shipping', 'delivery'),
    path: '/internal/orders/move',
    summary: 'Transition orders to their next status',
    description: 'Each by compare-and-set, with a result of its own.',
    body: Strict({
      to: Type.Enum([...WORKER_TARGETS]),
      orderIds: Type.Array(AnyId, { maxItems: MAX_BATCH }),
      cause: Text('What moves them', 'workflow'),
      /** The event that asks for the transition of each order, in the same order; null or missing where none does. */
      events: Type.Optional(Type.Array(Type.Union([EventPlace, Type.Null()]), { maxItems: MAX_BATCH })),
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES.batch,
    reply: Strict({ results: Type.Array(TransitionResult) }),
  }),
  recordPositions: defineOperation({
    owner: 'orders',
    ...serviceCall('delivery'),
    path: '/internal/orders/positions',
    summary: 'Record where ORDER_DELIVERED events stand',
    description: 'Of each order the first position stays.',
    ...batchOf('positions', PublishedPosition),
    reply: Strict({ recorded: Type.Integer({ description: 'How many orders had none before' }) }),
    exampleBody: { positions: [{ orderId: 'order-1', partition: 3, offset: '17' }] },
    exampleReply: { recorded: 1 },
  }),
  findOverdueOrders: defineOperation({
    owner: 'orders',
    ...serviceCall('workflow'),
    path: '/internal/orders/overdue',
    summary: 'Find overdue PENDING orders',
    description: 'Those that have been PENDING for at least `olderThanMs`, oldest first.',
    body: Strict({
      olderThanMs: Type.Integer({ minimum: 0, description: 'Milliseconds' }),
      after: Type.Optional(Id('The last order id of the page before', 'order-1')),
      limit: Type.Integer({ minimum: 1, maximum: MAX_BATCH }),
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES.small,
    reply: Strict({ orderIds: Type.Array(Type.String()) }),
  }),
  findOrderStatuses: defineOperation({
    ...orderLookup(),
    path: '/internal/orders/statuses',
    summary: 'Find the statuses of orders',
    reply: Strict({ orders: Type.Array(Strict({ orderId: Type.String(), status: StatusSchema })) }),
    exampleReply: { orders: [{ orderId: 'order-1', status: 'PENDING' }] },
  }),
  findOrders: defineOperation({
    ...orderLookup(MAX_READ_TOGETHER),
    path: '/internal/orders/find',
    summary: 'Find orders by their ids',
    reply: Strict({ orders: Type.Array(OrderWithTimes) }),
    exampleReply: {
      orders: [{ ...exampleOrder, status: 'PENDING', createdAt: exampleAt, updatedAt: exampleAt }],
    },
  }),
  findHistories: defineOperation({
    ...orderLookup(),
    path: '/internal/orders/histories',
    summary: 'Find the histories of orders',
    reply: Strict({
      histories: Type.Array(Strict({ orderId: Type.String(), history: Type.Array(HistoryEntry) })),
    }),
    exampleReply: { histories: [{ orderId: 'order-1', history: exampleHistory }] },
  }),
  settleReservations: defineOperation({
    owner: 'orders',
    ...serviceCall('inventory'),
    path: '/internal/orders/settle',
    summary: 'Resolve orphaned reservations',
    description:
      'A reservation without an order is fenced, so that no order can be stored with it any more. One whose order is just being stored is left out.',
    ...batchOf('reservations', ReservationRef),
    reply: Strict({ settlements: Type.Array(Settlement) }),
  }),
} as const;
