import type { AdminPort, ServiceContext } from '@order-pipeline/service-kit';
import type { SentMessage } from './answered-messages.ts';
import type { ConsumerOptions } from './consumer/options.ts';
import { startConsumer, type EventConsumer } from './consumer/start-consumer.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { createTopicSetup } from './topics.ts';

/** What a service publishes to Kafka and consumes from it. */
export interface Messaging {
  readonly publisher: Publisher;
  /** Starts a consumer that is closed with the service. */
  consume(
    options: Pick<ConsumerOptions, 'group' | 'topics' | 'handle' | 'commitMode'> &
      Pick<Partial<ConsumerOptions>, 'onAssigned' | 'deadLetter' | 'health' | 'waiting'>,
  ): EventConsumer;
}

/**
 * Opens the way to Kafka for a service; what is opened is added to its closers.
 *
 * @param inspectTopics looks at the topics once they are there; must not throw
 * @param onSent called with what was published where; must not throw
 */
export const createMessaging = (
  source: string,
  context: ServiceContext<unknown>,
  inspectTopics?: (admin: AdminPort) => Promise<void>,
  onSent?: (topic: string, sent: readonly SentMessage[]) => void,
): Messaging => {
  const { broker, runtime, logger, metrics, tracer, closers } = context;
  const topicSetup = createTopicSetup(broker, `${source}-topics`, inspectTopics);
  const publisher = createPublisher({
    source,
    broker,
    topics: topicSetup,
    runtime,
    logger,
    metrics,
    tracer,
    onSent,
  });
  closers.add('Kafka producer', () => publisher.disconnect());
  return {
    publisher,
    consume: (options) => {
      const consumer = startConsumer({ ...context, ...options, topicSetup, publisher });
      closers.add(`consumer ${options.group}`, () => consumer.stop());
      return consumer;
    },
  };
};
