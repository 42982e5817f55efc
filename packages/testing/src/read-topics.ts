import { randomUUID } from 'node:crypto';
import type { Broker } from '@order-pipeline/service-kit';

/** A message as text. */
export interface ReadMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TopicReader {
  /** What the topics had and got so far. */
  readonly messages: readonly ReadMessage[];
  stop(): Promise<void>;
}

/** Reads topics from their beginning, by kafkajs's API alone. */
export const readTopics = async (broker: Broker, topics: readonly string[]): Promise<TopicReader> => {
  const id = `reader-${randomUUID()}`;
  const consumer = broker
    .connect(id)
    .consumer({ groupId: id, maxWaitTimeInMs: 200, allowAutoTopicCreation: false });
  const messages: ReadMessage[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: 10,
    eachMessage: async ({ topic, partition, message: { offset, key, value, headers = {} } }) => {
      const texts = Object.entries(headers).map(([name, content]) => [name, String(content)] as const);
      messages.push({
        topic,
        partition,
        offset,
        key: String(key),
        value: String(value),
        headers: Object.fromEntries(texts),
      });
    },
  });
  return { messages, stop: () => consumer.disconnect() };
};
