import { expect, test } from '@jest/globals';
import { createMetrics, createRuntime, isTransient, type Broker } from '@order-pipeline/service-kit';
import { createTestBroker, createTestLogger, eventually, readTopics } from '@order-pipeline/testing';
import kafkajs, { type ProducerBatch } from 'kafkajs';
import { Registry } from 'prom-client';
import { createPublisher, createTopicSetup, type TracedEvent } from '../src/index.ts';
import { createFaultyBroker, fresh, placed, TRACE, WAIT, withClients } from './support.ts';

/** So that ten seconds pass in 50 milliseconds. */
const HURRIED = 200;

const prepare = (broker: Broker, speed = 1) => {
  const runtime = createRuntime();
  const hurried = { ...runtime, after: (ms: number, fn: () => void) => runtime.after(ms / speed, fn) };
  const registry = new Registry();
  const { logger, logs } = createTestLogger();
  const publisher = createPublisher({
    source: 'orders',
    broker,
    topics: createTopicSetup(broker, 'orders-topics'),
    runtime: hurried,
    logger,
    metrics: createMetrics(registry, 'orders'),
  });
  return { publisher, registry, logs };
};

const traced = (orderId: string): TracedEvent => ({ event: placed(orderId), trace: TRACE });

test('events of several statuses go to their topics in one publish, and are counted', async () => {
  const broker = createTestBroker();
  const { publisher, registry } = prepare(broker);
  const orderId = fresh('order');
  const shipped = { ...placed(orderId), status: 'SHIPPED' } as const;
  await publisher.publish([traced(orderId), { event: shipped, trace: TRACE }]);
  const reader = await readTopics(broker, ['ORDER_PLACED', 'ORDER_SHIPPED']);
  await eventually(() => {
    const own = reader.messages.filter(({ key }) => key === orderId);
    expect(new Map(own.map(({ topic, headers }) => [topic, headers['ce_id']]))).toEqual(
      new Map([
        ['ORDER_PLACED', `${orderId}:PENDING`],
        ['ORDER_SHIPPED', `${orderId}:SHIPPED`],
      ]),
    );
  }, WAIT);
  expect(await registry.getSingleMetricAsString('events_published_total')).toContain(
    'events_published_total{service="orders",topic="ORDER_SHIPPED"} 1',
  );
  await reader.stop();
  await publisher.disconnect();
});

test('a publish of nothing asks nothing of Kafka', async () => {
  const { broker, faults } = createFaultyBroker();
  faults.brokerDown();
  const { publisher } = prepare(broker);
  await publisher.publish([]);
  await publisher.disconnect();
});

test('a publisher starts while Kafka is down, says UNAVAILABLE, and publishes once Kafka is there', async () => {
  const { broker, faults } = createFaultyBroker();
  faults.brokerDown();
  const { publisher } = prepare(broker, HURRIED);
  await expect(publisher.publish([traced('order-1')])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  faults.brokerUp();
  await eventually(() => publisher.publish([traced('order-1')]));
  await publisher.disconnect();
});

test('a publisher that was connected recovers when Kafka was away for a while', async () => {
  const { broker, faults } = createFaultyBroker();
  const { publisher } = prepare(broker, HURRIED);
  await publisher.publish([traced('order-1')]);
  faults.brokerDown();
  await expect(publisher.publish([traced('order-2')])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  faults.brokerUp();
  await eventually(() => publisher.publish([traced('order-2')]));
  await publisher.disconnect();
});

test.each(['INVALID_PRODUCER_EPOCH', 'OUT_OF_ORDER_SEQUENCE_NUMBER'] as const)(
  'a producer that Kafka refuses with %s is replaced, and the next publish goes through the new one',
  async (type) => {
    const { broker, faults } = createFaultyBroker();
    const disconnected: number[] = [];
    let producers = 0;
    const watched: Broker = {
      ...broker,
      connect: (clientId) => {
        const kafka = broker.connect(clientId);
        const open: typeof kafka.producer = (config) => {
          const producer = kafka.producer(config);
          producers += 1;
          const number = producers;
          return {
            connect: () => producer.connect(),
            sendBatch: (batch) => producer.sendBatch(batch),
            disconnect: async () => {
              disconnected.push(number);
              await producer.disconnect();
            },
          };
        };
        return { producer: open, consumer: (config) => kafka.consumer(config), admin: () => kafka.admin() };
      },
    };
    const { publisher } = prepare(watched);
    await publisher.publish([traced('order-1')]);
    faults.refuse('produce', type);
    const both = await Promise.allSettled([
      publisher.publish([traced('a')]),
      publisher.publish([traced('b')]),
    ]);
    expect(both.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'UNAVAILABLE' } },
    ]);
    expect(producers).toBe(2);
    expect(disconnected).toEqual([1]);
    await publisher.publish([traced('order-2')]);
    expect(producers).toBe(2);
    await publisher.disconnect();
  },
);

test('what Kafka will never take is not said to be UNAVAILABLE', async () => {
  const { broker, faults } = createFaultyBroker();
  const { publisher } = prepare(broker);
  faults.refuse('produce', 'MESSAGE_TOO_LARGE');
  const error = await publisher.publish([traced('order-1')]).catch((thrown: unknown) => thrown);
  expect(isTransient(error)).toBe(false);
  expect(error).toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
  await publisher.disconnect();
});

test('a publish that Kafka leaves without an answer is given up within its limit', async () => {
  const { broker, faults } = createFaultyBroker();
  const { publisher, logs } = prepare(broker, HURRIED);
  await publisher.publish([traced('order-1')]);
  faults.delay('produce', 800);
  const began = performance.now();
  const event = traced('order-2');
  expect(await publisher.publish([event])).toEqual([event]);
  expect(performance.now() - began).toBeLessThan(700);
  expect(logs).toContainEqual(
    expect.objectContaining({
      level: 40,
      msg: 'partition does not take messages, retrying',
      reason: 'Kafka did not take the messages within 10000 ms',
    }),
  );
  faults.clear();
  await publisher.disconnect();
});

test('a publisher that is closed publishes nothing more', async () => {
  const { publisher } = prepare(createTestBroker());
  await publisher.publish([traced(fresh('order'))]);
  await publisher.disconnect();
  await expect(publisher.publish([traced(fresh('order'))])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

/** A broker whose producer records what it is asked to send. */
const createRecordingBroker = (sends: ProducerBatch[]): Broker =>
  withClients(createTestBroker(), {
    producer: (producer) => ({
      sendBatch: (batch) => {
        sends.push(batch);
        return producer.sendBatch(batch);
      },
    }),
  });

test('many large events of one partition are cut into sends that Kafka takes, in their order', async () => {
  const sends: ProducerBatch[] = [];
  const { publisher } = prepare(createRecordingBroker(sends));
  const orderId = fresh('order');
  const items = Array.from({ length: 100 }, () => ({ itemId: 'x'.repeat(128), quantity: 1_000_000 }));
  const userIds = Array.from({ length: 200 }, (_, index) => `user-${index}`);
  await publisher.publish(
    userIds.map((userId) => ({ event: { ...placed(orderId), userId, items }, trace: TRACE })),
  );
  const parts = sends.map(({ topicMessages }) => topicMessages?.flatMap((one) => one.messages) ?? []);
  const sent = parts.flat().map(({ value }) => (JSON.parse(String(value)) as { userId: string }).userId);
  expect(sent).toEqual(userIds);
  for (const part of parts) {
    const bytes = part.reduce((sum, { value }) => sum + String(value).length, 0);
    expect(bytes).toBeLessThan(600_000);
  }
  expect(parts.length).toBeLessThan(10);
  await publisher.disconnect();
});

test('events are compressed where the broker is to have them so, and read as they were', async () => {
  const sends: ProducerBatch[] = [];
  const broker: Broker = { ...createRecordingBroker(sends), compression: 'gzip' };
  const { publisher } = prepare(broker);
  const orderId = fresh('order');
  await publisher.publish([traced(orderId)]);
  expect(sends).toMatchObject([{ compression: kafkajs.CompressionTypes.GZIP }]);
  const reader = await readTopics(broker, ['ORDER_PLACED']);
  await eventually(() => {
    const values = reader.messages.filter(({ key }) => key === orderId).map(({ value }) => JSON.parse(value));
    expect(values).toEqual([placed(orderId)]);
  }, WAIT);
  await reader.stop();
  await publisher.disconnect();
});

test('a message of nothing at all is sent too', async () => {
  const sends: ProducerBatch[] = [];
  const { publisher } = prepare(createRecordingBroker(sends));
  await publisher.send('ORDER_PLACED.DLQ', [{ key: null, value: null }]);
  expect(sends).toMatchObject([
    { topicMessages: [{ topic: 'ORDER_PLACED.DLQ', messages: [{ value: null }] }] },
  ]);
  await publisher.disconnect();
});
