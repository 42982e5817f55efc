import { deadLetterTopic, TOPIC_NAMES, TOPIC_OF, type AnnouncedStatus } from '@order-pipeline/contracts';
import { createTopicSetup, encodeEvent } from '@order-pipeline/messaging';
import { createRuntime, type Broker, type Trace } from '@order-pipeline/service-kit';
import { eventually } from './eventually.ts';
import { readTopics, type ReadMessage } from './read-topics.ts';

/** Publishes the events that a worker consumes, and records the events that it publishes. */
export interface EventProbe {
  /** Publishes the event of a status for each order; answers the trace that it began for each. */
  announce(status: AnnouncedStatus, ...orderIds: string[]): Promise<readonly Trace[]>;
  /** Sends a message to the topic of a status as it is. */
  send(status: AnnouncedStatus, message: { key: string; value: string }): Promise<void>;
  /** The events of a status that were published about an order. */
  published(status: AnnouncedStatus, orderId: string): readonly ReadMessage[];
  /** The event of a status about an order, as soon as it is published; fails when there are none or several until then. */
  onlyPublished(
    status: AnnouncedStatus,
    orderId: string,
    limit: { readonly timeoutMs: number },
  ): Promise<ReadMessage>;
  /** The dead letters with this key. */
  deadLetters(key: string): readonly ReadMessage[];
  close(): Promise<void>;
}

/** Starts a probe on a broker; the topics are made if they are not there. */
export const startEventProbe = async (broker: Broker): Promise<EventProbe> => {
  const runtime = createRuntime();
  await createTopicSetup(broker, 'probe-topics')();
  const producer = broker.connect('probe').producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const letters = TOPIC_NAMES.map(deadLetterTopic);
  const reader = await readTopics(broker, [...TOPIC_NAMES, ...letters]);
  const send: EventProbe['send'] = async (status, message) => {
    await producer.sendBatch({ topicMessages: [{ topic: TOPIC_OF[status], messages: [message] }] });
  };
  const published: EventProbe['published'] = (status, orderId) =>
    reader.messages.filter(({ topic, key }) => topic === TOPIC_OF[status] && key === orderId);
  return {
    announce: async (status, ...orderIds) => {
      const events = orderIds.map((orderId) => ({
        event: {
          orderId,
          userId: 'user11',
          items: [{ itemId: 'item1', quantity: 3 }],
          status,
          at: '2026-01-01T12:00:00.000Z',
        },
        trace: { traceId: runtime.hex(16), spanId: runtime.hex(8) },
      }));
      const messages = events.map((event) => encodeEvent(event, 'probe'));
      await producer.sendBatch({ topicMessages: [{ topic: TOPIC_OF[status], messages }] });
      return events.map(({ trace }) => trace);
    },
    send,
    published,
    onlyPublished: (status, orderId, limit) =>
      eventually(() => {
        const [event, ...more] = published(status, orderId);
        if (!event || more.length > 0)
          throw new Error(`${more.length + (event ? 1 : 0)} events of ${orderId} in ${status}`);
        return event;
      }, limit),
    deadLetters: (ofKey) =>
      reader.messages.filter(({ topic, key }) => letters.includes(topic) && key === ofKey),
    close: async () => {
      await Promise.all([producer.disconnect(), reader.stop()]);
    },
  };
};
