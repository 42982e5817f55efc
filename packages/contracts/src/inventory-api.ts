import { Type } from 'typebox';
import type { Access } from './access.ts';
import { reasonHeaders } from './actions-api.ts';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { batchOf, defineOperation, READ, serviceCall } from './operation.ts';
import { IDEMPOTENCY_KEY, RESERVATION_ID } from './patterns.ts';
import {
  AnyId,
  Count,
  ItemIdParams,
  NewId,
  OrderLines,
  PageQuery,
  Quantity,
  Strict,
  Text,
} from './schemas.ts';

export const NewItem = Strict({
  itemId: NewId('The id that the client chose', 'item1'),
  itemName: Text('The name', 'Laptop'),
  availableQty: Quantity('Units in stock', 10),
});

export type NewItem = Type.Static<typeof NewItem>;

export const Item = Strict({
  itemId: Type.String(),
  itemName: Type.String(),
  availableQty: Count('Units that can be ordered'),
  reservedQty: Count('Units held for orders that have not left yet'),
});

export type Item = Type.Static<typeof Item>;

/** An item as it is shown: `reservedQty` not to everybody. */
export const ShownItem = Strict({
  itemId: Type.String(),
  itemName: Type.String(),
  availableQty: Count('Units that can be ordered'),
  reservedQty: Type.Optional(
    Count('Units held for orders that have not left yet; where access is controlled, not for everybody'),
  ),
});

export type ShownItem = Type.Static<typeof ShownItem>;

/** How long a restock is remembered under its key. */
export const IDEMPOTENCY_KEY_LIFE_MS = 86_400_000;

const IdempotencyKey = Type.String({
  pattern: IDEMPOTENCY_KEY,
  description:
    'Under one key an item is restocked once: the same again within a day changes nothing and is answered as the first time',
  examples: ['2f1d8a9c-delivery-17'],
});

const exampleItem = { itemId: 'item1', itemName: 'Laptop', availableQty: 10 };
const exampleStock = { ...exampleItem, availableQty: 7, reservedQty: 3 };

/** What is held for orders is the shop's affair. */
const ITEM_ACCESS = {
  kind: 'authenticated',
  fields: { reservedQty: ['catalog:write', 'ops:read'] },
} as const satisfies Access;

/** What the inventory service answers to clients. */
export const inventoryApi = {
  addItem: defineOperation({
    owner: 'inventory',
    method: 'POST',
    path: '/api/inventory',
    summary: 'Create an item',
    access: { kind: 'scope', scope: 'catalog:write' },
    headers: Type.Object(reasonHeaders),
    body: NewItem,
    bodyLimitBytes: BODY_LIMIT_BYTES.record,
    status: 201,
    reply: Strict({ message: Type.Literal('Inventory item added'), itemId: Type.String() }),
    errors: ['ID_TAKEN'],
    idempotent: true,
    exampleBody: exampleItem,
    exampleReply: { message: 'Inventory item added', itemId: 'item1' },
  }),
  listItems: defineOperation({
    owner: 'inventory',
    ...READ,
    path: '/api/inventory',
    summary: 'List items',
    description: 'Newest first.',
    access: ITEM_ACCESS,
    query: Strict({ ...PageQuery }),
    reply: Type.Array(ShownItem),
    errors: [],
    paged: true,
    exampleReply: [exampleStock],
  }),
  getItem: defineOperation({
    owner: 'inventory',
    ...READ,
    path: '/api/inventory/:itemId',
    summary: 'Retrieve an item',
    access: ITEM_ACCESS,
    params: ItemIdParams,
    reply: ShownItem,
    errors: ['ITEM_NOT_FOUND'],
    exampleReply: exampleStock,
  }),
  restockItem: defineOperation({
    owner: 'inventory',
    method: 'POST',
    path: '/api/inventory/:itemId/restock',
    summary: 'Restock an item',
    description:
      'Adds units to an item. Under an `Idempotency-Key` it happens once, however often it is sent.',
    access: { kind: 'scope', scope: 'catalog:write' },
    params: ItemIdParams,
    headers: Type.Object({ 'idempotency-key': Type.Optional(IdempotencyKey), ...reasonHeaders }),
    body: Strict({ quantity: Quantity('Units that came in', 5) }),
    bodyLimitBytes: BODY_LIMIT_BYTES.small,
    status: 200,
    reply: Item,
    errors: ['ITEM_NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED'],
    idempotent: false,
    exampleBody: { quantity: 5 },
    exampleReply: { ...exampleStock, availableQty: 12 },
  }),
} as const;

/** The stock of one order, all its lines or none. */
export const ReservationRequest = Strict({ orderId: AnyId, lines: OrderLines });

export type ReservationRequest = Type.Static<typeof ReservationRequest>;

/**
 * What came of a reservation. `reservationId` names this very reservation of the order's stock: one that was released
 * and made again has another. CONFLICTING_RESERVATION: the order id holds other lines, by a placement that is not finished.
 */
export const ReservationResult = Type.Union([
  Strict({ orderId: Type.String(), outcome: Type.Literal('RESERVED'), reservationId: Type.String() }),
  Strict({
    orderId: Type.String(),
    outcome: Type.Literal('CONFLICTING_RESERVATION'),
    reservationId: Type.String(),
  }),
  Strict({
    orderId: Type.String(),
    outcome: Type.Literal('UNKNOWN_ITEM'),
    itemIds: Type.Array(Type.String()),
  }),
  Strict({
    orderId: Type.String(),
    outcome: Type.Literal('NOT_ENOUGH_STOCK'),
    short: Type.Array(
      Strict({ itemId: Type.String(), requestedQty: Type.Integer(), availableQty: Type.Integer() }),
    ),
  }),
  /** Somebody keeps an item of it, or its reservation, locked: to be tried again. */
  Strict({ orderId: Type.String(), outcome: Type.Literal('LOCKED') }),
]);

export type ReservationResult = Type.Static<typeof ReservationResult>;

/** A reservation that is named. */
export const ReservationRef = Strict({
  orderId: AnyId,
  reservationId: Type.String({ pattern: RESERVATION_ID }),
});

export type ReservationRef = Type.Static<typeof ReservationRef>;

/** A reservation as it stands. HELD until its stock goes back, or leaves with the order. */
const StandingReservation = Strict({
  orderId: Type.String(),
  reservationId: Type.String(),
  state: Type.Union([Type.Literal('HELD'), Type.Literal('RELEASED'), Type.Literal('CONSUMED')]),
});

/** What the inventory service answers to other services. */
export const reservationsApi = {
  reserveStock: defineOperation({
    owner: 'inventory',
    ...serviceCall('orders'),
    path: '/internal/reservations/reserve',
    summary: 'Reserve the stock of orders',
    description: 'Each order has a result of its own, in the same order.',
    ...batchOf('requests', ReservationRequest),
    reply: Strict({ results: Type.Array(ReservationResult) }),
  }),
  releaseStock: defineOperation({
    owner: 'inventory',
    ...serviceCall('orders'),
    path: '/internal/reservations/release',
    summary: 'Release reservations',
    description: 'Each is released once. Those whose row is locked are listed, to be tried again.',
    ...batchOf('reservations', ReservationRef),
    reply: Strict({
      releasedOrderIds: Type.Array(Type.String()),
      lockedOrderIds: Type.Array(Type.String()),
    }),
  }),
  findReservations: defineOperation({
    owner: 'inventory',
    ...serviceCall('orders'),
    path: '/internal/reservations/find',
    summary: 'Find the reservations of orders',
    description: 'Orders that never had one are left out.',
    ...batchOf('orderIds', AnyId),
    reply: Strict({ reservations: Type.Array(StandingReservation) }),
  }),
} as const;
