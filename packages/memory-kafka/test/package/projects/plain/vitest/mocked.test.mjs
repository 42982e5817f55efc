import { Kafka } from '@order-pipeline/memory-kafka';
import kafkajs from 'kafkajs';
import { expect, test, vi } from 'vitest';
import { topicsAfterSending } from '../round-trip.mjs';

vi.mock('kafkajs', () => import('@order-pipeline/memory-kafka'));

test('a program that imports kafkajs', async () => {
  expect(kafkajs.Kafka).toBe(Kafka);
  expect(await topicsAfterSending('orders')).toEqual(['orders']);
});

test('the original is there beside it, and its errors are the same', async () => {
  const original = await vi.importActual('kafkajs');
  expect(original.Kafka).not.toBe(Kafka);
  expect(original.KafkaJSError).toBe(kafkajs.KafkaJSError);
});
