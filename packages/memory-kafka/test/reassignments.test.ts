// Partitions that move to other brokers, as clients in the process and the original kafkajs over TCP see it.
import { afterEach, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createCluster, Kafka, type MemoryCluster } from '../src/index.ts';
import { eventually } from './support.ts';

const RETRY = { initialRetryTime: 20, maxRetryTime: 100, retries: 8 };
const topic = 'orders';

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

const sides = {
  'in the process': async (cluster: MemoryCluster) =>
    new Kafka({ brokers: ['moving:9092'], cluster, logLevel: kafkajs.logLevel.NOTHING, retry: RETRY }),
  'over TCP': async (cluster: MemoryCluster) => {
    const listener = await cluster.listen();
    opened.push(() => listener.close());
    const brokers = [...listener.brokers];
    return new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING, retry: RETRY });
  },
};

describe.each(Object.entries(sides))('a partition that moves, %s', (_side, kafkaOf) => {
  it('keeps its messages, is led by one of its new brokers, and is written and read there', async () => {
    const cluster = createCluster({ brokers: 3 });
    const kafka = await kafkaOf(cluster);
    const [admin, producer, consumer] = [
      kafka.admin(),
      kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner }),
      kafka.consumer({ groupId: 'group', maxWaitTimeInMs: 100 }),
    ];
    for (const client of [admin, producer, consumer]) {
      await client.connect();
      opened.push(() => client.disconnect());
    }
    await admin.createTopics({
      topics: [{ topic, replicaAssignment: [{ partition: 0, replicas: [1, 2] }] }],
    });
    const received: string[] = [];
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await producer.send({ topic, messages: [{ value: 'before' }] });
    await eventually(() => expect(received).toEqual(['before']));

    const move = (replicas: number[]) =>
      admin.alterPartitionReassignments({
        topics: [{ topic, partitionAssignment: [{ partition: 0, replicas }] }],
      });
    const placement = () => cluster.inspect().topics[0]?.partitions[0];
    await move([2, 3]);
    expect(placement()).toMatchObject({ leader: 2, replicas: [2, 3], isr: [2, 3], high: 1 });
    await producer.send({ topic, messages: [{ value: 'after' }] });
    await eventually(() => expect(received).toEqual(['before', 'after']));

    cluster.faults.brokerDown(3);
    await move([3, 2]);
    expect(placement()).toMatchObject({ leader: 2, replicas: [3, 2], isr: [2] });
    cluster.faults.brokerUp(3);
    expect(placement()).toMatchObject({ leader: 2, isr: [3, 2] });
    await move([2]);
    expect(placement()).toMatchObject({ leader: 2, replicas: [2], isr: [2] });
  });
});
