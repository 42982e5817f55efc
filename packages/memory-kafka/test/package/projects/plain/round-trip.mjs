// The same for who imports kafkajs.
import kafkajs, { Kafka } from 'kafkajs';

/** Sends a message and resolves with the topics that there are then. */
export const topicsAfterSending = async (topic) => {
  const kafka = new Kafka({
    brokers: ['localhost:9092'],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const [producer, admin] = [kafka.producer(), kafka.admin()];
  await Promise.all([producer.connect(), admin.connect()]);
  await producer.send({ topic, messages: [{ value: 'imported' }] });
  const topics = await admin.listTopics();
  await Promise.all([producer.disconnect(), admin.disconnect()]);
  return topics;
};
