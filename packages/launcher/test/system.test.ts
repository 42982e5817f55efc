import { expect, test } from '@jest/globals';
import { CALLS_PATH, SERVICE_NAMES, TOPIC_NAMES, TOPIC_PARTIES } from '@order-pipeline/contracts';
import type { KafkaPort } from '@order-pipeline/service-kit';
import type { KafkaMessage } from 'kafkajs';
import { createLogger, startSystem } from '../src/index.ts';
import { KEPT_MESSAGES } from '../src/topic-trimming.ts';
import {
  dataDir,
  eventually,
  get,
  ownDataDir,
  placeOrder,
  post,
  postgresProcesses,
  quickSettings,
  startHere,
  statusOf,
  takePort,
} from './system-harness.ts';

ownDataDir();

/** Where nothing listens. */
const NOBODY = 'http://127.0.0.1:9';

test('without anything set, an order walks from the gateway to DELIVERED', async () => {
  const { url } = await startHere();
  await placeOrder(url, 'order-1');
  await eventually(async () => expect(await statusOf(url, 'order-1')).toBe('DELIVERED'));
  const history = (await get(`${url}/api/orders/order-1/history`)) as { status: string }[];
  expect(history.map(({ status }) => status)).toEqual(['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED']);
  await eventually(async () =>
    expect(await get(`${url}/api/inventory/item1`)).toMatchObject({ availableQty: 7, reservedQty: 0 }),
  );
});

test('a start on the same folder finds all that was there, and orders in progress go on at once', async () => {
  const first = await startHere({ WORKFLOW_INTERVAL_MS: '3600000' });
  await placeOrder(first.url, 'order-1');
  await first.stop();
  expect(postgresProcesses()).toEqual([]);

  const { url } = await startHere();
  expect(await get(`${url}/api/users/user11`)).toMatchObject({ name: 'Sriram' });
  expect(await get(`${url}/api/inventory/item1`)).toMatchObject({ availableQty: 7 });
  await eventually(async () => expect(await statusOf(url, 'order-1')).toBe('DELIVERED'));
});

/** The first message of a topic, with its partition; it is read in a group that commits nothing. */
const firstMessageOf = async (kafka: KafkaPort, topic: string) => {
  const consumer = kafka.consumer({ groupId: 'tests' });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const found = await new Promise<{ partition: number; message: KafkaMessage }>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => resolve({ partition, message }),
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return found;
};

test('what every service has committed is deleted from the in-memory broker, and the orders go on', async () => {
  const { url, infrastructure } = await startHere();
  const inspect = () => infrastructure.memoryCluster?.inspect() ?? { topics: [], groups: [] };
  await placeOrder(url, 'order-1');
  await eventually(async () => expect(await statusOf(url, 'order-1')).toBe('DELIVERED'));

  // The trimming waits for the groups that the contracts name: these are the ones there are.
  const readersOf = (topic: string) => {
    const groups = inspect().groups.filter(({ members }) => members.some((one) => one.assignment[topic]));
    return groups.map(({ groupId }) => groupId).toSorted();
  };
  for (const topic of TOPIC_NAMES)
    await eventually(() => expect(readersOf(topic)).toEqual(TOPIC_PARTIES[topic].to.toSorted()));

  const kafka = infrastructure.broker.connect('tests');
  const { partition, message } = await firstMessageOf(kafka, 'ORDER_SHIPPED');
  const { key, value, headers = {} } = message;
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: 1_000 }, () => ({ partition, key, value, headers }));
  for (let batch = 0; batch < 3; batch += 1)
    await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_SHIPPED', messages }] });
  await producer.disconnect();
  const shipped = () => inspect().topics.find(({ name }) => name === 'ORDER_SHIPPED')?.partitions[partition];
  const high = shipped()?.high ?? 0;
  expect(high).toBeGreaterThan(3_000);
  await eventually(() => expect(shipped()).toMatchObject({ low: high - KEPT_MESSAGES, high }), 15_000);

  await placeOrder(url, 'order-2');
  await eventually(async () => expect(await statusOf(url, 'order-2')).toBe('DELIVERED'));
});

test('with the gateway in the process, its port carries what is public and nothing else', async () => {
  const { url } = await startHere();
  const move = { to: 'DELIVERED', orderIds: ['order-1'], cause: 'an outsider' };
  expect((await post(`${url}/internal/orders/move`, move)).status).toBe(404);
  expect(
    (await post(`${url}${CALLS_PATH}`, { operation: 'POST /internal/orders/move', calls: [move] })).status,
  ).toBe(404);
  await eventually(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200));
  await eventually(async () =>
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('service="orders"'),
  );
  expect((await fetch(`${url}/openapi.json`)).status).toBe(200);
});

test('without the gateway, the one port carries every service, with only the database it needs', async () => {
  const { url, infrastructure } = await startHere({}, ['users']);
  const user = { userId: 'user11', name: 'Sriram', email: 'sriram@example.com' };
  expect((await post(`${url}/api/users`, user)).status).toBe(201);
  expect(infrastructure.postgresPid).toEqual(expect.any(Number));
});

test('the facade runs beside the services that it asks without the gateway too', async () => {
  const all = await startHere(
    {},
    SERVICE_NAMES.filter((name) => name !== 'api-gateway'),
  );
  await placeOrder(all.url, 'order-1');
  await eventually(async () => expect(await statusOf(all.url, 'order-1')).toBe('DELIVERED'));
  await all.stop();
  const some = await startHere({ INVENTORY_URL: NOBODY, ORDERS_URL: NOBODY }, ['users', 'orders-facade']);
  const user = { userId: 'user12', name: 'Mei', email: 'mei@example.com' };
  expect((await post(`${some.url}/api/users`, user)).status).toBe(201);
  expect((await fetch(`${some.url}/api/orders/order-1`)).status).toBe(503);
}, 30_000);

test('a stop finishes the requests in flight and takes no further one', async () => {
  const first = await startHere({ WORKFLOW_INTERVAL_MS: '3600000' });
  await placeOrder(first.url, 'order-1');
  const orders = Array.from({ length: 40 }, (_, index) =>
    post(`${first.url}/api/orders`, {
      order: { orderId: `burst-${index}`, userId: 'user11', items: [{ itemId: 'item1', quantity: 1 }] },
    }).then(
      ({ status }) => status,
      () => 'not taken',
    ),
  );
  // One is answered, so the others are in flight.
  await Promise.race(orders);
  await first.stop();
  await expect(fetch(`${first.url}/health/live`)).rejects.toThrow();
  const answers = await Promise.all(orders);
  expect(answers.filter((answer) => ![201, 409, 'not taken'].includes(answer))).toEqual([]);

  const { url } = await startHere({ WORKFLOW_INTERVAL_MS: '3600000' });
  const stored = (await get(`${url}/api/orders/user/user11`)) as unknown[];
  expect(answers).toContain(201);
  expect(stored).toHaveLength(1 + answers.filter((answer) => answer === 201).length);
});

test('a port that is taken is one sentence, and leaves nothing running', async () => {
  const { port, free } = await takePort();
  const start = startHere({ PORT: String(port) });
  await expect(start).rejects.toThrow(`Port ${port} is taken by another program; set PORT to another one.`);
  expect(postgresProcesses()).toEqual([]);
  free();
});

test('a second start on the same folder reports the first, even where it would take the same port', async () => {
  const first = await startHere();
  const port = new URL(first.url).port;
  for (const PORT of ['0', port]) {
    const second = startHere({ PORT });
    await expect(second).rejects.toThrow(
      `Another order-pipeline is running on DATA_DIR ${dataDir} (process ${process.pid}).`,
    );
  }
});

test('when the embedded PostgreSQL crashes, the system says so', async () => {
  const { infrastructure, failed } = await startHere({}, ['users']);
  process.kill(infrastructure.postgresPid ?? 0, 'SIGKILL');
  expect(await failed).toMatch(/^PostgreSQL ended by SIGKILL/);
});

test('a start that is called off closes what it opened', async () => {
  const controller = new AbortController();
  const start = startSystem({
    environment: quickSettings(),
    logger: createLogger('silent'),
    durability: 'off',
    signal: controller.signal,
    progress: (sentence) => {
      if (sentence === 'Starting orders') controller.abort();
    },
  });
  await expect(start).rejects.toThrow('aborted');
  expect(postgresProcesses()).toEqual([]);
});
