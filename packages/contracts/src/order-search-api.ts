import { Type } from 'typebox';
import { defineOperation } from './operation.ts';
import { exampleAt, exampleOrder } from './order-examples.ts';
import { orderWithTimesFields } from './orders-api.ts';
import { WAITING_CURSOR } from './patterns.ts';
import { Id, PageQuery, StatusSchema, Strict } from './schemas.ts';
import { OlderThanMs, StuckReasonSchema } from './stuck-api.ts';

/** An order as operators find it: with its times, and why it is stuck, where it is. */
export const FoundOrder = Strict({
  ...orderWithTimesFields,
  stuckReason: Type.Optional(StuckReasonSchema),
});
export type FoundOrder = Type.Static<typeof FoundOrder>;

/** Says how far a page has looked for an item. */
export const SEARCHED_UNTIL_HEADER = 'searched-until';

/** Orders of all users, by what operators look for. */
export const orderSearchApi = {
  searchOrders: defineOperation({
    owner: 'orders',
    method: 'GET',
    path: '/ops/orders',
    access: { kind: 'scope', scope: 'ops:read' },
    summary: 'Search orders',
    description:
      'Those that match every filter. With `olderThanMs` or `reason` they are orders that wait for their next status, the ' +
      'longest first, and none that is closed; otherwise newest first. Which orders are stuck is as of the last look for them. With `itemId` a page looks at 10,000 orders at most: it may have ' +
      'fewer orders than its limit, or none, and `Link` leads on from where it stopped. Archived orders are not searched.',
    query: Strict({
      search: Type.Optional(Id('The id of an order, or of the user whose orders they are, whole', 'order-1')),
      itemId: Type.Optional(Id('The id of an item that they contain, whole', 'item1')),
      status: Type.Optional(StatusSchema),
      olderThanMs: Type.Optional(OlderThanMs),
      reason: Type.Optional(StuckReasonSchema),
      ...PageQuery,
      cursor: Type.Optional(
        Type.String({
          pattern: WAITING_CURSOR,
          description:
            'Where the page starts: as in the Link header of the page before, with the same filters',
        }),
      ),
    }),
    status: 200,
    reply: Type.Array(FoundOrder),
    errors: [],
    idempotent: true,
    paged: true,
    replyHeaders: {
      [SEARCHED_UNTIL_HEADER]:
        'With `itemId`, unless with `reason`: how far this page has looked, as the time of the last order that it looked at, ' +
        'when it was placed or, with `olderThanMs`, took its status. ISO 8601. Without `Link` all have been looked at',
    },
    exampleReply: [
      {
        ...exampleOrder,
        status: 'PROCESSING',
        createdAt: exampleAt,
        updatedAt: exampleAt,
        stuckReason: 'DEAD_LETTER',
      },
    ],
  }),
} as const;
