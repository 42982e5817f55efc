import { createCluster, Kafka, logLevel } from '../src/index.ts';

// A program that has a million messages of 200 bytes held in memory, and says what that took, in bytes.

const MESSAGES = 1_000_000;
const BATCH = 500;

const cluster = createCluster({ autoCreatePartitions: 3 });
const kafka = new Kafka({ brokers: ['footprint:9092'], cluster, logLevel: logLevel.NOTHING });
const value = 'x'.repeat(200);

const fill = async (): Promise<void> => {
  const producer = kafka.producer();
  await producer.connect();
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    const messages = Array.from({ length: BATCH }, (_, index) => ({ key: `order-${sent + index}`, value }));
    await producer.send({ topic: 'held', messages });
  }
  await producer.disconnect();
};

const heldMessages = (): number =>
  (cluster.inspect().topics[0]?.partitions ?? []).reduce((sum, { low, high }) => sum + high - low, 0);

await fill();
process.stdout.write(`${JSON.stringify({ messages: heldMessages(), ...process.memoryUsage() })}\n`);
