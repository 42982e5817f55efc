jest.mock('kafkajs', () => jest.requireActual('@order-pipeline/memory-kafka'));

const { clusterOf, Kafka } = require('@order-pipeline/memory-kafka');
const { addOverKafka } = require('../nest.cjs');
const { KafkaJSError, refusal, roundTrip } = require('../round-trip.cjs');

test('a program that requires kafkajs', async () => {
  expect(require('kafkajs').Kafka).toBe(Kafka);
  expect(await roundTrip('orders', 'paid')).toBe('paid');
  expect(clusterOf(['localhost:9092']).inspect().topics).toMatchObject([{ name: 'orders' }]);
  expect(await refusal()).toBeInstanceOf(KafkaJSError);
});

test('the original is there beside it, and its errors are the same', () => {
  const original = jest.requireActual('kafkajs');
  expect(original.Kafka).not.toBe(Kafka);
  expect(original.KafkaJSError).toBe(KafkaJSError);
});

test('NestJS in node_modules', async () => expect(await addOverKafka(2, 3)).toBe('5'));
