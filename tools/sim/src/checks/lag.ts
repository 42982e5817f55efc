import { deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import { GROUPS_OF_TOPIC } from './lifecycle.ts';
import type { MemoryCluster } from '@order-pipeline/memory-kafka';

/** Messages that a group has not committed. */
export interface Lag {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly messages: number;
}

/** The topics of each consumer group. */
const topicsByGroup = (): ReadonlyMap<string, readonly string[]> => {
  const groups = new Map<string, string[]>([['dead-letters', TOPIC_NAMES.map(deadLetterTopic)]]);
  for (const topic of TOPIC_NAMES)
    for (const group of GROUPS_OF_TOPIC[topic]) groups.set(group, [...(groups.get(group) ?? []), topic]);
  return groups;
};

/** Where groups lag behind the end of their topics. */
export const lagsOf = (cluster: Pick<MemoryCluster, 'inspect'>): Lag[] => {
  const { topics, groups } = cluster.inspect();
  return [...topicsByGroup()].flatMap(([groupId, consumed]) => {
    const offsets = groups.find((group) => group.groupId === groupId)?.offsets ?? [];
    return topics
      .filter(({ name }) => consumed.includes(name))
      .flatMap(({ name: topic, partitions }) =>
        partitions.map(({ partition, low, high }) => {
          const committed = offsets.find((one) => one.topic === topic && one.partition === partition)?.offset;
          // Where a group begins anew, it commits a number below zero.
          return { groupId, topic, partition, messages: high - Math.max(committed ?? low, low) };
        }),
      )
      .filter(({ messages }) => messages > 0);
  });
};

export const lagLine = ({ groupId, topic, partition, messages }: Lag): string =>
  `${messages} messages lag for ${groupId} of ${topic}/${partition}`;
