import { Type } from 'typebox';
import { defineOperation, OPERATORS_READ } from './operation.ts';
import { Count, ItemIdParams, OrderIdParams, Strict } from './schemas.ts';

/** The message of an event, as the services publish it. */
const EventMessage = Strict({
  topic: Type.String(),
  partition: Type.Optional(
    Type.Integer({
      description:
        'Where it stood when it moved the order, or as the last was published; missing where that is not known',
    }),
  ),
  offset: Type.Optional(Type.String()),
  key: Type.String(),
  value: Type.Record(Type.String(), Type.Unknown()),
  headers: Type.Record(Type.String(), Type.String(), {
    description: 'All but `traceparent`, which is another one each time that the event is published',
  }),
});
export type EventMessage = Type.Static<typeof EventMessage>;

export const InspectedOrder = Strict({
  orderId: Type.String(),
  reservation: Strict({
    reservationId: Type.String(),
    state: Type.Optional(
      Type.Enum(['HELD', 'RELEASED', 'CONSUMED'], {
        type: 'string',
        description: 'Missing if the inventory knows no such reservation, or does not answer',
      }),
    ),
  }),
  events: Type.Array(EventMessage, { description: 'Oldest first' }),
});
export type InspectedOrder = Type.Static<typeof InspectedOrder>;

const exampleValue = {
  orderId: 'order-1',
  userId: 'user-1',
  items: [{ itemId: 'item-1', quantity: 2 }],
  status: 'PENDING',
  at: '2026-01-01T12:00:00.000Z',
};

/** What operators ask about one order beside its history. */
export const inspectionApi = {
  inspectOrder: defineOperation({
    owner: 'orders',
    ...OPERATORS_READ,
    path: '/ops/orders/:orderId',
    summary: 'Inspect an order',
    description:
      'Its reservation, and the messages of its events. An event says what is stored of the order, and nothing else; so the ' +
      'messages are made from that, by what publishes them.',
    params: OrderIdParams,
    reply: InspectedOrder,
    errors: ['ORDER_NOT_FOUND', 'ORDER_ARCHIVED'],
    exampleReply: {
      orderId: 'order-1',
      reservation: { reservationId: 'b1c0a7e8-6f57-4a4e-9d3e-0d1f8f3f3a10', state: 'HELD' },
      events: [
        {
          topic: 'ORDER_PLACED',
          partition: 3,
          offset: '41',
          key: 'order-1',
          value: exampleValue,
          headers: { ce_id: 'order-1:PENDING', ce_type: 'ORDER_PLACED', 'content-type': 'application/json' },
        },
      ],
    },
  }),
} as const;

export const InspectedItem = Strict({
  itemId: Type.String(),
  itemName: Type.String(),
  stockedQty: Count('Units that ever came in'),
  availableQty: Count('Units that can be ordered'),
  reservedQty: Count('Units held for orders that have not left yet'),
  consumedQty: Count('Units that have left with orders'),
});
export type InspectedItem = Type.Static<typeof InspectedItem>;

/** What operators ask about one item beside what clients see of it. */
export const itemInspectionApi = {
  inspectItem: defineOperation({
    owner: 'inventory',
    ...OPERATORS_READ,
    path: '/ops/items/:itemId',
    summary: 'Inspect an item',
    description: 'What came in is available, reserved or consumed.',
    params: ItemIdParams,
    reply: InspectedItem,
    errors: ['ITEM_NOT_FOUND'],
    exampleReply: {
      itemId: 'item-1',
      itemName: 'Lamp',
      stockedQty: 10,
      availableQty: 5,
      reservedQty: 2,
      consumedQty: 3,
    },
  }),
} as const;
