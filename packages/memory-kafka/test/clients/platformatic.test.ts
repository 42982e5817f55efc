// @platformatic/kafka, a client of Node.js that speaks newer versions of the protocol than kafkajs does, at a cluster that listens.
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Admin,
  Consumer,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { PASSWORDS } from '../../conformance/secured.ts';
import { SECURITY } from '../secured-cluster.ts';
import { createCluster, type Listener, type MemoryCluster } from '../../src/index.ts';

let cluster: MemoryCluster;
let listener: Listener;
let admin: Admin;
let producer: Producer<string, string, string, string>;

beforeAll(async () => {
  cluster = createCluster();
  listener = await cluster.listen();
  const at = { clientId: 'platformatic', bootstrapBrokers: listener.brokers, retryDelay: 10 };
  admin = new Admin(at);
  producer = new Producer({ ...at, serializers: stringSerializers, autocreateTopics: true });
});

afterAll(async () => {
  await Promise.all([admin.close(), producer.close()]);
  await listener.close();
});

/** Reads `count` messages in a group, commits them and leaves. */
const read = async (topic: string, groupId: string, count: number): Promise<unknown[]> => {
  const consumer = new Consumer({
    clientId: 'reader',
    groupId,
    bootstrapBrokers: listener.brokers,
    deserializers: stringDeserializers,
  });
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    autocommit: false,
    maxWaitTime: 100,
  });
  const found: unknown[] = [];
  for await (const { key, value, headers, offset, commit } of stream) {
    found.push({ key, value, headers: Object.fromEntries(headers), offset });
    await commit();
    if (found.length === count) break;
  }
  await promisify<boolean, void>(consumer.close.bind(consumer))(true);
  return found;
};

describe('@platformatic/kafka', () => {
  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    'logs in by %s, and sees what its ACLs allow',
    async (mechanism) => {
      const secured = await createCluster(SECURITY).listen();
      const adminOf = (username: string, password: string) =>
        new Admin({
          clientId: 'login',
          bootstrapBrokers: secured.brokers,
          retries: 0,
          sasl: { mechanism, username, password },
        });
      const [own, others, nobodys] = [
        adminOf('admin', PASSWORDS.admin),
        adminOf('alice', PASSWORDS.alice),
        adminOf('alice', 'wrong'),
      ];
      await own.createTopics({ topics: ['secret'] });
      expect([await own.listTopics(), await others.listTopics()]).toEqual([['secret'], []]);
      await expect(nobodys.listTopics()).rejects.toThrow();
      await Promise.all([own, others, nobodys].map((client) => client.close()));
      await secured.close();
    },
  );

  it('creates topics and describes them', async () => {
    await admin.createTopics({ topics: ['created'], partitions: 3, replicas: 1 });
    const { topics, brokers } = await admin.metadata({ topics: ['created'] });
    expect(topics.get('created')?.partitionsCount).toBe(3);
    expect([...brokers.values()]).toMatchObject([{ host: listener.host, port: listener.port }]);
    await admin.deleteTopics({ topics: ['created'] });
    expect(await admin.listTopics()).toEqual([]);
  });

  it('writes, reads in a group with keys and headers, and continues behind its commits', async () => {
    const messages = ['one', 'two', 'three'].map((value) => ({
      topic: 'orders',
      key: 'order-1',
      value,
      headers: { from: 'platformatic' },
    }));
    await producer.send({ messages });
    const written = messages.map(({ key, value, headers }, index) => ({
      key,
      value,
      headers,
      offset: BigInt(index),
    }));
    expect(await read('orders', 'readers', 2)).toEqual(written.slice(0, 2));
    expect(await read('orders', 'readers', 1)).toEqual(written.slice(2));
    expect(cluster.inspect().groups).toMatchObject([
      { groupId: 'readers', offsets: [{ offset: 3, lag: 0 }] },
    ]);
  });

  it('tries again what is refused for a moment', async () => {
    const fault = cluster.faults.refuse('produce', 'NOT_LEADER_FOR_PARTITION', { times: 2 });
    await producer.send({ messages: [{ topic: 'again', key: 'k', value: 'v' }] });
    expect(fault.fired()).toBe(2);
  });

  it('takes back what it wrote in a transaction that is aborted', async () => {
    const transactional = new Producer({
      clientId: 'transactional',
      bootstrapBrokers: listener.brokers,
      serializers: stringSerializers,
      idempotent: true,
      transactionalId: 'transactional',
      autocreateTopics: true,
    });
    for (const [value, isKept] of [
      ['aborted', false],
      ['committed', true],
    ] as const) {
      const transaction = await transactional.beginTransaction();
      await transaction.send({ messages: [{ topic: 'transactions', key: 'k', value }] });
      await (isKept ? transaction.commit() : transaction.abort());
    }
    await transactional.close();
    expect(await read('transactions', 'committed-only', 1)).toMatchObject([{ value: 'committed' }]);
  });
});
