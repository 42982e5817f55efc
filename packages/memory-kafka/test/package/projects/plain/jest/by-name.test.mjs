import { clusterOf, Kafka } from '@order-pipeline/memory-kafka';
import kafkajs from 'kafkajs';
import { topicsAfterSending } from '../round-trip.mjs';

test('a program that imports kafkajs', async () => {
  expect(kafkajs.Kafka).toBe(Kafka);
  expect(await topicsAfterSending('orders')).toEqual(['orders']);
  expect(clusterOf(['localhost:9092']).inspect().topics).toHaveLength(1);
});
