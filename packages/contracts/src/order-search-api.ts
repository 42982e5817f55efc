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
      'longest first, and none that is closed; otherwise newest first. Which orders are stuck is as of the last look for them.',
    query: Strict({
      search: Type.Optional(Id('The id of an order, or of the user whose orders they are, whole', 'order-1')),
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
