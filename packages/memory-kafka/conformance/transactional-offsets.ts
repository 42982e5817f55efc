import { expect } from '@jest/globals';
import type { Producer } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const transactional = (world: World): Promise<Producer> =>
  world.connectProducer({ transactionalId: world.unique('tx'), idempotent: true, maxInFlightRequests: 1 });

const offsetOf = (world: World, topic: string, offset: string, consumerGroupId = world.groupId) => ({
  consumerGroupId,
  topics: [{ topic, partitions: [{ partition: 0, offset }] }],
});

export const transactionalOffsets: Area = (behaviour) => {
  behaviour('offsets sent with a transaction take effect when it commits', async (world) => {
    const topic = await world.createTopic();
    const transaction = await (await transactional(world)).transaction();
    expect(await transaction.sendOffsets(offsetOf(world, topic, '5'))).toBeUndefined();
    expect(await world.committed(topic)).toBe('-1');
    await transaction.commit();
    await eventually(async () => expect(await world.committed(topic)).toBe('5'));
  });

  behaviour('and never when it aborts', async (world) => {
    const topic = await world.createTopic();
    const aborted = await (await transactional(world)).transaction();
    await aborted.sendOffsets(offsetOf(world, topic, '5'));
    await aborted.abort();
    const another = world.unique('another');
    const committed = await (await transactional(world)).transaction();
    await committed.sendOffsets(offsetOf(world, topic, '1', another));
    await committed.commit();
    await eventually(async () => expect(await world.committed(topic, 0, another)).toBe('1'));
    expect(await world.committed(topic)).toBe('-1');
  });

  behaviour('of several for one partition the last counts, even if it is lower', async (world) => {
    const topic = await world.createTopic();
    const transaction = await (await transactional(world)).transaction();
    for (const offset of ['7', '4']) await transaction.sendOffsets(offsetOf(world, topic, offset));
    await transaction.commit();
    await eventually(async () => expect(await world.committed(topic)).toBe('4'));
  });

  behaviour('one transaction can speak for several groups', async (world) => {
    const topic = await world.createTopic();
    const another = world.unique('another');
    const transaction = await (await transactional(world)).transaction();
    await transaction.sendOffsets(offsetOf(world, topic, '1'));
    await transaction.sendOffsets(offsetOf(world, topic, '2', another));
    await transaction.commit();
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    await eventually(async () => expect(await world.committed(topic, 0, another)).toBe('2'));
  });

  behaviour('metadata goes along', async (world) => {
    const { admin, groupId } = world;
    const topic = await world.createTopic();
    const transaction = await (await transactional(world)).transaction();
    const partition = { partition: 0, offset: '3', metadata: 'three' };
    await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions: [partition] }] });
    await transaction.commit();
    await eventually(async () =>
      expect(await admin.fetchOffsets({ groupId })).toEqual([{ topic, partitions: [partition] }]),
    );
  });

  behaviour('a group that only transactions know is empty, and of no type', async (world) => {
    const topic = await world.createTopic();
    const transaction = await (await transactional(world)).transaction();
    await transaction.sendOffsets(offsetOf(world, topic, '5'));
    const described = async () => (await world.admin.describeGroups([world.groupId])).groups;
    expect(await described()).toMatchObject([{ state: 'Empty', protocolType: '', members: [] }]);
    await transaction.commit();
    expect(await described()).toMatchObject([{ state: 'Empty', protocolType: '' }]);
  });

  behaviour('a group that is deleted meanwhile does not get them', async (world) => {
    const { admin, groupId } = world;
    const [topic, another] = [await world.createTopic(), world.unique('another')];
    const transaction = await (await transactional(world)).transaction();
    await transaction.sendOffsets(offsetOf(world, topic, '5'));
    await transaction.sendOffsets(offsetOf(world, topic, '6', another));
    await admin.deleteGroups([groupId]);
    await transaction.commit();
    await eventually(async () => expect(await world.committed(topic, 0, another)).toBe('6'));
    expect(await world.committed(topic)).toBe('-1');
  });

  behaviour(
    'without a group, without topics, or with an offset that is none, they are refused',
    async (world) => {
      const topic = await world.createTopic();
      const transaction = await (await transactional(world)).transaction();
      const refusal = (offsets: unknown) => rejection(transaction.sendOffsets(unchecked(offsets)));
      const assertion = { name: 'AssertionError', code: 'ERR_ASSERTION' };
      expect(await refusal({ topics: [] })).toMatchObject({
        ...assertion,
        message: 'Missing consumerGroupId',
      });
      expect(await refusal({ consumerGroupId: 'g' })).toMatchObject({
        ...assertion,
        message: 'Missing offset topics',
      });
      expect(await refusal(offsetOf(world, topic, 'x'))).toMatchObject({ name: 'SyntaxError' });
      expect(transaction.isActive()).toBe(true);
      await transaction.sendOffsets(offsetOf(world, topic, '2'));
      await transaction.commit();
      await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    },
  );

  behaviour('messages and offsets of one transaction come out together', async (world) => {
    const [from, to] = [await world.createTopic(), await world.createTopic()];
    await world.send(from, 'a', 'b');
    const producer = await transactional(world);
    const { received } = await world.listen(from, {
      autoCommit: false,
      onMessage: async ({ topic, partition, value, message }) => {
        const transaction = await producer.transaction();
        await transaction.send({ topic: to, messages: [{ value: value.toUpperCase() }] });
        const offset = String(Number(message.offset) + 1);
        await transaction.sendOffsets({
          consumerGroupId: world.groupId,
          topics: [{ topic, partitions: [{ partition, offset }] }],
        });
        await (value === 'a' ? transaction.commit() : transaction.abort());
      },
    });
    const results = await world.listen(to, { config: { groupId: world.unique('reader') } });
    await eventually(() => expect(results.values()).toEqual(['A']));
    await eventually(() => expect(received).toHaveLength(2));
    await eventually(async () => expect(await world.committed(from)).toBe('1'));
  });

  behaviour('a consumer of the same Kafka instance counts them as committed', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const kafka = world.another();
    const producer = kafka.producer({ transactionalId: world.unique('tx'), idempotent: true });
    const consumer = kafka.consumer({ groupId: world.groupId, maxWaitTimeInMs: 100 });
    await producer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const seen: unknown[] = [];
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ resolveOffset, uncommittedOffsets }) => {
        resolveOffset('1');
        seen.push(uncommittedOffsets());
        const transaction = await producer.transaction();
        await transaction.sendOffsets({ consumerGroupId: world.groupId, ...uncommittedOffsets() });
        await transaction.commit();
        seen.push(uncommittedOffsets());
      },
    });
    const partitions = [{ partition: '0', offset: '2' }];
    await eventually(() => expect(seen).toEqual([{ topics: [{ topic, partitions }] }, { topics: [] }]));
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    await Promise.all([consumer.disconnect(), producer.disconnect()]);
  });
};
