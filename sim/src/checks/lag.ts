import { deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import type { MemoryCluster } from '@order-pipeline/memory-kafka';

/** Messages that a group has not said to have worked. */
export interface Lag {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly messages: number;
}

/** The topics of each consumer group. */
const TOPICS_OF_GROUP: Readonly<Record<string, readonly string[]>> = {
  workflow: ['ORDER_PLACED'],
  shipping: ['ORDER_PROCESSING'],
  delivery: ['ORDER_SHIPPED'],
  inventory: ['ORDER_SHIPPED'],
  'dead-letters': TOPIC_NAMES.map(deadLetterTopic),
};

/** Where groups are behind the end of what they hear. */
export const lagsOf = (cluster: Pick<MemoryCluster, 'inspect'>): Lag[] => {
  const { topics, groups } = cluster.inspect();
  return Object.entries(TOPICS_OF_GROUP).flatMap(([groupId, heard]) => {
    const offsets = groups.find((group) => group.groupId === groupId)?.offsets ?? [];
    return topics
      .filter(({ name }) => heard.includes(name))
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
