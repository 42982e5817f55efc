import { expect, test } from '@jest/globals';
import type { Producer } from 'kafkajs';
import {
  committed,
  eventually,
  inWorld,
  listen,
  rejection,
  settle,
  withManualClock,
  type World,
} from './support.ts';

const transactional = async ({ kafka }: World, transactionalId = 'tx'): Promise<Producer> => {
  const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return producer;
};

const one = (topic: string, value: string) => ({ topic, messages: [{ value }] });

test(
  'messages of a transaction are unseen until it is committed, and so is what came behind them',
  inWorld(async (world) => {
    const producer = await transactional(world);
    const committedOnly = await listen(world, 'tx', { config: { groupId: 'committed' } });
    const everything = await listen(world, 'tx', { config: { groupId: 'all', readUncommitted: true } });
    const transaction = await producer.transaction();
    await transaction.send(one('tx', 'a'));
    await world.send('tx', 'behind');
    await eventually(() => expect(everything.values()).toEqual(['a', 'behind']));
    await settle();
    expect(committedOnly.values()).toEqual([]);
    await transaction.commit();
    await eventually(() => expect(committedOnly.values()).toEqual(['a', 'behind']));
    await producer.disconnect();
  }),
);

test(
  'aborted messages are never seen, unless uncommitted ones are asked for',
  inWorld(async (world) => {
    const producer = await transactional(world);
    const transaction = await producer.transaction();
    await transaction.send(one('tx', 'aborted'));
    await transaction.abort();
    await world.send('tx', 'after');
    const { values } = await listen(world, 'tx', { config: { groupId: 'committed' } });
    const all = await listen(world, 'tx', { config: { groupId: 'all', readUncommitted: true } });
    await eventually(() => expect(values()).toEqual(['after']));
    await eventually(() => expect(all.values()).toEqual(['aborted', 'after']));
    await producer.disconnect();
  }),
);

test(
  'the marker takes an offset, and shows as a batch of size 0',
  inWorld(async (world) => {
    const producer = await transactional(world);
    const consumer = world.consumer();
    const batches: [number, string][] = [];
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
      batches.push([payload.batchSize, payload.lastOffset]),
    );
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'tx', messages: [{ value: 'a' }, { value: 'b' }] });
    await transaction.commit();
    expect((await world.kafka.admin().fetchTopicOffsets('tx'))[0]?.high).toBe('3');
    await listen(world, 'tx', { consumer });
    // The marker brings a batch of its own; it is read past, but only the next commit says so.
    await eventually(() => expect(batches).toHaveLength(2));
    expect(committed(world, 'tx')).toBe(2);
    const aborted = await producer.transaction();
    await aborted.send(one('tx', 'never'));
    await aborted.abort();
    await eventually(() =>
      expect(batches).toEqual([
        [2, '2'],
        [0, '2'],
        [0, '4'],
      ]),
    );
    await producer.disconnect();
  }),
);

test(
  'offsets sent with a transaction take effect when it commits, and not when it aborts',
  inWorld(async (world) => {
    await world.createTopic('in', 1);
    const producer = await transactional(world);
    const offsets = {
      consumerGroupId: 'group',
      topics: [{ topic: 'in', partitions: [{ partition: 0, offset: '5' }] }],
    };
    const aborted = await producer.transaction();
    await aborted.sendOffsets(offsets);
    await aborted.abort();
    expect(committed(world, 'in')).toBe(-1);
    const transaction = await producer.transaction();
    await transaction.sendOffsets(offsets);
    expect(committed(world, 'in')).toBe(-1);
    await transaction.commit();
    expect(committed(world, 'in')).toBe(5);
    await producer.disconnect();
  }),
);

test(
  'a running member can have its offsets committed by a transaction of the same Kafka instance',
  inWorld(async (world) => {
    await world.send('in', 'a');
    const producer = await transactional(world);
    const consumer = world.kafka.consumer({ groupId: 'group' });
    await consumer.subscribe({ topics: ['in'], fromBeginning: true });
    const left: number[] = [];
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ resolveOffset, uncommittedOffsets }) => {
        resolveOffset('0');
        const transaction = await producer.transaction();
        await transaction.send(one('out', 'A'));
        await transaction.sendOffsets({ consumerGroupId: 'group', ...uncommittedOffsets() });
        await transaction.commit();
        left.push(uncommittedOffsets().topics.length);
      },
    });
    await eventually(() => expect(left).toEqual([0]));
    expect(committed(world, 'in')).toBe(1);
    await Promise.all([consumer.disconnect(), producer.disconnect()]);
  }),
);

test(
  'one transaction at a time, no use after its end, and an empty one is fine',
  inWorld(async (world) => {
    const producer = await transactional(world);
    const transaction = await producer.transaction();
    expect(transaction.isActive()).toBe(true);
    expect((await rejection(producer.transaction())).message).toBe(
      'There is already an ongoing transaction for this producer. Please end the transaction before beginning another.',
    );
    await transaction.commit();
    expect(transaction.isActive()).toBe(false);
    const ended = 'Cannot continue to use transaction once ended';
    for (const call of [transaction.send(one('tx', 'x')), transaction.commit(), transaction.abort()]) {
      expect((await rejection(call)).message).toBe(ended);
    }
    await (await producer.transaction()).abort();
    expect((await rejection(world.producer.transaction())).message).toBe(
      'Must provide transactional id for transactional producer',
    );
    await producer.disconnect();
  }),
);

test(
  'a new producer with the same transactional id aborts what the old one left open, and fences it',
  inWorld(async (world) => {
    const [old, young] = [await transactional(world), await transactional(world)];
    const left = await old.transaction();
    await left.send(one('tx', 'left open'));
    const taken = await young.transaction();
    await taken.send(one('tx', 'taken over'));
    await taken.commit();
    const { values } = await listen(world, 'tx');
    await eventually(() => expect(values()).toEqual(['taken over']));
    expect(await rejection(left.commit())).toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
    await Promise.all([old.disconnect(), young.disconnect()]);
  }),
);

test('a transaction that is left alone is aborted after transactionTimeout', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      const producer = await transactional(world);
      const transaction = await producer.transaction();
      await transaction.send(one('tx', 'forgotten'));
      await clock.advance(60_000);
      expect(await rejection(transaction.commit())).toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
      expect(world.cluster.inspect().topics[0]?.partitions).toMatchObject([{ high: 2, lastStable: 2 }]);
      await producer.disconnect();
    },
    () => options,
  )();
});
