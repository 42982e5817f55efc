import type { Coordinator } from './coordinator.ts';
import type { Faults } from './faults.ts';
import type { Topics } from './topics.ts';

/** The faults that befall what the broker keeps: its logs, and the offsets of groups. */
export const createLogFaults = (
  topics: Topics,
  coordinator: Coordinator,
): Pick<Faults, 'dropUnflushed' | 'redeliver'> => {
  const partitionsOf = (topic: string, partition: number | undefined): number[] => {
    if (partition !== undefined) return [partition];
    return topics.describe(topic, false).partitions.map((_, index) => index);
  };
  return {
    dropUnflushed: (topic, { partition, messages }) => {
      for (const each of partitionsOf(topic, partition)) topics.partition(topic, each).dropLast(messages);
    },
    redeliver: (groupId, { topic, partition, offset }) => {
      for (const each of partitionsOf(topic, partition)) {
        const from = Math.max(offset, topics.partition(topic, each).low());
        coordinator.rewind(groupId, topic, each, from);
      }
      coordinator.recall(groupId);
    },
  };
};
