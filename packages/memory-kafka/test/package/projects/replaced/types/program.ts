// A program that knows kafkajs alone, where kafkajs is the in-memory one.
import {
  CompressionTypes,
  Kafka,
  KafkaJSError,
  logLevel,
  type Consumer,
  type EachMessagePayload,
} from 'kafkajs';

const kafka = new Kafka({ brokers: ['localhost:9092'], logLevel: logLevel.NOTHING });
const consumer: Consumer = kafka.consumer({ groupId: 'readers' });

export const read = (onValue: (value: string) => void): Promise<void> =>
  consumer.run({
    eachMessage: async ({ message }: EachMessagePayload) => onValue(String(message.value)),
  });

export const send = async (): Promise<boolean> => {
  try {
    await kafka
      .producer()
      .send({ topic: 'orders', compression: CompressionTypes.None, messages: [{ value: '1' }] });
    return true;
  } catch (error) {
    return error instanceof KafkaJSError && error.retriable;
  }
};

// As a test of the program reaches it.
export const topics = kafka.cluster.inspect().topics;
