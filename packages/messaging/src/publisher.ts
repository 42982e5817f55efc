import { unavailable, within, type Broker, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { Message, TopicMessages } from 'kafkajs';
import { encodeEvent, topicOf, type TracedEvent } from './event-codec.ts';
import type { TopicSetup } from './topics.ts';

/** Publishes to Kafka; resolves only when every in-sync replica has it. */
export interface Publisher {
  /** Publishes a batch of events in one send. */
  publish(events: readonly TracedEvent[]): Promise<void>;
  /** Sends messages as they are. */
  send(topic: string, messages: Message[]): Promise<void>;
  disconnect(): Promise<void>;
}

/** The longest that one publish may take, in milliseconds; after that the caller tries again. */
const SEND_LIMIT_MS = 10_000;
const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000 };

const groupByTopic = (events: readonly TracedEvent[], source: string): TopicMessages[] => {
  const byTopic = new Map<string, Message[]>();
  for (const traced of events) {
    const topic = topicOf(traced);
    const messages = byTopic.get(topic) ?? [];
    messages.push(encodeEvent(traced, source));
    byTopic.set(topic, messages);
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }));
};

/**
 * A publisher that connects with its first send, so that a service starts while Kafka is down.
 *
 * Its functions throw UNAVAILABLE when Kafka does not take the messages in time; some of them may be published then,
 * and publishing them again is harmless.
 *
 * @param options.source the service, as it stands in the events
 */
export const createPublisher = (options: {
  readonly source: string;
  readonly broker: Broker;
  readonly topics: TopicSetup;
  readonly runtime: Runtime;
  readonly metrics: Metrics;
}): Publisher => {
  const producer = options.broker
    .connect(`${options.source}-producer`)
    .producer({ allowAutoTopicCreation: false, retry: RETRY });
  const published = options.metrics.counter('events_published_total', 'Messages published, by topic', [
    'topic',
  ]);
  let connected: Promise<void> | undefined;

  const connect = (): Promise<void> => {
    connected ??= options
      .topics()
      .then(() => producer.connect())
      .catch((error: unknown) => {
        connected = undefined;
        throw error;
      });
    return connected;
  };
  const deliver = async (topicMessages: TopicMessages[]): Promise<void> => {
    const timedOut = () => new Error(`Kafka did not take the messages within ${SEND_LIMIT_MS} ms`);
    try {
      const sending = connect().then(() => producer.sendBatch({ topicMessages, acks: -1 }));
      await within(options.runtime, SEND_LIMIT_MS, sending, timedOut);
    } catch (error) {
      throw unavailable('Kafka does not take messages', error);
    }
    for (const { topic, messages } of topicMessages) published.add({ topic }, messages.length);
  };
  return {
    publish: async (events) => {
      if (events.length > 0) await deliver(groupByTopic(events, options.source));
    },
    send: (topic, messages) => deliver([{ topic, messages }]),
    disconnect: () => producer.disconnect(),
  };
};
