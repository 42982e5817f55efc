import { expect, test } from '@jest/globals';
import type { PartitionMetadata } from 'kafkajs';
import { Partitioners } from '../src/index.ts';
import { createDefaultPartitioner, murmur2 } from '../src/partitioners.ts';

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

test('where round robin begins is left to chance, and then it takes all available partitions in turn', () => {
  for (const [random, first] of [
    [0, 1],
    [0.5, 1],
    [1 - 2 ** -31, 0],
  ] as const) {
    const choose = createDefaultPartitioner(() => random)();
    const partitionMetadata = partitionsOf(4);
    const chosen = [0, 1, 2, 3].map(() => choose({ topic: 't', partitionMetadata, message: { value: 'x' } }));
    expect(chosen).toEqual([0, 1, 2, 3].map((turn) => (first + turn) % 4));
  }
});

test('a partition without a leader gets no turn, but its keys still go there', () => {
  const choose = createDefaultPartitioner(() => 0)();
  const partitionMetadata = partitionsOf(3).map((each) =>
    each.partitionId === 1 ? { ...each, leader: -1 } : each,
  );
  const chosen = [0, 1, 2, 3].map(() => choose({ topic: 't', partitionMetadata, message: { value: 'x' } }));
  expect(new Set(chosen)).toEqual(new Set([0, 2]));
  expect(choose({ topic: 't', partitionMetadata, message: { key: 'order-1', value: 'x' } })).toBe(
    1221710326 % 3,
  );
});
