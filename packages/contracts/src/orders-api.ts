import { Type } from 'typebox';
import type { Access } from './access.ts';
import { reasonHeaders } from './actions-api.ts';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { defineOperation, READ } from './operation.ts';
import { exampleAt, exampleHistory, exampleOrder } from './order-examples.ts';
import { TOPIC_NAMES } from './order-lifecycle.ts';
import { ORDER_PATHS } from './paths.ts';
import { NEW_ORDER_ID, OFFSET } from './patterns.ts';
import {
  Id,
  NewId,
  OrderIdParams,
  OrderLines,
  PageQuery,
  StatusSchema,
  Strict,
  Timestamp,
  UserIdParams,
} from './schemas.ts';
import { WAIT_REPLY_HEADERS, WaitHeaders, WaitQuery } from './waiting.ts';

/** Of a partition's number; Kafka's own is 2^31 - 1. */
const MAX_PARTITION = 999_999;

export const NewOrder = Strict({
  orderId: NewId('The id that the client chose', 'order-1', NEW_ORDER_ID),
  userId: Id('A registered user', 'user11'),
  items: OrderLines,
  status: Type.Optional(Type.Literal('PENDING', { description: 'May be missing; nothing else is taken' })),
});

export type NewOrder = Type.Static<typeof NewOrder>;

const orderFields = {
  orderId: Type.String(),
  userId: Type.String(),
  status: StatusSchema,
  items: OrderLines,
};

export const Order = Strict(orderFields);
export type Order = Type.Static<typeof Order>;

export const orderWithTimesFields = {
  ...orderFields,
  createdAt: Timestamp('When it was placed'),
  updatedAt: Timestamp('When its status last changed'),
};
export const OrderWithTimes = Strict(orderWithTimesFields);
export type OrderWithTimes = Type.Static<typeof OrderWithTimes>;

/** Where in its topic an event stands. */
const eventPlace = {
  partition: Type.Integer({ minimum: 0, maximum: MAX_PARTITION, examples: [3] }),
  offset: Type.String({ pattern: OFFSET, examples: ['17'] }),
};
export const EventPlace = Strict(eventPlace);
export type EventPlace = Type.Static<typeof EventPlace>;

/** Where in Kafka an event stands. */
const eventPosition = (description: string) =>
  Type.Object(
    { topic: Type.Enum([...TOPIC_NAMES]), ...eventPlace },
    { additionalProperties: false, description },
  );

export const HistoryEntry = Strict({
  status: StatusSchema,
  at: Timestamp('When the order took this status'),
  cause: Type.String({ description: 'What moved it', examples: ['placed', 'workflow'] }),
  event: Type.Optional(
    eventPosition(
      'Where in Kafka the event stands that moved it, for those who may read the orders of all users. Missing where no event did, as when it was placed.',
    ),
  ),
  published: Type.Optional(
    eventPosition(
      'Where the event of this status stands, for the same, if it is ORDER_DELIVERED, which moves nothing. Missing until that is known, which takes about a second.',
    ),
  ),
});
export type HistoryEntry = Type.Static<typeof HistoryEntry>;

/** The history as it is shown to those who may read their own orders only: offsets tell how many orders others place. */
export const withoutEvents = (history: readonly HistoryEntry[]): HistoryEntry[] =>
  history.map(({ status, at, cause }) => ({ status, at, cause }));

/** Where an order stands that was archived: of it nothing else is here. */
export const ArchivedOrder = Strict({
  orderId: Type.String(),
  archivedAt: Timestamp('When it was archived'),
  file: Type.String({
    description: 'The file that it stands in, within the folder of the archive',
    examples: ['year=2026/month=01/2026-04-01-5f0c.parquet'],
  }),
});
export type ArchivedOrder = Type.Static<typeof ArchivedOrder>;

const READ_ACCESS = {
  kind: 'own',
  any: 'orders:read.any',
  foreign: 'NOT_FOUND',
} as const satisfies Access;

/** What the orders service answers to clients. */
export const ordersApi = {
  placeOrder: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: ORDER_PATHS.orders,
    summary: 'Place an order',
    description:
      'All of its items are reserved, or none is and the order is refused. The same order again is placed once.',
    access: { kind: 'own', scope: 'orders:write', any: 'orders:write.any', foreign: 'FORBIDDEN' },
    body: Strict({ order: NewOrder }),
    bodyLimitBytes: BODY_LIMIT_BYTES.order,
    status: 201,
    reply: Strict({ message: Type.Literal('Order placed successfully'), orderId: Type.String() }),
    errors: ['USER_NOT_FOUND', 'ITEM_NOT_FOUND', 'NOT_ENOUGH_STOCK', 'ID_TAKEN'],
    idempotent: true,
    exampleBody: { order: { ...exampleOrder, status: 'PENDING' } },
    exampleReply: { message: 'Order placed successfully', orderId: 'order-1' },
  }),
  listOrders: defineOperation({
    owner: 'orders',
    ...READ,
    path: ORDER_PATHS.orders,
    summary: 'List orders',
    description: 'Newest first, optionally those in one status.',
    access: { kind: 'own', any: 'orders:read.any', foreign: 'NARROWED' },
    query: Strict({ status: Type.Optional(StatusSchema), ...PageQuery }),
    reply: Type.Array(Order),
    errors: [],
    paged: true,
    exampleReply: [{ ...exampleOrder, status: 'PROCESSING' }],
  }),
  listOrdersOfUser: defineOperation({
    owner: 'orders',
    ...READ,
    path: ORDER_PATHS.ofUser,
    summary: 'List the orders of a user',
    description: 'Newest first.',
    access: READ_ACCESS,
    params: UserIdParams,
    query: Strict({ ...PageQuery }),
    reply: Type.Array(Order),
    errors: ['USER_NOT_FOUND'],
    paged: true,
    exampleReply: [{ ...exampleOrder, status: 'DELIVERED' }],
  }),
  getOrder: defineOperation({
    owner: 'orders',
    ...READ,
    path: ORDER_PATHS.order,
    summary: 'Retrieve an order',
    description:
      'With `Prefer: wait` it answers once the order is in the status `until`, or once it has changed since `If-None-Match`.',
    access: READ_ACCESS,
    params: OrderIdParams,
    query: WaitQuery,
    headers: WaitHeaders,
    reply: OrderWithTimes,
    errors: ['ORDER_NOT_FOUND', 'ORDER_ARCHIVED'],
    exampleReply: { ...exampleOrder, status: 'PENDING', createdAt: exampleAt, updatedAt: exampleAt },
    replyHeaders: WAIT_REPLY_HEADERS,
    emptyReplies: { 304: 'It is as `If-None-Match` says' },
  }),
  getOrderHistory: defineOperation({
    owner: 'orders',
    ...READ,
    path: ORDER_PATHS.history,
    summary: 'List the history of an order',
    description:
      'Each status that the order took, oldest first, with its time, its cause and the event that caused it.',
    access: READ_ACCESS,
    params: OrderIdParams,
    reply: Type.Array(HistoryEntry),
    errors: ['ORDER_NOT_FOUND', 'ORDER_ARCHIVED'],
    exampleReply: exampleHistory,
  }),
  cancelOrder: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: ORDER_PATHS.cancel,
    summary: 'Cancel an order',
    description:
      'Only while it is PENDING. Cancelling again is refused with `Current status: CANCELLED`, which confirms that it is cancelled.',
    access: { kind: 'own', scope: 'orders:write', any: 'orders:cancel.any', foreign: 'NOT_FOUND' },
    params: OrderIdParams,
    headers: Type.Object(reasonHeaders),
    status: 200,
    reply: Strict({
      message: Type.Literal('Order cancelled successfully'),
      orderId: Type.String(),
      status: Type.Literal('CANCELLED'),
    }),
    errors: ['ORDER_NOT_FOUND', 'ORDER_NOT_CANCELLABLE', 'ORDER_ARCHIVED'],
    idempotent: false,
    exampleReply: { message: 'Order cancelled successfully', orderId: 'order-1', status: 'CANCELLED' },
  }),
} as const;
