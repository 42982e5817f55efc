import { expect, test } from '@jest/globals';
import type { Producer } from 'kafkajs';
import { inTimedWorld, rejection, type World } from './support.ts';

// What takes longer on a real broker than a test should; the rest is in ../conformance.

const transactional = async ({ kafka }: World): Promise<Producer> => {
  const producer = kafka.producer({ transactionalId: 'tx', idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return producer;
};

test(
  'a transaction that is left alone is aborted when the cluster next looks, every 10 s, and its producer fenced off',
  inTimedWorld(async (world, clock) => {
    const producer = await transactional(world);
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'tx', messages: [{ value: 'forgotten' }] });
    await clock.advance(69_999);
    expect(world.cluster.inspect().topics[0]?.partitions).toMatchObject([{ high: 1, lastStable: 0 }]);
    await clock.advance(1);
    expect(await rejection(transaction.commit())).toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
    expect(world.cluster.inspect().topics[0]?.partitions).toMatchObject([{ high: 2, lastStable: 2 }]);
    await producer.disconnect();
  }),
);

test(
  'offsets for a topic or partition that does not exist are sent again and again, whatever the retries of the instance',
  inTimedWorld(async (world, clock) => {
    await world.createTopic('one', 1);
    const producer = await transactional(world);
    const transaction = await producer.transaction();
    const send = (topic: string, partition: number) =>
      transaction.sendOffsets({
        consumerGroupId: 'group',
        topics: [{ topic, partitions: [{ partition, offset: '1' }] }],
      });
    const refused = Promise.all([rejection(send('unknown', 0)), rejection(send('one', 1))]);
    await clock.advance(30_000);
    for (const error of await refused) {
      expect(error).toMatchObject({
        name: 'KafkaJSNumberOfRetriesExceeded',
        // Where NODE_ENV is test, kafkajs tries that often.
        retryCount: 15,
        cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
      });
    }
    expect(transaction.isActive()).toBe(true);
    await producer.disconnect();
  }),
);
