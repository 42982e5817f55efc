import type { ICustomPartitioner, PartitionMetadata } from 'kafkajs';

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** MurmurHash2 as Kafka's own clients compute it (a signed 32-bit number), over the bytes of a key. */
export const murmur2 = (bytes: Uint8Array): number => {
  const { length } = bytes;
  const whole = length - (length % 4);
  const at = (index: number): number => bytes[index] ?? 0;
  let hash = SEED ^ length;
  for (let index = 0; index < whole; index += 4) {
    let word = at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24);
    word = Math.imul(word, M);
    word = Math.imul(word ^ (word >>> R), M);
    hash = Math.imul(hash, M) ^ word;
  }
  if (length % 4 === 3) hash ^= at(whole + 2) << 16;
  if (length % 4 >= 2) hash ^= at(whole + 1) << 8;
  if (length % 4 >= 1) hash = Math.imul(hash ^ at(whole), M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
};

const toPositive = (hash: number): number => hash & 0x7fffffff;

const hashOf = (key: Buffer | string): number =>
  toPositive(murmur2(Buffer.isBuffer(key) ? key : Buffer.from(key)));

const nextInTurn = (counter: number, all: readonly PartitionMetadata[]): number => {
  const available = all.filter((partition) => partition.leader >= 0);
  const turn = toPositive(counter);
  return available[turn % available.length]?.partitionId ?? turn % all.length;
};

/**
 * The partitioner that a producer has by default: an explicit partition wins, a key is hashed over all partitions,
 * and messages without a key take the partitions of their topic in turn, starting anywhere (`random`).
 */
export const createDefaultPartitioner =
  (random: () => number): ICustomPartitioner =>
  () => {
    const counters = new Map<string, number>();
    return ({ topic, partitionMetadata, message }) => {
      const counter = counters.get(topic) ?? Math.floor(random() * 2 ** 31);
      counters.set(topic, counter);
      if (message.partition !== null && message.partition !== undefined) return message.partition;
      if (message.key !== null && message.key !== undefined) {
        return hashOf(message.key) % partitionMetadata.length;
      }
      counters.set(topic, counter + 1);
      return nextInTurn(counter + 1, partitionMetadata);
    };
  };
