import { expect } from '@jest/globals';
import type { Producer } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { adminOf, createSecret, kafkaOf, setRules, type Rule } from './secured.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const DENIED_TOPIC = { name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED' };
const DENIED_GROUP = { name: 'KafkaJSProtocolError', type: 'GROUP_AUTHORIZATION_FAILED' };
const messages = [{ value: 'a' }];

/** A producer of alice's with these rights, and topics that she may write to, describe and read. */
const prepare = async (world: World, right?: Rule['operation']) => {
  const admin = await adminOf(world, 'admin');
  const transactionalId = world.unique('transaction');
  const [written, seen, read] = [
    await createSecret(admin, world, 'written'),
    await createSecret(admin, world, 'seen'),
    await createSecret(admin, world, 'read'),
  ];
  const own: Rule[] =
    right === undefined ? [] : [{ on: 'transactionalId', name: transactionalId, operation: right }];
  await setRules(
    admin,
    world,
    ...own,
    { on: 'topic', name: written, operation: 'WRITE' },
    { on: 'topic', name: seen, operation: 'DESCRIBE' },
    { on: 'topic', name: read, operation: 'READ' },
    { on: 'group', name: world.groupId, operation: 'READ' },
  );
  // So that the coordinator of transactions is there.
  const first = world.keep(kafkaOf(world, 'admin').producer({ transactionalId, idempotent: true }));
  await first.connect();
  await (await first.transaction()).abort();
  const config = { transactionalId, idempotent: true, maxInFlightRequests: 1 };
  const producer: Producer = world.keep(kafkaOf(world, 'alice').producer(config));
  await producer.connect();
  return { admin, producer, written, seen, read };
};

/** What ACLs allow and refuse to producers with an identity. */
export const rightsToTransactions: Area = (behaviour) => {
  behaviour('who may write to any topic may have a producer id', async (world) => {
    const admin = await adminOf(world, 'admin');
    await setRules(admin, world, { on: 'topic', name: world.unique('any'), operation: 'WRITE' });
    const producer = world.keep(kafkaOf(world, 'alice').producer({ idempotent: true }));
    await producer.connect();
    expect(producer.isIdempotent()).toBe(true);
  });

  behaviour('who may write to no topic may not', async (world) => {
    const producer = world.keep(kafkaOf(world, 'bob').producer({ idempotent: true }));
    expect(await rejection(producer.connect())).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'CLUSTER_AUTHORIZATION_FAILED',
      code: 31,
      message: 'Cluster authorization failed',
    });
  });

  behaviour('a transactional id that a producer may not know of has no coordinator', async (world) => {
    const { producer } = await prepare(world);
    expect(await rejection(producer.transaction())).toMatchObject({
      name: 'KafkaJSGroupCoordinatorNotFound',
      message: 'Failed to find group coordinator',
    });
  });

  behaviour('a transactional id that it may describe alone is refused', async (world) => {
    const { producer } = await prepare(world, 'DESCRIBE');
    expect(await rejection(producer.transaction())).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      code: 53,
      message: 'Transactional Id authorization failed',
    });
  });

  behaviour(
    'with the right to its id a producer writes in transactions, where it may write',
    async (world) => {
      const { admin, producer, written, seen } = await prepare(world, 'WRITE');
      const transaction = await producer.transaction();
      await transaction.send({ topic: written, messages });
      expect(await rejection(transaction.send({ topic: seen, messages }))).toMatchObject(DENIED_TOPIC);
      await transaction.commit();
      // A message, and the mark of its commit.
      await eventually(async () =>
        expect(await admin.fetchTopicOffsets(written)).toMatchObject([{ high: '2' }]),
      );
      expect(await admin.fetchTopicOffsets(seen)).toMatchObject([{ high: '0' }]);
    },
  );

  behaviour('of a send that is refused in part, a transaction writes nothing', async (world) => {
    const { admin, producer, written, seen } = await prepare(world, 'WRITE');
    const transaction = await producer.transaction();
    const topicMessages = [seen, written].map((topic) => ({ topic, messages }));
    // The broker answers for the topics in an order of its own, and kafkajs reports the first that is not accepted.
    expect(await rejection(transaction.sendBatch({ topicMessages }))).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: expect.stringMatching(/^(TOPIC_AUTHORIZATION_FAILED|OPERATION_NOT_ATTEMPTED)$/),
    });
    await transaction.abort();
    expect(await admin.fetchTopicOffsets(written)).toMatchObject([{ high: '0' }]);
  });

  behaviour(
    'a transaction commits offsets of groups and topics that its producer may read',
    async (world) => {
      const { producer, seen, read } = await prepare(world, 'WRITE');
      const transaction = await producer.transaction();
      const offsetsOf = (topic: string) => [{ topic, partitions: [{ partition: 0, offset: '0' }] }];
      await transaction.sendOffsets({ consumerGroupId: world.groupId, topics: offsetsOf(read) });
      const ofOther = { consumerGroupId: world.unique('other'), topics: offsetsOf(read) };
      expect(await rejection(transaction.sendOffsets(ofOther))).toMatchObject(DENIED_GROUP);
      const unread = { consumerGroupId: world.groupId, topics: offsetsOf(seen) };
      expect(await rejection(transaction.sendOffsets(unread))).toMatchObject(DENIED_TOPIC);
      await transaction.abort();
    },
  );
};
