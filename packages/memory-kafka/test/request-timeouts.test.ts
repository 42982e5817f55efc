// What the client does where an answer takes longer than its `requestTimeout`, by the clock of the cluster.
import { expect, test } from '@jest/globals';
import type kafkajs from 'kafkajs';
import { logLevel } from '../src/index.ts';
import { eventually, inTimedWorld, Kafka, rejection } from './support.ts';

const kafkaOf = (cluster: Kafka['cluster'], config = {}) =>
  new Kafka({
    brokers: ['slow:9092'],
    cluster,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...config,
  });

test(
  'a send whose answer is held fails when requestTimeout is over; it is written when it is let go',
  inTimedWorld(async ({ cluster }, clock) => {
    const producer = kafkaOf(cluster, { requestTimeout: 5000 }).producer();
    await producer.connect();
    await producer.send({ topic: 'slow', messages: [{ value: 'at once' }] });
    const timeouts: kafkajs.RequestTimeoutEvent['payload'][] = [];
    producer.on(producer.events.REQUEST_TIMEOUT, ({ payload }) => timeouts.push(payload));
    const hold = cluster.faults.hold('produce');
    const sentAt = clock.wallClock();
    const failing = rejection(producer.send({ topic: 'slow', messages: [{ value: 'held' }] }));
    await clock.advance(5000);
    expect([hold.waiting(), timeouts]).toEqual([1, []]);
    await clock.advance(1);
    expect(await failing).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      cause: { name: 'KafkaJSRequestTimeoutError', message: 'Request Produce(key: 0, version: 7) timed out' },
    });
    expect(timeouts).toMatchObject([{ apiName: 'Produce', sentAt, createdAt: sentAt, pendingDuration: 0 }]);
    hold.release();
    await clock.settle();
    expect(cluster.inspect().topics[0]?.partitions[0]?.high).toBe(2);
  }),
);

test(
  'a client waits for half a minute if nothing is said, and logs an answer that comes later',
  inTimedWorld(async ({ cluster }, clock) => {
    const lines: string[] = [];
    const logCreator = () => (entry: kafkajs.LogEntry) => void lines.push(entry.log.message);
    const admin = kafkaOf(cluster, { logLevel: logLevel.WARN, logCreator }).admin();
    await admin.connect();
    cluster.faults.delay('Metadata', 40_000);
    const failing = rejection(admin.listTopics());
    await clock.advance(30_001);
    expect(await failing).toMatchObject({ name: 'KafkaJSRequestTimeoutError' });
    expect(lines).not.toContain('Response without match');
    await clock.advance(10_000);
    expect(lines).toContain('Response without match');
  }),
);

test(
  'a fetch may take as long as it may wait, and a join as long as a rebalance may',
  inTimedWorld(async ({ cluster, send }, clock) => {
    const consumer = kafkaOf(cluster, { requestTimeout: 10 }).consumer({
      groupId: 'patient',
      maxWaitTimeInMs: 60_000,
      sessionTimeout: 300_000,
    });
    const timeouts: string[] = [];
    consumer.on(consumer.events.REQUEST_TIMEOUT, ({ payload }) => timeouts.push(payload.apiName));
    const received: string[] = [];
    await consumer.subscribe({ topics: ['quiet'], fromBeginning: true });
    cluster.faults.delay('JoinGroup', 20_000);
    const running = consumer.run({
      eachMessage: async ({ message }) => void received.push(String(message.value)),
    });
    await clock.advance(20_000);
    await running;
    await clock.advance(50_000);
    await send('quiet', 'late');
    await eventually(() => expect(received).toEqual(['late']));
    expect(timeouts).toEqual([]);
    await consumer.disconnect();
  }),
);
