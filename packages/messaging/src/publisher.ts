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
import type { Logger } from 'pino';
import { encodeEvent, topicOf, type TracedEvent } from './event-codec.ts';
import type { SentMessage } from './answered-messages.ts';
import { createPartitionCounts } from './partition-counts.ts';
import { createPartitionSends } from './partition-sends.ts';
import { createRenewedProducer, type RenewedProducer } from './renewed-producer.ts';
import { METADATA_MAX_AGE_MS, type TopicSetup } from './topics.ts';

/** Publishes to Kafka; resolves only when every in-sync replica has it. */
export interface Publisher {
  /**
   * Publishes a batch of events, in one send a topic unless they are many or large.
   *
   * @returns those that are not published, because their partitions take nothing for now: to be tried again
   */
  publish(events: readonly TracedEvent[]): Promise<readonly TracedEvent[]>;
  /** Sends messages as they are. */
  send(topic: string, messages: readonly Message[]): Promise<void>;
  disconnect(): Promise<void>;
}

/** The longest that one publish may take, in milliseconds; after that the caller tries again. */
const SEND_LIMIT_MS = 10_000;
const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000 };
/** Of a partition by itself, whose turn comes again: one more try, with what the brokers then say of its leader. */
const PROBE_RETRY = { ...RETRY, retries: 1 };

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
  const spans = new Map<TracedEvent, Span>();
  const inSpans = events.map((traced) => {
    const { event, trace, sinceMs } = traced;
    if (!trace.sampled) return traced;
    const span = tracer.begin(trace, publishSpan('publish', { topic, orderId: event.orderId, sinceMs }));
    if (!span) return traced;
    spans.set(traced, span);
    return { event, trace: span.trace };
  });
  if (spans.size === 0) return { events, end: () => undefined };
  const send = tracer.beginRoot(sendSpan(topic, events.length));
  linkBatch(send, [...spans.values()]);
  return {
    events: inSpans,
    /** @param failed which of them are not published */
    end: (error?: unknown, failed: readonly TracedEvent[] = events) => {
      const without = new Set(error === undefined ? [] : failed);
      for (const [traced, span] of spans) span.end(without.has(traced) ? failedWith(error) : {});
      send?.end(error === undefined ? {} : failedWith(error));
    },
  };
};

interface PublisherOptions {
  readonly source: string;
  readonly broker: Broker;
  readonly topics: TopicSetup;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Nothing is recorded if not given. */
  readonly tracer?: Tracer;
  /** Called with what a send has put where; must not throw. */
  readonly onSent?: ((topic: string, sent: readonly SentMessage[]) => void) | undefined;
}

/** Sends messages to a topic, in two ways: with all the tries that are due, or giving up soon. */
const createDelivery = (options: PublisherOptions) => {
  const { runtime } = options;
  const openProducer = (role: string, retry: typeof RETRY) =>
    createRenewedProducer(
      { topics: options.topics, compression: options.broker.compression, onSent: options.onSent },
      (createPartitioner) =>
        options.broker.connect(`${options.source}-${role}`).producer({
          allowAutoTopicCreation: false,
          createPartitioner,
          metadataMaxAge: METADATA_MAX_AGE_MS,
          retry,
        }),
    );
  const producer = openProducer('producer', RETRY);
  const prober = openProducer('prober', PROBE_RETRY);
  const published = options.metrics.counter('events_published_total');
  const timedOut = () => new Error(`Kafka did not take the messages within ${SEND_LIMIT_MS} ms`);
  const deliverBy =
    (by: RenewedProducer) =>
    async (topic: string, messages: readonly Message[]): Promise<void> => {
      try {
        await withTimeout(runtime, SEND_LIMIT_MS, by.send(topic, [...messages]), timedOut);
      } catch (error) {
        if (judge(error)?.verdict === 'refused') throw error;
        throw unavailable('Kafka does not take messages', error);
      }
      published.add({ topic }, messages.length);
    };
  return {
    deliver: deliverBy(producer),
    probe: deliverBy(prober),
    disconnect: async () => {
      await Promise.all([producer.disconnect(), prober.disconnect()]);
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
export const createPublisher = (options: PublisherOptions): Publisher => {
  const { tracer = NO_TRACER, runtime } = options;
  const { deliver, probe, disconnect } = createDelivery(options);
  const partitions = createPartitionCounts(
    () => options.broker.connect(`${options.source}-partitions`).admin(),
    runtime,
  );
  const sendPossible = createPartitionSends({
    ...options,
    send: deliver,
    probe,
    countPartitions: partitions.count,
  });
  const sendParts = async (topic: string, messages: readonly Message[]): Promise<ReadonlySet<Message>> => {
    const waiting: ReadonlySet<Message>[] = [];
    for (const part of splitBySize(messages)) waiting.push(await sendPossible(topic, part));
    const [only] = waiting;
    return only && waiting.length === 1 ? only : new Set(waiting.flatMap((part) => [...part]));
  };
  const publishTo = async (
    topic: string,
    ofTopic: readonly TracedEvent[],
  ): Promise<readonly TracedEvent[]> => {
    const { events, end } = beginPublishing(tracer, topic, ofTopic);
    try {
      const messages = events.map((event) => encodeEvent(event, options.source));
      const waiting = await sendParts(topic, messages);
      if (waiting.size === 0) {
        end();
        return [];
      }
      const held = ofTopic.filter((_, index) => waiting.has(messages[index] as Message));
      end(unavailable('its partition takes no messages'), held);
      return held;
    } catch (error) {
      end(error);
      throw error;
    }
  };
  return {
    publish: async (events) => {
      const held: TracedEvent[] = [];
      for (const [topic, ofTopic] of groupByTopic(events)) held.push(...(await publishTo(topic, ofTopic)));
      return held;
    },
    send: async (topic, messages) => {
      for (const part of splitBySize(messages)) await deliver(topic, part);
    },
    disconnect: async () => {
      await Promise.all([disconnect(), partitions.disconnect()]);
    },
  };
};
