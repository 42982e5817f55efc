// What a test pays at its first message: sockets and Kafka's protocol are loaded when somebody listens, TLS never.
const assert = require('node:assert/strict');
const { createCluster, Kafka } = require('@order-pipeline/memory-kafka');

const loaded = () => ['net', 'tls'].filter((name) => process.moduleLoadList.includes(`NativeModule ${name}`));

const check = async () => {
  const cluster = createCluster();
  const producer = new Kafka({ brokers: ['loading:9092'], cluster, logLevel: 0 }).producer();
  await producer.connect();
  await producer.send({ topic: 'orders', messages: [{ value: 'paid' }] });
  await producer.disconnect();
  assert.deepEqual(loaded(), []);
  const listener = await cluster.listen();
  assert.deepEqual(loaded(), ['net']);
  await listener.close();
};

void check();
