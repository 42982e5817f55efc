import { Type } from 'typebox';
import type { OrderStatus } from './order-status.ts';
import { AnyId, MAX_ORDER_LINES, OrderLine, Timestamp } from './schemas.ts';

/** Every topic with the status that its event announces. The event's type and its topic bear one name. */
export const TOPICS = {
  ORDER_PLACED: 'PENDING',
  ORDER_PROCESSING: 'PROCESSING',
  ORDER_SHIPPED: 'SHIPPED',
  ORDER_DELIVERED: 'DELIVERED',
} as const satisfies Record<string, OrderStatus>;

export type Topic = keyof typeof TOPICS;

export const TOPIC_NAMES = Object.keys(TOPICS) as Topic[];

/** How many partitions each topic has: the most instances of one worker that share its work. */
export const PARTITIONS_PER_TOPIC = 6;

/** Where messages of a topic go that cannot be worked. */
export const deadLetterTopic = (topic: string): string => `${topic}.DLQ`;

export type AnnouncedStatus = (typeof TOPICS)[Topic];

/** The topic on which a status is announced. */
export const TOPIC_OF: Record<AnnouncedStatus, Topic> = {
  PENDING: 'ORDER_PLACED',
  PROCESSING: 'ORDER_PROCESSING',
  SHIPPED: 'ORDER_SHIPPED',
  DELIVERED: 'ORDER_DELIVERED',
};

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
export const EVENT_SCHEMAS = {
  ORDER_PLACED: eventOf('PENDING'),
  ORDER_PROCESSING: eventOf('PROCESSING'),
  ORDER_SHIPPED: eventOf('SHIPPED'),
  ORDER_DELIVERED: eventOf('DELIVERED'),
} as const;

export interface OrderEvent {
  readonly orderId: string;
  readonly userId: string;
  readonly items: readonly { readonly itemId: string; readonly quantity: number }[];
  readonly status: AnnouncedStatus;
  /** ISO 8601. */
  readonly at: string;
}

/** The id of an event: made from the order and its status, so that a consumer can tell a repeat. */
export const eventId = (event: Pick<OrderEvent, 'orderId' | 'status'>): string =>
  `${event.orderId}:${event.status}`;
