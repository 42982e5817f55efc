import { Type } from 'typebox';
import { defineOperation, OPERATORS_READ } from './operation.ts';
import { Count, Id, StatusSchema, Strict, Timestamp } from './schemas.ts';

/** The longest age of stuck orders that can be asked for, in milliseconds: a hundred years. */
export const MAX_STUCK_AGE_MS = 36_525 * 86_400_000;

/** Why an order is stuck; of several, the first one here is reported: what a person has to fix comes first. */
export const STUCK_REASONS = [
  'RESERVATION_MISSING',
  'DEAD_LETTER',
  'EVENT_NOT_PUBLISHED',
  'ROW_LOCKED',
  'CONSUMER_NOT_PROGRESSING',
  'EVENT_LOST',
] as const;

export type StuckReason = (typeof STUCK_REASONS)[number];

export const StuckReasonSchema = Type.Enum([...STUCK_REASONS], {
  type: 'string',
  description: 'Why it is stuck',
});

export const OlderThanMs = Type.Integer({
  minimum: 0,
  maximum: MAX_STUCK_AGE_MS,
  description: 'Those that have been in their status for longer than this, in milliseconds',
});

/** An order that has stayed in one status for longer than `STUCK_AFTER_MS`. */
export const StuckOrder = Strict({
  orderId: Type.String(),
  status: StatusSchema,
  reason: StuckReasonSchema,
  since: Timestamp('When it took its status'),
  ageMs: Count('How long it had been in its status when it was looked at, in milliseconds'),
});
export type StuckOrder = Type.Static<typeof StuckOrder>;

/** What was found when the orders service last looked for stuck orders. */
export const StuckOrders = Strict({
  lookedAt: Type.Optional(
    Timestamp('When it was looked; missing where the instance that answers has just started'),
  ),
  stuckAfterMs: Count('From which age on an order is stuck, in milliseconds'),
  republishAfterMs: Count('At which age its event is published again, in milliseconds'),
  total: Count('How many match; of each status, the 1,000 oldest are looked at'),
  orders: Type.Array(StuckOrder, { description: 'The oldest of them, oldest first' }),
});
export type StuckOrders = Type.Static<typeof StuckOrders>;

/** What operators ask about orders that are stuck. */
export const stuckApi = {
  listStuckOrders: defineOperation({
    owner: 'orders',
    ...OPERATORS_READ,
    path: '/ops/stuck-orders',
    summary: 'List stuck orders',
    description: 'Oldest first, each with the reason.',
    query: Strict({
      status: Type.Optional(StatusSchema),
      reason: Type.Optional(StuckReasonSchema),
      orderId: Type.Optional(Id('The order', 'order-1')),
      olderThanMs: Type.Optional(OlderThanMs),
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'The most orders to answer' }),
      ),
    }),
    reply: StuckOrders,
    errors: [],
    exampleReply: {
      lookedAt: '2026-01-01T12:10:00.000Z',
      stuckAfterMs: 300_000,
      republishAfterMs: 600_000,
      total: 1,
      orders: [
        {
          orderId: 'order-1',
          status: 'PROCESSING',
          reason: 'DEAD_LETTER',
          since: '2026-01-01T12:00:00.000Z',
          ageMs: 600_000,
        },
      ],
    },
  }),
} as const;
