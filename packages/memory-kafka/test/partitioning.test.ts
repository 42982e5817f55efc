import { expect, test } from '@jest/globals';
import type { PartitionMetadata } from 'kafkajs';
import { Partitioners } from '../src/index.ts';
import { createDefaultPartitioner, murmur2 } from '../src/partitioners.ts';
import { inWorld } from './support.ts';

const partitionsOf = (count: number): PartitionMetadata[] =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));

test.each([
  ['order-1', 1221710326],
  ['order-42', 501153024],
  ['abc', 479470107],
  ['', 275646681],
  ['ключ', 2122343024],
  ['0', 971027396],
])('the hash of %p is the one of Kafka clients', (key, hash) => {
  expect(murmur2(Buffer.from(key)) & 0x7fffffff).toBe(hash);
});

test('a key goes to the partition that kafkajs would choose', () => {
  const ours = createDefaultPartitioner(() => 0)();
  const theirs = Partitioners.DefaultPartitioner();
  for (let length = 0; length < 40; length += 1) {
    for (const key of ['x'.repeat(length), Buffer.alloc(length, 200 + (length % 50)), `ключ-${length}`]) {
      const args = { topic: 't', partitionMetadata: partitionsOf(7), message: { key, value: null } };
      expect(ours(args)).toBe(theirs(args));
    }
  }
});

test(
  'messages of one key stay in one partition, in their order',
  inWorld(async ({ createTopic, producer, cluster }) => {
    await createTopic('keyed', 6);
    const messages = Array.from({ length: 60 }, (_, i) => ({ key: 'order-1', value: String(i) }));
    const written = await producer.send({ topic: 'keyed', messages });
    expect(written).toHaveLength(1);
    expect(written[0]?.partition).toBe(1221710326 % 6);
    const { partitions } = cluster.inspect().topics[0] ?? {};
    expect(partitions?.map(({ high }) => high).filter((high) => high > 0)).toEqual([60]);
  }),
);

test(
  'messages without a key take turns over all partitions',
  inWorld(async ({ createTopic, send, cluster }) => {
    await createTopic('turns', 4);
    for (let i = 0; i < 8; i += 1) await send('turns', { key: null, value: 'x' });
    expect(cluster.inspect().topics[0]?.partitions.map(({ high }) => high)).toEqual([2, 2, 2, 2]);
  }),
);

test(
  'an empty key is a key',
  inWorld(async ({ createTopic, producer }) => {
    await createTopic('empty-key', 5);
    for (let i = 0; i < 3; i += 1) {
      const [written] = await producer.send({ topic: 'empty-key', messages: [{ key: '', value: 'x' }] });
      expect(written?.partition).toBe(275646681 % 5);
    }
  }),
);

test(
  'an explicit partition wins over the key, 0 included',
  inWorld(async ({ createTopic, producer }) => {
    await createTopic('explicit', 3);
    for (const partition of [0, 1, 2]) {
      const [written] = await producer.send({
        topic: 'explicit',
        messages: [{ key: 'order-1', value: 'x', partition }],
      });
      expect(written?.partition).toBe(partition);
    }
  }),
);

test(
  'a message for a partition that does not exist is dropped, and send resolves',
  inWorld(async ({ createTopic, producer, cluster }) => {
    await createTopic('drop', 2);
    const messages = [
      { value: 'lost', partition: 9 },
      { value: 'kept', partition: 1 },
    ];
    expect(await producer.send({ topic: 'drop', messages })).toMatchObject([
      { partition: 1, baseOffset: '0' },
    ]);
    expect(await producer.send({ topic: 'drop', messages: [{ value: 'lost', partition: 9 }] })).toEqual([]);
    expect(cluster.inspect().topics[0]?.partitions.map(({ high }) => high)).toEqual([0, 1]);
  }),
);

test(
  'a custom partitioner is made once for each producer and sees the message as written',
  inWorld(async ({ kafka, createTopic }) => {
    await createTopic('custom', 3);
    let made = 0;
    const seen: unknown[] = [];
    const producer = kafka.producer({
      createPartitioner: () => {
        made += 1;
        return ({ message, partitionMetadata }) => {
          seen.push(message);
          return partitionMetadata.length - 1;
        };
      },
    });
    await producer.connect();
    const message = { key: 'k', value: 'v', headers: { h: '1' } };
    const [first] = await producer.send({ topic: 'custom', messages: [message] });
    await producer.send({ topic: 'custom', messages: [message] });
    expect([made, first?.partition, seen[0]]).toEqual([1, 2, message]);
    await producer.disconnect();
  }),
);

test(
  'partitions added later are used once the metadata is older than metadataMaxAge',
  inWorld(async ({ kafka, createTopic }) => {
    await createTopic('grown', 1);
    const [young, old] = [kafka.producer({ metadataMaxAge: -1 }), kafka.producer()];
    for (const producer of [young, old]) {
      await producer.connect();
      await producer.send({ topic: 'grown', messages: [{ value: 'x' }] });
    }
    await kafka.admin().createPartitions({ topicPartitions: [{ topic: 'grown', count: 4 }] });
    const partitionsUsed = async (producer: typeof young) => {
      const messages = Array.from({ length: 8 }, () => ({ value: 'x' }));
      return (await producer.send({ topic: 'grown', messages })).length;
    };
    expect([await partitionsUsed(young), await partitionsUsed(old)]).toEqual([4, 1]);
    await Promise.all([young.disconnect(), old.disconnect()]);
  }),
);
