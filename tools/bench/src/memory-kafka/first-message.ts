import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Measure } from '../rounds.ts';
import { createMemorySide, type Side } from './sides.ts';

/** Milliseconds from `new Kafka()` until a consumer has had its first message, on a cluster that has nothing yet. */
export const firstMessageOf =
  (createSide: () => Side = createMemorySide): Measure =>
  async () => {
    const topic = `first-${randomUUID()}`;
    const start = performance.now();
    const kafka = createSide().connect();
    const producer = kafka.producer();
    const consumer = kafka.consumer({ groupId: 'first' });
    await producer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const received = new Promise<void>((resolve, reject) => {
      consumer.run({ eachMessage: async () => resolve() }).catch(reject);
    });
    await producer.send({ topic, messages: [{ value: 'first' }] });
    await received;
    const took = performance.now() - start;
    await Promise.all([producer.disconnect(), consumer.disconnect()]);
    return took;
  };
