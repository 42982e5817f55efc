import { clusterOf, Kafka } from '@order-pipeline/memory-kafka';
import kafkajs from 'kafkajs';
import { afterEach, expect, test, vi } from 'vitest';
import { topicsAfterSending } from '../round-trip.mjs';

afterEach(() => clusterOf(['localhost:9092']).reset());

test('a program that imports kafkajs', async () => {
  expect(kafkajs.Kafka).toBe(Kafka);
  expect(await topicsAfterSending('orders')).toEqual(['orders']);
});

test('fake timers do not stop it', async () => {
  vi.useFakeTimers();
  expect(await topicsAfterSending('orders')).toEqual(['orders']);
  vi.useRealTimers();
});
