import { Kafka as MemoryKafka } from '@order-pipeline/memory-kafka';
import { Kafka, logLevel, type Producer } from 'kafkajs';

const TOPIC = 'PLAIN_ORDER_PLACED';

const connect = (brokers: string | undefined) =>
  brokers
    ? new Kafka({ clientId: 'plain', brokers: brokers.split(','), logLevel: logLevel.ERROR })
    : new MemoryKafka({ clientId: 'plain', brokers: ['memory:9092'], logLevel: logLevel.ERROR });

/** A producer for the events of orders, whose topic is there. */
export const connectProducer = async (brokers: string | undefined): Promise<Producer> => {
  const kafka = connect(brokers);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 6 }], waitForLeaders: true });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  return producer;
};

/** Tells of an order that was placed. */
export const publishOrderPlaced = (producer: Producer, order: { readonly orderId: string }) =>
  producer.send({ topic: TOPIC, messages: [{ key: order.orderId, value: JSON.stringify(order) }] });
