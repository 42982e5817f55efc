import { deadLetterTopic, EVENT_SCHEMAS, PARTITIONS_PER_TOPIC } from './events.ts';
import { TOPIC_NAMES, TOPIC_PARTIES, TOPICS, type Topic } from './order-lifecycle.ts';

const TEXT = { type: 'string' } as const;

const headersOf = (topic: Topic) => ({
  type: 'object',
  required: [
    'ce_specversion',
    'ce_id',
    'ce_source',
    'ce_type',
    'ce_subject',
    'ce_time',
    'content-type',
    'traceparent',
  ],
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: {
      ...TEXT,
      description: 'The order and its status: the same event published again has the same id',
    },
    ce_source: { ...TEXT, description: 'The service that published it' },
    ce_type: { const: topic },
    ce_subject: { ...TEXT, description: 'The order' },
    ce_time: { ...TEXT, format: 'date-time' },
    'content-type': { const: 'application/json' },
    traceparent: { ...TEXT, description: 'W3C trace context' },
  },
});

const exampleOf = (topic: Topic) => ({
  orderId: 'order-1',
  userId: 'user11',
  items: [{ itemId: 'item1', quantity: 3 }],
  status: TOPICS[topic],
  at: '2026-01-01T12:00:00.000Z',
});

const messageOf = (topic: Topic) => ({
  name: topic,
  title: `An order is ${TOPICS[topic]}`,
  contentType: 'application/json',
  bindings: { kafka: { key: { type: 'string', description: 'The order id' }, bindingVersion: '0.5.0' } },
  headers: headersOf(topic),
  payload: EVENT_SCHEMAS[topic],
  examples: [{ payload: exampleOf(topic) }],
});

const channelOf = (topic: Topic) => {
  const { from, to } = TOPIC_PARTIES[topic];
  return {
    address: topic,
    description: `Published by ${from}; consumed by ${to.join(' and ') || 'no service'}. Messages that cannot be processed go to ${deadLetterTopic(topic)}.`,
    messages: { [topic]: { $ref: `#/components/messages/${topic}` } },
    bindings: { kafka: { partitions: PARTITIONS_PER_TOPIC, bindingVersion: '0.5.0' } },
  };
};

const perTopic = <T>(make: (topic: Topic) => T) =>
  Object.fromEntries(TOPIC_NAMES.map((topic) => [topic, make(topic)]));

/** The AsyncAPI 3 document of the order events (https://www.asyncapi.com/docs/reference/specification/v3.0.0). */
export const asyncApiDocument = () => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Order events',
    version: '1.0.0',
    description:
      'The lifecycle of an order, one topic a transition. Events are keyed by order and delivered at least once; they follow the CloudEvents Kafka binding in binary mode.',
    license: { name: 'MIT' },
  },
  defaultContentType: 'application/json',
  channels: perTopic(channelOf),
  operations: perTopic((topic) => ({
    action: 'send' as const,
    channel: { $ref: `#/channels/${topic}` },
    summary: `${TOPIC_PARTIES[topic].from} announces that an order is ${TOPICS[topic]}`,
    messages: [{ $ref: `#/channels/${topic}/messages/${topic}` }],
  })),
  components: { messages: perTopic(messageOf) },
});
