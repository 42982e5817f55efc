import { Type } from 'typebox';
import { TOPIC_NAMES, TOPICS, type AnnouncedStatus, type Topic } from './order-lifecycle.ts';
import { AnyId, MAX_ORDER_LINES, OrderLine, Timestamp } from './schemas.ts';

/** How many partitions each topic has: the most instances of one worker that share its work. */
export const PARTITIONS_PER_TOPIC = 6;

/** Where messages of a topic go that cannot be processed. */
export const deadLetterTopic = (topic: string): string => `${topic}.DLQ`;

// A field that is not known here is one of a later version, and ignored.
const eventOf = <S extends AnnouncedStatus>(status: S) =>
  Type.Object({
    orderId: AnyId,
    userId: AnyId,
    items: Type.Array(Type.Object(OrderLine.properties), { minItems: 1, maxItems: MAX_ORDER_LINES }),
    status: Type.Literal(status),
    at: Timestamp('When the order took this status'),
  });

/** The value of each event; it is JSON, keyed by orderId. */
export const EVENT_SCHEMAS = Object.fromEntries(
  TOPIC_NAMES.map((topic) => [topic, eventOf(TOPICS[topic])]),
) as Readonly<Record<Topic, ReturnType<typeof eventOf>>>;

export interface OrderEvent {
  readonly orderId: string;
  readonly userId: string;
  readonly items: readonly { readonly itemId: string; readonly quantity: number }[];
  readonly status: AnnouncedStatus;
  /** ISO 8601. */
  readonly at: string;
}

/** The id of an event: made from the order and its status, so that a consumer recognises a repeat. */
export const eventId = (event: Pick<OrderEvent, 'orderId' | 'status'>): string =>
  `${event.orderId}:${event.status}`;
