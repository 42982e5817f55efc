import { expect } from '@jest/globals';
import type { Producer } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { highsOf } from './reading.ts';
import { eventually } from './waiting.ts';
import type { Listening } from './listening.ts';
import type { World } from './world.ts';

const transactional = (world: World, transactionalId = world.unique('tx')): Promise<Producer> =>
  world.connectProducer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });

const one = (topic: string, value: string, partition = 0) => ({ topic, messages: [{ value, partition }] });

/** Somebody in a group of their own, who sees what is committed, or all there is. */
const watch = (world: World, topic: string, readUncommitted = false): Promise<Listening> =>
  world.listen(topic, { config: { groupId: world.unique('watcher'), readUncommitted } });

const visibility: Area = (behaviour) => {
  behaviour(
    'what a transaction sends is unseen until it is committed, and so is what comes behind it',
    async (world) => {
      const topic = await world.createTopic();
      const transaction = await (await transactional(world)).transaction();
      const [committed, all] = [await watch(world, topic), await watch(world, topic, true)];
      await world.send(topic, 'before');
      await transaction.send(one(topic, 'within'));
      await world.send(topic, 'behind');
      await eventually(() => expect(all.values()).toEqual(['before', 'within', 'behind']));
      await eventually(() => expect(committed.values()).toEqual(['before']));
      await transaction.commit();
      await eventually(() => expect(committed.values()).toEqual(['before', 'within', 'behind']));
    },
  );

  behaviour('an aborted transaction is never seen, except by who reads the uncommitted', async (world) => {
    const topic = await world.createTopic();
    const transaction = await (await transactional(world)).transaction();
    await transaction.send(one(topic, 'aborted'));
    await transaction.abort();
    await world.send(topic, 'after');
    const [committed, all] = [await watch(world, topic), await watch(world, topic, true)];
    await eventually(() => expect(committed.values()).toEqual(['after']));
    await eventually(() => expect(all.values()).toEqual(['aborted', 'after']));
  });

  behaviour('a transaction comes out as one, in all its topics and partitions', async (world) => {
    const [first, second] = [await world.createTopic({ partitions: 2 }), await world.createTopic()];
    const listening = await world.listen([first, second]);
    const transaction = await (await transactional(world)).transaction();
    await transaction.send(one(first, 'a', 0));
    await transaction.sendBatch({ topicMessages: [one(first, 'b', 1), one(second, 'c')] });
    await world.send(second, 'marker');
    expect(listening.values()).toEqual([]);
    await transaction.commit();
    await eventually(() => expect(listening.values().toSorted()).toEqual(['a', 'b', 'c', 'marker']));
  });

  behaviour(
    'two transactions can overlap in a partition; the older one that is open is waited for',
    async (world) => {
      const topic = await world.createTopic();
      const [first, second] = [
        await (await transactional(world)).transaction(),
        await (await transactional(world)).transaction(),
      ];
      await first.send(one(topic, 'first 1'));
      await second.send(one(topic, 'second'));
      await first.send(one(topic, 'first 2'));
      await second.commit();
      expect(await highsOf(world, topic)).toEqual([0]);
      await first.abort();
      const { values } = await watch(world, topic);
      await world.send(topic, 'end');
      await eventually(() => expect(values()).toEqual(['second', 'end']));
    },
  );

  behaviour('the end of a topic that an admin gets is where readers have to stop', async (world) => {
    const topic = await world.createTopic();
    const transaction = await (await transactional(world)).transaction();
    await world.send(topic, 'before');
    await transaction.send(one(topic, 'within'));
    await world.send(topic, 'behind');
    const ends = async () => [
      ...(await highsOf(world, topic)),
      (await world.admin.fetchTopicOffsetsByTimestamp(topic))[0]?.offset,
      (await world.admin.fetchTopicOffsetsByTimestamp(topic, Date.now() + 60_000))[0]?.offset,
    ];
    expect(await ends()).toEqual([1, '1', '1']);
    await transaction.commit();
    await eventually(async () => expect(await ends()).toEqual([4, '4', '4']));
  });

  behaviour(
    'who begins at the end begins where an open transaction does, or at the very end if it reads all',
    async (world) => {
      const topic = await world.createTopic();
      const transaction = await (await transactional(world)).transaction();
      await world.send(topic, 'before');
      await transaction.send(one(topic, 'within'));
      const begin = async (readUncommitted: boolean) => {
        const consumer = world.consumer({ groupId: world.unique('late'), readUncommitted });
        let hasFetched = false;
        consumer.on(consumer.events.FETCH, () => {
          hasFetched = true;
        });
        const listening = await world.listen(topic, { consumer, fromBeginning: false });
        await eventually(() => expect(hasFetched).toBe(true));
        return listening;
      };
      const all = await begin(true);
      const committed = await begin(false);
      await transaction.commit();
      await world.send(topic, 'end');
      await eventually(() => expect(committed.values()).toEqual(['within', 'end']));
      await eventually(() => expect(all.values()).toEqual(['end']));
    },
  );
};

const markers: Area = (behaviour) => {
  behaviour(
    'each end of a transaction takes an offset of its own in each partition that it wrote to',
    async (world) => {
      const topic = await world.createTopic({ partitions: 3 });
      const producer = await transactional(world);
      const transaction = await producer.transaction();
      await transaction.sendBatch({
        topicMessages: [one(topic, 'a', 0), one(topic, 'b', 1), one(topic, 'c', 0)],
      });
      await transaction.commit();
      await eventually(async () => expect(await highsOf(world, topic)).toEqual([3, 2, 0]));
      const aborted = await producer.transaction();
      await aborted.send(one(topic, 'd', 2));
      await aborted.abort();
      await eventually(async () => expect(await highsOf(world, topic)).toEqual([3, 2, 2]));
    },
  );

  behaviour('the offsets of messages have gaps where transactions ended', async (world) => {
    const topic = await world.createTopic();
    const producer = await transactional(world);
    for (const value of ['a', 'b']) {
      const transaction = await producer.transaction();
      expect(await transaction.send(one(topic, value))).toMatchObject([{ topicName: topic, errorCode: 0 }]);
      await transaction.commit();
    }
    const { received } = await watch(world, topic);
    await eventually(() => expect(received.map(({ message }) => message.offset)).toEqual(['0', '2']));
  });

  behaviour('a marker comes as a batch without messages, which no handler gets', async (world) => {
    const topic = await world.createTopic();
    const producer = await transactional(world);
    const consumer = world.consumer();
    const ended: [number, string][] = [];
    const handled: number[] = [];
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.lastOffset !== '-1') ended.push([payload.batchSize, payload.lastOffset]);
    });
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachBatch: async ({ batch }) => void handled.push(batch.messages.length) });
    const transaction = await producer.transaction();
    await transaction.send(one(topic, 'never'));
    await transaction.abort();
    await eventually(() => expect(ended.at(-1)).toEqual([0, '1']));
    expect(handled).toEqual([]);
    await world.send(topic, 'after');
    await eventually(() => expect(ended.at(-1)).toEqual([1, '2']));
    expect(handled).toEqual([1]);
  });

  behaviour('a message knows the transaction that it was sent in', async (world) => {
    const topic = await world.createTopic();
    const transaction = await (await transactional(world)).transaction();
    await transaction.send(one(topic, 'within'));
    await transaction.commit();
    await world.send(topic, 'without');
    const { received } = await watch(world, topic);
    await eventually(() => expect(received).toHaveLength(2));
    const contexts = received.map(({ message }) => Object(Reflect.get(message, 'batchContext')));
    expect(contexts.map(({ inTransaction }) => inTransaction)).toEqual([true, false]);
    expect(contexts.map(({ producerId }) => producerId)).toEqual([expect.stringMatching(/^\d+$/), '-1']);
  });
};

export const transactions: Area = (behaviour) => {
  visibility(behaviour);
  markers(behaviour);
};
