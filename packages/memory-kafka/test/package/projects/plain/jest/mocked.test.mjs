import { jest } from '@jest/globals';

jest.unstable_mockModule('kafkajs', () => import('@order-pipeline/memory-kafka'));

const { Kafka } = await import('@order-pipeline/memory-kafka');
const { topicsAfterSending } = await import('../round-trip.mjs');

test('a program that imports kafkajs', async () => {
  expect((await import('kafkajs')).Kafka).toBe(Kafka);
  expect(await topicsAfterSending('orders')).toEqual(['orders']);
});
