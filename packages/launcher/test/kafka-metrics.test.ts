import { expect, test } from '@jest/globals';
import { createMetrics, createRuntime, type AdminPort, type Broker } from '@order-pipeline/service-kit';
import { createTestBroker, createTestLogger, eventually } from '@order-pipeline/testing';
import { Registry } from 'prom-client';
import { startKafkaMetrics } from '../src/kafka-metrics.ts';

const partition = (leader: number, isr: number[]) => ({
  partitionErrorCode: 0,
  partitionId: 0,
  leader,
  replicas: [1, 2, 3],
  isr,
  offlineReplicas: [],
});

const startOn = (broker: Broker) => {
  const registry = new Registry();
  const periodic = startKafkaMetrics({
    broker,
    metrics: createMetrics(registry, 'orders'),
    runtime: createRuntime(),
    logger: createTestLogger().logger,
  });
  const valueOf = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
  return { periodic, valueOf };
};

/** Topics on three brokers, of which one or two have gone; or nobody who answers. */
const prepare = () => {
  let isDown = false;
  const admin = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    listTopics: async () => ['ORDER_PLACED'],
    fetchTopicMetadata: async () => {
      if (isDown) throw new Error('nobody answers');
      const partitions = [partition(1, [1, 2, 3]), partition(1, [1, 2]), partition(-1, [])];
      return { topics: [{ name: 'ORDER_PLACED', partitions }] };
    },
  } as unknown as AdminPort;
  const broker = { durable: true, connect: () => ({ admin: () => admin }) } as unknown as Broker;
  return { ...startOn(broker), fail: () => void (isDown = true) };
};

test('partitions without all of their replicas, and those without a leader, are counted', async () => {
  const { periodic, valueOf } = prepare();
  await eventually(async () => expect(await valueOf('kafka_up')).toBe(1));
  expect(await valueOf('kafka_topic_partitions')).toBe(3);
  expect(await valueOf('kafka_topic_under_replicated_partitions')).toBe(2);
  expect(await valueOf('kafka_topic_offline_partitions')).toBe(1);
  await periodic.stop();
});

test('a Kafka that does not answer is down', async () => {
  const { periodic, valueOf, fail } = prepare();
  await eventually(async () => expect(await valueOf('kafka_up')).toBe(1));
  fail();
  periodic.wake();
  await eventually(async () => expect(await valueOf('kafka_up')).toBe(0));
  await periodic.stop();
});

test('a Kafka whose topics are not created yet is up', async () => {
  const { periodic, valueOf } = startOn(createTestBroker());
  await eventually(async () => expect(await valueOf('kafka_up')).toBeDefined());
  expect(await valueOf('kafka_up')).toBe(1);
  expect(await valueOf('kafka_topic_partitions')).toBeUndefined();
  await periodic.stop();
});
