import type { TopicPartitionOffset } from 'kafkajs';
import type { MessagePosition } from '../event-codec.ts';
import { partitionKey } from './progress.ts';

/**
 * Which messages were taken in and are not done yet, where a handler works them later. What may be committed is
 * everything before the first of them: a commit says that all before it is done.
 */
export interface OpenOffsets {
  /** Takes messages of one partition in, in their order. */
  taken(positions: readonly MessagePosition[]): void;
  /** Messages that are done, in any order; one that was not taken in since `clear` is passed over. */
  done(positions: readonly MessagePosition[]): void;
  /** The offsets before which everything is done, whether or not they are committed. */
  due(): TopicPartitionOffset[];
  /** How many messages are not done. */
  size(): number;
  /** The offsets to commit that have not been marked by `committed` yet. */
  committable(): TopicPartitionOffset[];
  committed(offsets: readonly TopicPartitionOffset[]): void;
  /** Forgets everything: partitions were assigned anew, and what is not committed comes again. */
  clear(): void;
}

interface PartitionOffsets {
  readonly topic: string;
  readonly partition: number;
  /** In ascending order, because that is how they were taken in. */
  readonly open: Set<string>;
  next: string;
  committed: string | undefined;
}

const after = (offset: string): string => String(BigInt(offset) + 1n);

export const createOpenOffsets = (): OpenOffsets => {
  const partitions = new Map<string, PartitionOffsets>();

  const partitionOf = ({ topic, partition, offset }: MessagePosition): PartitionOffsets => {
    const key = partitionKey(topic, partition);
    const known = partitions.get(key);
    if (known) return known;
    const created = { topic, partition, open: new Set<string>(), next: offset, committed: offset };
    partitions.set(key, created);
    return created;
  };

  return {
    taken: (positions) => {
      const [first, last] = [positions[0], positions.at(-1)];
      if (!first || !last) return;
      const offsets = partitionOf(first);
      for (const { offset } of positions) offsets.open.add(offset);
      offsets.next = after(last.offset);
    },
    done: (positions) => {
      for (const { topic, partition, offset } of positions) {
        partitions.get(partitionKey(topic, partition))?.open.delete(offset);
      }
    },
    due: () =>
      [...partitions.values()].map(({ topic, partition, open, next }) => {
        const [firstOpen] = open;
        return { topic, partition, offset: firstOpen ?? next };
      }),
    size: () => [...partitions.values()].reduce((sum, { open }) => sum + open.size, 0),
    committable: () =>
      [...partitions.values()].flatMap(({ topic, partition, open, next, committed }) => {
        const [firstOpen] = open;
        const offset = firstOpen ?? next;
        return offset === committed ? [] : [{ topic, partition, offset }];
      }),
    committed: (offsets) => {
      for (const { topic, partition, offset } of offsets) {
        const known = partitions.get(partitionKey(topic, partition));
        if (known) known.committed = offset;
      }
    },
    clear: () => partitions.clear(),
  };
};
