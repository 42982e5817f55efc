import { Type } from 'typebox';
import { defineOperation, OPERATORS_READ } from './operation.ts';
import { OrderIdParams, Strict, Timestamp } from './schemas.ts';

/** A span as OpenTelemetry has it, of the trace of an order. */
const TraceSpan = Strict({
  spanId: Type.String(),
  parentId: Type.Optional(Type.String({ description: 'The span that it is part of' })),
  service: Type.String(),
  name: Type.String({ examples: ['publish ORDER_PLACED'] }),
  kind: Type.Enum(['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'], { type: 'string' }),
  startedAt: Timestamp('When it began'),
  /** Since the first of the spans began. */
  offsetMs: Type.Number({ description: 'How long after the first of them, in milliseconds' }),
  durationMs: Type.Number({ minimum: 0, description: 'In milliseconds' }),
  failed: Type.Boolean(),
  attributes: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
});
export type TraceSpan = Type.Static<typeof TraceSpan>;

export const OrderTrace = Strict({
  orderId: Type.String(),
  traceId: Type.Optional(Type.String({ description: 'Missing if the trace of the order is not sampled' })),
  url: Type.Optional(Type.String({ description: 'Where it is shown, if `TRACE_URL` is set' })),
  spans: Type.Optional(
    Type.Array(TraceSpan, {
      description: 'Those that are still in memory, by their start; missing where none are kept',
    }),
  ),
});
export type OrderTrace = Type.Static<typeof OrderTrace>;

const example = { orderId: 'order-1', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' };

/** What operators ask about the traces of orders. */
export const tracesApi = {
  getOrderTrace: defineOperation({
    owner: 'orders',
    ...OPERATORS_READ,
    path: '/ops/orders/:orderId/trace',
    summary: 'Retrieve the trace of an order',
    description: 'As far as it is recorded.',
    params: OrderIdParams,
    reply: OrderTrace,
    errors: ['ORDER_NOT_FOUND', 'ORDER_ARCHIVED'],
    exampleReply: {
      ...example,
      url: `http://127.0.0.1:16686/trace/${example.traceId}`,
      spans: [
        {
          spanId: '00f067aa0ba902b7',
          service: 'orders',
          name: 'place order',
          kind: 'INTERNAL',
          startedAt: '2026-01-01T12:00:00.000Z',
          offsetMs: 0,
          durationMs: 4.2,
          failed: false,
          attributes: { 'order.id': 'order-1' },
        },
      ],
    },
  }),
} as const;
