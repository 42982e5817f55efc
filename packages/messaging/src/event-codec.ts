import { EVENT_SCHEMAS, eventId, TOPIC_OF, type OrderEvent, type Topic } from '@order-pipeline/contracts';
import {
  compileValidator,
  continueTrace,
  processSpan,
  traceparent,
  type Runtime,
  type Span,
  type Trace,
  type Tracer,
} from '@order-pipeline/service-kit';
import type { IHeaders, Message } from 'kafkajs';

/** An event with the trace that it belongs to. */
export interface TracedEvent {
  readonly event: OrderEvent;
  readonly trace: Trace;
  /** Since when it waits to be published, if that is known and its trace is sampled: milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
}

/** Where in Kafka a message stands. */
export interface MessagePosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** A message as it came, kept for the dead letters. */
export interface RawMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: IHeaders;
  /** When it was put into its topic, in milliseconds since the epoch. */
  readonly timestamp?: string;
}

/** An event as it was received. */
export interface ReceivedEvent extends MessagePosition, TracedEvent {
  readonly id: string;
  readonly raw: RawMessage;
  /** From when it was received until it is done, if its trace is sampled. */
  readonly span?: Span | undefined;
}

const validators = Object.fromEntries(
  Object.entries(EVENT_SCHEMAS).map(([topic, schema]) => [topic, compileValidator(schema, 'json')]),
);

/**
 * The Kafka message of an event: keyed by order, so that the events of one order keep their order; headers as in the
 * CloudEvents Kafka binding, binary mode
 * (https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md).
 *
 * @param source the service that publishes it
 */
export const encodeEvent = ({ event, trace }: TracedEvent, source: string): Message => ({
  key: event.orderId,
  value: JSON.stringify(event),
  headers: {
    ce_specversion: '1.0',
    ce_id: eventId(event),
    ce_source: `/order-pipeline/${source}`,
    ce_type: TOPIC_OF[event.status],
    ce_subject: event.orderId,
    ce_time: event.at,
    'content-type': 'application/json',
    traceparent: traceparent(trace),
  },
});

/** A header's text, or nothing where it is missing, has no value (kafkajs gives null then) or stands more than once. */
export const headerText = (headers: IHeaders | undefined, name: string): string | undefined => {
  const value = headers?.[name] ?? undefined;
  return Array.isArray(value) ? undefined : value?.toString();
};

const parseJson = (value: Buffer): unknown => {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    return undefined;
  }
};

/** An event without what a later version may say beside it, so that nobody hands on what they do not know. */
const knownFieldsOf = ({ orderId, userId, items, status, at }: OrderEvent): OrderEvent => ({
  orderId,
  userId,
  items: items.map(({ itemId, quantity }) => ({ itemId, quantity })),
  status,
  at,
});

/** What a message says, or why it cannot be understood; it never throws. */
export const decodeEvent = (
  position: MessagePosition,
  raw: RawMessage,
  runtime: Pick<Runtime, 'hex'>,
): ReceivedEvent | { readonly reason: string } => {
  const validate = validators[position.topic];
  if (!validate) return { reason: `no event is known on the topic ${position.topic}` };
  if (!raw.value) return { reason: 'there is no value' };
  const value = parseJson(raw.value);
  if (value === undefined) return { reason: 'the value is not JSON' };
  const problems = validate(value);
  if (problems.length > 0) {
    return { reason: problems.map(({ field, message }) => `${field || 'the value'} ${message}`).join('; ') };
  }
  const event = knownFieldsOf(value as OrderEvent);
  const trace = continueTrace(headerText(raw.headers, 'traceparent'), runtime);
  return { ...position, event, trace, raw, id: eventId(event) };
};

/** The same event with its span, if its trace is sampled: what becomes of it belongs to that. */
export const beginProcessing = (event: ReceivedEvent, group: string, tracer: Tracer): ReceivedEvent => {
  if (!event.trace.sampled) return event;
  const span = tracer.begin(event.trace, processSpan({ ...event, group }, event.event.orderId));
  return span ? { ...event, trace: span.trace, span } : event;
};

export const topicOf = ({ event }: TracedEvent): Topic => TOPIC_OF[event.status];
