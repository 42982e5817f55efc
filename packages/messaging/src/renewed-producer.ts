import { judge, unavailable, type Broker, type ProducerPort } from '@order-pipeline/service-kit';
import kafkajs, { type ICustomPartitioner, type Message } from 'kafkajs';
import { createAnsweredMessages, type SentMessage } from './answered-messages.ts';
import type { TopicSetup } from './topics.ts';

/**
 * A producer that connects with its first send, and is replaced by a new one when the broker knows it no more or has
 * fenced it: such a one publishes nothing ever after.
 */
export const createRenewedProducer = (
  {
    topics,
    compression,
    onSent,
  }: {
    readonly topics: TopicSetup;
    readonly compression: Broker['compression'];
    /** Called with what a send has put where; must not throw. */
    readonly onSent?: ((topic: string, sent: readonly SentMessage[]) => void) | undefined;
  },
  open: (createPartitioner: ICustomPartitioner) => ProducerPort,
) => {
  const { createPartitioner, countUnanswered, positionsOf } = createAnsweredMessages();
  const codec = compression === 'gzip' ? { compression: kafkajs.CompressionTypes.GZIP } : {};
  let producer: ProducerPort | undefined;
  let connected: Promise<void> | undefined;
  let closed = false;

  const current = (): ProducerPort => (producer ??= open(createPartitioner));
  const connect = (): Promise<void> => {
    connected ??= topics()
      .then(() => current().connect())
      .catch((error: unknown) => {
        connected = undefined;
        throw error;
      });
    return connected;
  };
  const replace = (fenced: ProducerPort): void => {
    if (fenced !== producer || closed) return;
    producer = open(createPartitioner);
    connected = undefined;
    fenced.disconnect().catch(() => undefined);
  };
  return {
    send: async (topic: string, messages: Message[]): Promise<void> => {
      if (closed) throw new Error('the publisher is closed');
      await connect();
      const used = current();
      try {
        const records = await used.sendBatch({ topicMessages: [{ topic, messages }], acks: -1, ...codec });
        const unanswered = countUnanswered(messages, records);
        if (unanswered > 0)
          throw unavailable(`No broker has answered for ${unanswered} of ${messages.length} messages`);
        onSent?.(topic, positionsOf(messages, records));
      } catch (error) {
        if (judge(error)?.renew) replace(used);
        throw error;
      }
    },
    disconnect: async (): Promise<void> => {
      closed = true;
      // One that is still connecting would come back to life after it was disconnected.
      void connected?.then(() => producer?.disconnect()).catch(() => undefined);
      await producer?.disconnect();
    },
  };
};

export type RenewedProducer = ReturnType<typeof createRenewedProducer>;
