import {
  judge,
  linkBatch,
  NO_TRACER,
  publishSpan,
  failedWith,
  sendSpan,
  unavailable,
  withTimeout,
  type Broker,
  type Metrics,
  type Runtime,
  type Span,
  type Tracer,
} from '@order-pipeline/service-kit';
import type { Message } from 'kafkajs';
import { encodeEvent, topicOf, type TracedEvent } from './event-codec.ts';
import { createRenewedProducer } from './renewed-producer.ts';
import type { TopicSetup } from './topics.ts';

/** Publishes to Kafka; resolves only when every in-sync replica has it. */
export interface Publisher {
  /** Publishes a batch of events, in one send a topic unless they are many or large. */
  publish(events: readonly TracedEvent[]): Promise<void>;
  /** Sends messages as they are. */
  send(topic: string, messages: readonly Message[]): Promise<void>;
  disconnect(): Promise<void>;
}

/** The longest that one publish may take, in milliseconds; after that the caller tries again. */
const SEND_LIMIT_MS = 10_000;
const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000 };

/**
 * The most that one send carries, in bytes. kafkajs makes one batch of records a partition and send, and Kafka refuses
 * a batch over 1 MiB; so a send whose messages all go to one partition must stay below that.
 */
const MAX_BYTES = 500_000;
/** What a record takes beside its content: lengths, offset and time. */
const RECORD_OVERHEAD_BYTES = 64;

const lengthOf = (part: unknown): number =>
  typeof part === 'string' || Buffer.isBuffer(part) ? Buffer.byteLength(part) : 0;

const bytesOf = ({ key, value, headers = {} }: Message): number =>
  [key, value, ...Object.keys(headers), ...Object.values(headers).flat()].reduce<number>(
    (sum, part) => sum + lengthOf(part),
    RECORD_OVERHEAD_BYTES,
  );

/** Cuts messages into sends, in their order; a message that is larger than a send goes alone. */
const splitBySize = (messages: readonly Message[]): Message[][] => {
  const parts: Message[][] = [];
  let room = 0;
  for (const message of messages) {
    const bytes = bytesOf(message);
    if (bytes > room) {
      parts.push([]);
      room = MAX_BYTES;
    }
    parts.at(-1)?.push(message);
    room -= bytes;
  }
  return parts;
};

const groupByTopic = (events: readonly TracedEvent[]): Map<string, TracedEvent[]> => {
  const byTopic = new Map<string, TracedEvent[]>();
  for (const traced of events) {
    const topic = topicOf(traced);
    const ofTopic = byTopic.get(topic) ?? [];
    ofTopic.push(traced);
    byTopic.set(topic, ofTopic);
  }
  return byTopic;
};

/** The spans of events that are sent to a topic at once, and the events in the traces of their spans. */
const beginPublishing = (tracer: Tracer, topic: string, events: readonly TracedEvent[]) => {
  const spans: Span[] = [];
  const inSpans = events.map((traced) => {
    const { event, trace, sinceMs } = traced;
    if (!trace.sampled) return traced;
    const span = tracer.begin(trace, publishSpan('publish', { topic, orderId: event.orderId, sinceMs }));
    if (!span) return traced;
    spans.push(span);
    return { event, trace: span.trace };
  });
  if (spans.length === 0) return { events, end: () => undefined };
  const send = tracer.beginRoot(sendSpan(topic, events.length));
  linkBatch(send, spans);
  return {
    events: inSpans,
    end: (error?: unknown) => {
      const end = error === undefined ? {} : failedWith(error);
      for (const span of [...spans, send]) span?.end(end);
    },
  };
};

/**
 * A publisher that connects with its first send, so that a service starts while Kafka is down.
 *
 * Its functions throw UNAVAILABLE when Kafka does not take the messages in time; some of them may be published then,
 * and publishing them again is harmless. What Kafka will never take, such as a message that is too large, they throw as
 * kafkajs does.
 *
 * @param options.source the service, as it stands in the events
 */
export const createPublisher = (options: {
  readonly source: string;
  readonly broker: Broker;
  readonly topics: TopicSetup;
  readonly runtime: Runtime;
  readonly metrics: Metrics;
  /** Nothing is recorded if not given. */
  readonly tracer?: Tracer;
}): Publisher => {
  const { tracer = NO_TRACER } = options;
  const producer = createRenewedProducer(options.topics, () =>
    options.broker
      .connect(`${options.source}-producer`)
      .producer({ allowAutoTopicCreation: false, retry: RETRY }),
  );
  const published = options.metrics.counter('events_published_total');
  const deliver = async (topic: string, messages: readonly Message[]): Promise<void> => {
    const timedOut = () => new Error(`Kafka did not take the messages within ${SEND_LIMIT_MS} ms`);
    for (const part of splitBySize(messages)) {
      try {
        await withTimeout(options.runtime, SEND_LIMIT_MS, producer.send(topic, part), timedOut);
      } catch (error) {
        if (judge(error)?.verdict === 'refused') throw error;
        throw unavailable('Kafka does not take messages', error);
      }
      published.add({ topic }, part.length);
    }
  };
  const publishTo = async (topic: string, ofTopic: readonly TracedEvent[]): Promise<void> => {
    const { events, end } = beginPublishing(tracer, topic, ofTopic);
    try {
      await deliver(
        topic,
        events.map((event) => encodeEvent(event, options.source)),
      );
      end();
    } catch (error) {
      end(error);
      throw error;
    }
  };
  return {
    publish: async (events) => {
      for (const [topic, ofTopic] of groupByTopic(events)) await publishTo(topic, ofTopic);
    },
    send: deliver,
    disconnect: () => producer.disconnect(),
  };
};
