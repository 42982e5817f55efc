// A cluster behind a port, as clients of other processes and languages see it: here the original kafkajs.
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createCluster, Kafka, type Listener, type MemoryCluster } from '../src/index.ts';
import { eventually, rejection } from './support.ts';

const RETRY = { initialRetryTime: 20, maxRetryTime: 100, retries: 2 };

let cluster: MemoryCluster;
let listener: Listener;
let remote: kafkajs.Kafka;
let producer: kafkajs.Producer;

beforeAll(async () => {
  cluster = createCluster();
  listener = await cluster.listen();
  remote = new kafkajs.Kafka({
    brokers: listener.brokers,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: RETRY,
  });
  producer = remote.producer();
  await producer.connect();
});

afterAll(async () => {
  await producer.disconnect();
  await listener.close();
});

describe('a cluster that listens', () => {
  it('is one cluster to those who come over TCP and those in its process', async () => {
    const consumer = new Kafka({ brokers: ['inside:9092'], cluster }).consumer({ groupId: 'inside' });
    await consumer.subscribe({ topic: 'both', fromBeginning: true });
    const received: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    const headers = { name: 'value' };
    await producer.send({ topic: 'both', messages: [{ key: 'k', value: 'over TCP', headers }] });
    await eventually(() => expect(received).toEqual(['over TCP']));
    await consumer.disconnect();
    expect(cluster.inspect().topics).toMatchObject([{ name: 'both' }]);
  });

  it('gives faults to those who come over TCP, too', async () => {
    const messages = [{ value: 'refused' }];
    cluster.faults.refuse('produce', 'TOPIC_AUTHORIZATION_FAILED');
    const error = await rejection(producer.send({ topic: 'faults', messages }));
    expect(error).toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' });
    cluster.faults.loseAnswer('produce');
    await producer.send({ topic: 'faults', messages });
    // The first attempt was carried out, and the client could not know.
    const written = cluster.inspect().topics.find(({ name }) => name === 'faults');
    expect(written?.partitions[0]?.high).toBe(2);
  });

  it('is not to be reached while its broker is down, and afterwards is, at the same port', async () => {
    cluster.faults.brokerDown();
    const other = remote.producer();
    expect(await rejection(other.connect())).toMatchObject({ name: 'KafkaJSNumberOfRetriesExceeded' });
    cluster.faults.brokerUp();
    await eventually(() => other.connect());
    await other.send({ topic: 'power', messages: [{ value: 'on' }] });
    await other.disconnect();
  });

  it('refuses a port that is taken', async () => {
    expect(await rejection(createCluster().listen(listener.port))).toMatchObject({ code: 'EADDRINUSE' });
  });

  it('advertises the address that clients reach it by, where that is another one', async () => {
    const shared = await cluster.listen(0, { host: '0.0.0.0', advertised: 'kafka:9092' });
    expect(shared).toMatchObject({ host: 'kafka', port: 9092, brokers: ['kafka:9092'] });
    await shared.close();
    expect(await rejection(cluster.listen(0, { host: '0.0.0.0' }))).toBeInstanceOf(TypeError);
    expect(await rejection(cluster.listen(0, { advertised: 'kafka' }))).toBeInstanceOf(TypeError);
  });

  it('hangs up on what is no request of Kafka, and continues', async () => {
    const socket = createConnection({ host: listener.host, port: listener.port });
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await once(socket, 'close');
    await producer.send({ topic: 'noise', messages: [{ value: 'after' }] });
  });

  it('is gone when it was closed', async () => {
    const closed = await createCluster().listen();
    await closed.close();
    const socket = createConnection({ host: closed.host, port: closed.port });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
