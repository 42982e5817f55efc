import { Type } from 'typebox';
import { defineOperation, READ } from './operation.ts';
import { HistoryEntry } from './orders-api.ts';
import { ORDER_PATHS } from './paths.ts';
import { OrderIdParams } from './schemas.ts';

const EXAMPLE_STREAM = `retry: 1000

id: 1
event: status
data: {"status":"PENDING","at":"2026-01-01T12:00:00.000Z","cause":"placed"}

: still here

id: 2
event: status
data: {"status":"CANCELLED","at":"2026-01-01T12:00:20.000Z","cause":"cancelled by the client"}

`;

/** What the gateway answers of an order by itself. */
export const orderEventsApi = {
  watchOrder: defineOperation({
    owner: 'api-gateway',
    ...READ,
    path: ORDER_PATHS.events,
    summary: 'Stream the history of an order',
    description:
      'Server-Sent Events: one for each entry of the history, with `id` its number, until the order is DELIVERED or CANCELLED. `Last-Event-ID` resumes.',
    access: { kind: 'own', any: 'orders:read.any', foreign: 'NOT_FOUND' },
    params: OrderIdParams,
    headers: Type.Object({
      'last-event-id': Type.Optional(
        Type.String({
          maxLength: 64,
          description: 'The `id` of the last event that the client has: the stream continues behind it',
          examples: ['1'],
        }),
      ),
    }),
    reply: HistoryEntry,
    streams: true,
    errors: ['ORDER_NOT_FOUND', 'ORDER_ARCHIVED'],
    exampleReply: EXAMPLE_STREAM,
    emptyReplies: { 204: 'The client has all there will ever be: it need not connect again' },
  }),
} as const;
