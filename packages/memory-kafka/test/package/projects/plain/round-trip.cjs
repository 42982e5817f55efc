// A program that knows kafkajs only.
const { Kafka, KafkaJSError } = require('kafkajs');

const kafka = new Kafka({
  clientId: 'orders',
  brokers: ['localhost:9092'],
  logLevel: 0,
  retry: { retries: 0 },
});

/** Sends a message and resolves with what a consumer gets of it. */
exports.roundTrip = async (topic, value) => {
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: `${topic}-readers` });
  await producer.connect();
  await producer.send({ topic, messages: [{ value }] });
  await consumer.subscribe({ topic, fromBeginning: true });
  const received = await new Promise((resolve, reject) => {
    const eachMessage = async ({ message }) => resolve(String(message.value));
    consumer.run({ eachMessage }).catch(reject);
  });
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  return received;
};

/** Resolves with what a producer that is not connected answers. */
exports.refusal = () =>
  kafka
    .producer()
    .send({ topic: 'refused', messages: [{ value: '' }] })
    .catch((error) => error);

exports.KafkaJSError = KafkaJSError;
