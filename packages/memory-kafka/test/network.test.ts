import { expect, test } from '@jest/globals';
import type { LogEntry } from 'kafkajs';
import { createCluster } from '../src/index.ts';
import { Kafka, rejection } from './support.ts';

test('who cannot connect says so as kafkajs does: the connection, and the pool of brokers', async () => {
  const cluster = createCluster();
  const entries: LogEntry[] = [];
  const kafka = new Kafka({
    brokers: ['away:9092'],
    cluster,
    retry: { retries: 0 },
    logCreator: () => (entry) => void entries.push(entry),
  });
  cluster.faults.brokerDown();
  await rejection(kafka.admin().connect());
  const refused = 'Connection error: connect ECONNREFUSED away:9092';
  expect(entries.map(({ namespace, label, log }) => [namespace, label, log.message])).toEqual([
    ['Connection', 'ERROR', refused],
    [
      'BrokerPool',
      'ERROR',
      `Failed to connect to seed broker, trying another broker from the list: ${refused}`,
    ],
  ]);
});
