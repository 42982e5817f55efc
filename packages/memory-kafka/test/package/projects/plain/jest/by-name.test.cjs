const { clusterOf, Kafka } = require('@order-pipeline/memory-kafka');
const { addOverKafka } = require('../nest.cjs');
const { KafkaJSError, refusal, roundTrip } = require('../round-trip.cjs');

afterEach(() => clusterOf(['localhost:9092']).reset());

test('a program that requires kafkajs', async () => {
  expect(require('kafkajs').Kafka).toBe(Kafka);
  expect(await roundTrip('orders', 'paid')).toBe('paid');
  expect(clusterOf(['localhost:9092']).inspect().topics).toMatchObject([{ name: 'orders' }]);
  expect(await refusal()).toBeInstanceOf(KafkaJSError);
});

test('NestJS in node_modules', async () => expect(await addOverKafka(2, 3)).toBe('5'));

test('fake timers do not stop it', async () => {
  jest.useFakeTimers();
  expect(await roundTrip('orders', 'paid')).toBe('paid');
  jest.useRealTimers();
});
