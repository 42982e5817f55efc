import { randomBytes, randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Message } from 'kafkajs';
import type { Measure } from '../rounds.ts';
import type { Side } from './sides.ts';

export interface Load {
  readonly sends: number;
  readonly messagesPerSend: number;
}

const VALUE_BYTES = 200;
const SECOND_MS = 1_000;

const messagesOf = (count: number): Message[] =>
  Array.from({ length: count }, (_, index) => ({ key: `key-${index}`, value: randomBytes(VALUE_BYTES) }));

/** Reads a topic from its end on; `all` resolves when `count` messages have come. */
const startReader = async (side: Side, topic: string, count: number) => {
  const consumer = side.connect().consumer({ groupId: randomUUID(), maxWaitTimeInMs: 50 });
  let left = count;
  let resolveAll = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    resolveAll = resolve;
  });
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch }) => {
      left -= batch.messages.length;
      if (left <= 0) resolveAll();
    },
  });
  return { all, stop: () => consumer.disconnect() };
};

/**
 * Messages a second, from the first `send` until `eachBatch` has had the last message; each send waits for the answer to
 * the one before.
 */
export const throughputOf =
  (side: Side, { sends, messagesPerSend }: Load): Measure =>
  async () => {
    const topic = `bench-${randomUUID()}`;
    const client = side.connect();
    const admin = client.admin();
    const producer = client.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    const reader = await startReader(side, topic, sends * messagesPerSend);
    const messages = messagesOf(messagesPerSend);
    const start = performance.now();
    for (let sent = 0; sent < sends; sent += 1) await producer.send({ topic, messages });
    await reader.all;
    const seconds = (performance.now() - start) / SECOND_MS;
    await reader.stop();
    await admin.deleteTopics({ topics: [topic] });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    return (sends * messagesPerSend) / seconds;
  };
