import { afterEach, expect, jest, test } from '@jest/globals';
import { createCluster, createManualClock, Kafka, logLevel, type ClusterOptions } from '../src/index.ts';

afterEach(() => {
  jest.useRealTimers();
});

/** A message there and back. */
const roundTrip = async (options: ClusterOptions = {}): Promise<string> => {
  const kafka = new Kafka({
    brokers: ['fake:1'],
    cluster: createCluster(options),
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'timed', messages: [{ value: 'there' }] });
  const consumer = kafka.consumer({ groupId: 'timed' });
  await consumer.subscribe({ topics: ['timed'], fromBeginning: true });
  const received = new Promise<string>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) =>
      resolve(String(message.value));
    consumer.run({ eachMessage }).catch(reject);
  });
  const value = await received;
  await consumer.disconnect();
  await producer.disconnect();
  return value;
};

test('under fake timers messages go there and back as they do over sockets, which are never faked', async () => {
  jest.useFakeTimers();
  expect(await roundTrip()).toBe('there');
});

test('under fake timers a cluster with a manual clock works as ever', async () => {
  jest.useFakeTimers();
  expect(await roundTrip({ clock: createManualClock() })).toBe('there');
});

test('what waits for time to pass waits for the fake time', async () => {
  jest.useFakeTimers();
  const cluster = createCluster();
  const kafka = new Kafka({ brokers: ['fake:2'], cluster, logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  cluster.faults.delay('produce', 60_000);
  const sent = jest.fn();
  const sending = producer.send({ topic: 'timed', messages: [{ value: 'later' }] }).then(sent);
  await createManualClock().settle();
  expect(sent).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(60_000);
  await sending;
  await producer.disconnect();
});
