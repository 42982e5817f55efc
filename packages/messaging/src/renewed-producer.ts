import { judge, type Broker, type ProducerPort } from '@order-pipeline/service-kit';
import kafkajs, { type Message } from 'kafkajs';
import type { TopicSetup } from './topics.ts';

/**
 * A producer that connects with its first send, and is replaced by a new one when the broker knows it no more or has
 * fenced it: such a one publishes nothing ever after.
 */
export const createRenewedProducer = (
  { topics, compression }: { readonly topics: TopicSetup; readonly compression: Broker['compression'] },
  open: () => ProducerPort,
) => {
  const codec = compression === 'gzip' ? { compression: kafkajs.CompressionTypes.GZIP } : {};
  let producer: ProducerPort | undefined;
  let connected: Promise<void> | undefined;
  let closed = false;

  const current = (): ProducerPort => (producer ??= open());
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
    producer = open();
    connected = undefined;
    fenced.disconnect().catch(() => undefined);
  };
  return {
    send: async (topic: string, messages: Message[]): Promise<void> => {
      if (closed) throw new Error('the publisher is closed');
      await connect();
      const used = current();
      try {
        await used.sendBatch({ topicMessages: [{ topic, messages }], acks: -1, ...codec });
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
