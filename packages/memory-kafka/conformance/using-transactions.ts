import { expect } from '@jest/globals';
import type { Producer, Transaction } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { highsOf } from './reading.ts';
import { eventually, rejection } from './waiting.ts';
import type { Listening } from './listening.ts';
import type { World } from './world.ts';

const FENCED = {
  name: 'KafkaJSProtocolError',
  message:
    "Producer attempted an operation with an old epoch. Either there is a newer producer with the same transactionalId, or the producer's transaction has been expired by the broker",
  type: 'INVALID_PRODUCER_EPOCH',
  code: 47,
  retriable: false,
};

const ENDED = {
  name: 'KafkaJSNonRetriableError',
  message: 'Cannot continue to use transaction once ended',
  retriable: false,
};

const transactional = (world: World, transactionalId = world.unique('tx')): Promise<Producer> =>
  world.connectProducer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });

const one = (topic: string, value: string, partition = 0) => ({ topic, messages: [{ value, partition }] });

/** Somebody in a group of their own. */
const watch = (world: World, topic: string): Promise<Listening> =>
  world.listen(topic, { config: { groupId: world.unique('watcher') } });

const use: Area = (behaviour) => {
  behaviour('one transaction at a time', async (world) => {
    const producer = await transactional(world);
    const transaction = await producer.transaction();
    expect(transaction.isActive()).toBe(true);
    expect(await rejection(producer.transaction())).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message:
        'There is already an ongoing transaction for this producer. Please end the transaction before beginning another.',
    });
    await transaction.commit();
    expect(transaction.isActive()).toBe(false);
    expect((await producer.transaction()).isActive()).toBe(true);
  });

  behaviour('a transaction that has ended is of no more use, whichever way it ended', async (world) => {
    const topic = await world.createTopic();
    const producer = await transactional(world);
    for (const end of ['commit', 'abort'] as const) {
      const transaction = await producer.transaction();
      await transaction.send(one(topic, end));
      await transaction[end]();
      const uses = [
        () => transaction.send(one(topic, 'late')),
        () => transaction.sendBatch({ topicMessages: [] }),
        () => transaction.sendOffsets({ consumerGroupId: 'g', topics: [] }),
        () => transaction.commit(),
        () => transaction.abort(),
      ];
      for (const late of uses) expect(await rejection(late())).toMatchObject(ENDED);
      expect(transaction.isActive()).toBe(false);
    }
  });

  behaviour('of two ends at the same time the first one counts', async (world) => {
    const topic = await world.createTopic();
    const transaction = await (await transactional(world)).transaction();
    await transaction.send(one(topic, 'kept'));
    const [commit, abort] = [transaction.commit(), rejection(transaction.abort())];
    expect(await abort).toMatchObject(ENDED);
    await commit;
    const { values } = await watch(world, topic);
    await eventually(() => expect(values()).toEqual(['kept']));
  });

  behaviour('an empty transaction leaves no trace', async (world) => {
    const topic = await world.createTopic();
    const producer = await transactional(world);
    await (await producer.transaction()).commit();
    await (await producer.transaction()).abort();
    const transaction = await producer.transaction();
    expect(await transaction.send({ topic, messages: [] })).toEqual([]);
    await transaction.commit();
    await world.send(topic, 'first');
    expect(await highsOf(world, topic)).toEqual([1]);
  });

  behaviour(
    'without a transactional id there are no transactions; idempotence does not matter',
    async (world) => {
      const topic = await world.createTopic();
      expect(await rejection(world.producer.transaction())).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        message: 'Must provide transactional id for transactional producer',
      });
      const producer = await world.connectProducer({ transactionalId: world.unique('tx') });
      expect(producer.isIdempotent()).toBe(false);
      const transaction = await producer.transaction();
      expect(await rejection(transaction.send({ ...one(topic, 'x'), acks: 1 }))).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        message: "Not requiring ack for all messages invalidates the idempotent producer's EoS guarantees",
      });
      await transaction.send(one(topic, 'within'));
      await transaction.commit();
      await eventually(async () => expect(await highsOf(world, topic)).toEqual([2]));
    },
  );

  behaviour('what the producer itself sends meanwhile is not part of its transaction', async (world) => {
    const topic = await world.createTopic();
    const producer = await transactional(world);
    const transaction = await producer.transaction();
    await transaction.send(one(topic, 'within'));
    await producer.send(one(topic, 'beside'));
    await transaction.abort();
    const { values } = await watch(world, topic);
    await eventually(() => expect(values()).toEqual(['beside']));
  });

  behaviour('a send that is refused leaves the transaction open, to be ended either way', async (world) => {
    const topic = await world.createTopic();
    const producer = await transactional(world);
    const transaction = await producer.transaction();
    await transaction.send(one(topic, 'fine'));
    const tooLarge = { topic, messages: [{ value: Buffer.alloc(1_100_000) }] };
    expect(await rejection(transaction.send(tooLarge))).toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
    expect(transaction.isActive()).toBe(true);
    await transaction.send(one(topic, 'fine too'));
    await transaction.commit();
    const { values } = await watch(world, topic);
    await eventually(() => expect(values()).toEqual(['fine', 'fine too']));
  });

  behaviour('a producer continues with transactions after it has connected anew', async (world) => {
    const topic = await world.createTopic();
    const producer = await transactional(world);
    const send = async (value: string): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send(one(topic, value));
      await transaction.commit();
    };
    await send('a');
    await producer.disconnect();
    await producer.connect();
    await send('b');
    const { values } = await watch(world, topic);
    await eventually(() => expect(values()).toEqual(['a', 'b']));
  });

  behaviour(
    'timeouts of transactions are at most a quarter of an hour, and more than nothing',
    async (world) => {
      for (const transactionTimeout of [900_001, 0]) {
        const transactionalId = world.unique('tx');
        const producer = await world.connectProducer({ transactionalId, transactionTimeout });
        expect(await rejection(producer.transaction())).toMatchObject({
          name: 'KafkaJSProtocolError',
          type: 'INVALID_TRANSACTION_TIMEOUT',
          code: 50,
        });
      }
    },
  );
};

const fencing: Area = (behaviour) => {
  const takeOver = async (world: World, topic: string) => {
    const transactionalId = world.unique('shared');
    const [old, young] = [
      await transactional(world, transactionalId),
      await transactional(world, transactionalId),
    ];
    const left: Transaction = await old.transaction();
    await left.send(one(topic, 'left open'));
    const taken: Transaction = await young.transaction();
    return { old, left, taken };
  };

  behaviour('who takes over a transactional id aborts what was left open, at once', async (world) => {
    const topic = await world.createTopic();
    const { taken } = await takeOver(world, topic);
    await eventually(async () => expect(await highsOf(world, topic)).toEqual([2]));
    await taken.send(one(topic, 'taken over'));
    await taken.commit();
    const { values } = await watch(world, topic);
    await eventually(() => expect(values()).toEqual(['taken over']));
  });

  behaviour('who was fenced off can neither send nor commit', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const { left } = await takeOver(world, topic);
    expect(await rejection(left.send(one(topic, 'late')))).toMatchObject(FENCED);
    expect(await rejection(left.send(one(topic, 'late', 1)))).toMatchObject(FENCED);
    const offsets = { consumerGroupId: world.groupId, topics: [] };
    expect(await rejection(left.sendOffsets(offsets))).toMatchObject(FENCED);
    expect(left.isActive()).toBe(true);
    expect(await rejection(left.commit())).toMatchObject(FENCED);
    expect(left.isActive()).toBe(false);
    expect(await highsOf(world, topic)).toEqual([2, 0]);
  });

  behaviour('a producer whose transaction could not be ended never begins another', async (world) => {
    const topic = await world.createTopic();
    const stuck = (state: string) => ({
      name: 'KafkaJSNonRetriableError',
      message: `Transaction state exception: Cannot call "beginTransaction" in state "${state}"`,
    });
    const first = await takeOver(world, topic);
    expect(await rejection(first.left.commit())).toMatchObject(FENCED);
    expect(await rejection(first.left.abort())).toMatchObject(ENDED);
    expect(await rejection(first.old.transaction())).toMatchObject(stuck('COMMITTING'));
    const second = await takeOver(world, topic);
    expect(await rejection(second.left.abort())).toMatchObject(FENCED);
    expect(await rejection(second.old.transaction())).toMatchObject(stuck('ABORTING'));
  });

  behaviour(
    'who was fenced off with an empty transaction is not notified of it when ending it',
    async (world) => {
      const topic = await world.createTopic();
      const transactionalId = world.unique('shared');
      const [old, young] = [
        await transactional(world, transactionalId),
        await transactional(world, transactionalId),
      ];
      const empty = await old.transaction();
      const taken = await young.transaction();
      await taken.send(one(topic, 'going on'));
      expect(await rejection(empty.send(one(topic, 'late')))).toMatchObject(FENCED);
      await empty.commit();
      await taken.commit();
      await eventually(async () => expect(await highsOf(world, topic)).toEqual([2]));
    },
  );

  behaviour('what a fenced producer sends outside of transactions is not fenced', async (world) => {
    const topic = await world.createTopic();
    const { old } = await takeOver(world, topic);
    expect(await old.send(one(topic, 'outside'))).toMatchObject([{ errorCode: 0 }]);
  });
};

export const usingTransactions: Area = (behaviour) => {
  use(behaviour);
  fencing(behaviour);
};
