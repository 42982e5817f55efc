import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { beforeAll, expect, test } from '@jest/globals';
import { createCluster } from '@order-pipeline/memory-kafka';
import { Kafka, logLevel } from 'kafkajs';
import { letKafkajsLeaveHangingBrokers } from '../src/kafkajs-hanging.ts';

beforeAll(() => {
  // However often it is asked for, kafkajs is patched once.
  for (let again = 0; again < 3; again += 1) letKafkajsLeaveHangingBrokers();
});

/** A network before a broker: connections that are open when it hangs pass nothing any more, and stay open. */
const openNetwork = async (brokerPort: number) => {
  const pairs: (readonly [Socket, Socket])[] = [];
  const server = createServer((client) => {
    const broker = createConnection(brokerPort, '127.0.0.1');
    for (const socket of [client, broker]) socket.on('error', () => undefined);
    client.pipe(broker).pipe(client);
    pairs.push([client, broker]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hang: () => {
      for (const [client, broker] of pairs) client.unpipe(broker).resume();
    },
    close: async () => {
      for (const socket of pairs.flat()) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

test('a connection on which no answer comes is left: what is sent again goes over a new one', async () => {
  const cluster = createCluster();
  const { port: brokerPort, close } = await cluster.listen();
  await close();
  const network = await openNetwork(brokerPort);
  const advertised = `127.0.0.1:${network.port}`;
  const listener = await cluster.listen(brokerPort, { advertised });
  const kafka = new Kafka({
    brokers: [advertised],
    logLevel: logLevel.NOTHING,
    requestTimeout: 500,
    retry: { retries: 2, initialRetryTime: 10 },
  });
  const producer = kafka.producer();
  try {
    await producer.connect();
    await producer.send({ topic: 'ORDER_PLACED', messages: [{ value: 'before' }] });
    network.hang();
    await producer.send({ topic: 'ORDER_PLACED', messages: [{ value: 'after' }] });
    const admin = kafka.admin();
    await admin.connect();
    expect(await admin.fetchTopicOffsets('ORDER_PLACED')).toMatchObject([{ offset: '2' }]);
    await admin.disconnect();
  } finally {
    await producer.disconnect();
    await network.close();
    await listener.close();
  }
});
