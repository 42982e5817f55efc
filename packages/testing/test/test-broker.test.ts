import { expect, test } from '@jest/globals';
import { createTestBroker, eventually } from '../src/index.ts';

test('what one client sends, another one of the same broker receives', async () => {
  const broker = createTestBroker();
  const topic = `testing-${process.pid}-${performance.now()}`.replace('.', '-');
  const admin = broker.connect('admin').admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();

  const received: (string | undefined)[] = [];
  const consumer = broker.connect('reader').consumer({ groupId: topic });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void received.push(message.value?.toString()) });
  const producer = broker.connect('says').producer();
  await producer.connect();
  await producer.sendBatch({ topicMessages: [{ topic, messages: [{ value: 'hello' }] }] });
  await eventually(() => expect(received).toEqual(['hello']), { timeoutMs: 20_000 });
  await producer.disconnect();
  await consumer.disconnect();
});
