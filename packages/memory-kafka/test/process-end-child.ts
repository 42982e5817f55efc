import kafkajs from 'kafkajs';
import type { Consumer } from 'kafkajs';
import { Kafka, logLevel, PartitionAssigners } from '../src/index.ts';

// A program that uses all clients, ends them in the way that it is asked to, says so, and has nothing else to do. With the
// address of a broker it uses kafkajs itself.

const [, , way = '', broker] = process.argv;
const kafka =
  broker === undefined
    ? new Kafka({ brokers: ['end:9092'], logLevel: logLevel.NOTHING })
    : new kafkajs.Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
// A group of its own: one that was killed stays a member until its session is over, and a member that joins waits for it.
const consumer = kafka.consumer({ groupId: way.replaceAll(' ', '-') });

const read = async (from: Consumer): Promise<void> => {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'topic', messages: [{ value: 'a' }] });
  await producer.disconnect();
  await from.subscribe({ topics: ['topic'], fromBeginning: true });
  await new Promise<void>((resolve) => {
    from.on(from.events.END_BATCH_PROCESS, () => resolve());
    void from.run({ eachMessage: async () => undefined });
  });
};

const crashed = (one: Consumer): Promise<void> =>
  new Promise((resolve) => {
    one.on(one.events.CRASH, () => resolve());
  });

const nextFetch = async (): Promise<void> => {
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const ways: Readonly<Record<string, () => Promise<void>>> = {
  'a consumer that disconnects': async () => {
    await read(consumer);
    await consumer.disconnect();
  },
  'a consumer that stops': async () => {
    await read(consumer);
    await consumer.stop();
  },
  'a consumer that is disconnected while it joins': async () => {
    await consumer.subscribe({ topics: ['topic'] });
    const running = consumer.run({ eachMessage: async () => undefined });
    await consumer.disconnect();
    await running;
  },
  'a consumer that crashed for good': async () => {
    const crash = crashed(consumer);
    await consumer.subscribe({ topics: ['topic'], fromBeginning: true });
    await consumer.run({ eachMessage: () => Promise.reject(new TypeError('a bug')) });
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: 'topic', messages: [{ value: 'a' }] });
    await producer.disconnect();
    await crash;
  },
  'a consumer that crashed while it joined': async () => {
    const failing = kafka.consumer({
      groupId: 'failing',
      partitionAssigners: [
        (config) => ({
          ...PartitionAssigners.roundRobin(config),
          assign: () => Promise.reject(new Error('no idea')),
        }),
      ],
    });
    const crash = crashed(failing);
    await failing.subscribe({ topics: ['topic'] });
    await failing.run({ eachMessage: async () => undefined });
    await crash;
  },
  'a consumer that waits for its restart when it is disconnected': async () => {
    const retry = { retries: 0, initialRetryTime: 30_000 };
    const restarting = kafka.consumer({ groupId: 'restarting', retry });
    const crash = crashed(restarting);
    await restarting.subscribe({ topics: ['topic'], fromBeginning: true });
    await restarting.run({ eachMessage: () => Promise.reject(new Error('once more')) });
    await read(consumer);
    await crash;
    await restarting.disconnect();
    await consumer.disconnect();
  },
  'a producer that disconnects within a transaction': async () => {
    const producer = kafka.producer({ transactionalId: 'open', maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'topic', messages: [{ value: 'a' }] });
    await producer.disconnect();
  },
  'an admin client that was never disconnected': async () => {
    await kafka.admin().listTopics();
  },
  'a producer that was never disconnected': async () => {
    await kafka.producer().connect();
  },
  'a consumer that runs': async () => {
    await read(consumer);
    await nextFetch();
  },
};

const HOLD_A_PROCESS = ['Timeout', 'TCPSocketWrap'];

await ways[way]?.();
const isHeld = process.getActiveResourcesInfo().some((each) => HOLD_A_PROCESS.includes(each));
process.stdout.write(isHeld ? 'waiting\n' : 'idle\n');
