import type { Topic } from '@order-pipeline/contracts';
import type { Findings } from '../findings.ts';
import { GROUPS_OF_TOPIC } from './lifecycle.ts';
import type { RealServer } from '../world/database/real-database.ts';
import type { Echo } from '../world/kafka.ts';

interface StoredLetter {
  readonly topic: string;
  readonly consumer_group: string;
  readonly name: string | null;
  readonly reason: string;
}

export const UNREADABLE_KEY = 'unreadable-';

/**
 * Every message that nobody can understand is among the dead letters, and no other one is.
 *
 * @param isComplete whether Kafka has lost nothing
 */
export const checkDeadLetterQueue = async (
  { databases }: RealServer,
  { published }: Echo,
  isComplete: boolean,
  findings: Findings,
): Promise<void> => {
  const letters = await databases.orders.read<StoredLetter & Record<string, string | null>>(
    `SELECT topic, consumer_group, convert_from(key, 'UTF8') AS name, reason FROM dead_letters`,
  );
  for (const { name, topic, consumer_group: group, reason } of letters) {
    if (!name?.startsWith(UNREADABLE_KEY))
      findings.add(
        'only messages that cannot be processed go to the dead-letter queue',
        [name ?? '?'],
        `${group} of ${topic}: ${reason}`,
      );
  }
  if (!isComplete) return;
  for (const { topic, key } of published.filter((one) => one.key.startsWith(UNREADABLE_KEY))) {
    for (const group of GROUPS_OF_TOPIC[topic as Topic] ?? []) {
      const isThere = letters.some(
        (one) => one.topic === topic && one.name === key && one.consumer_group === group,
      );
      if (!isThere)
        findings.add(
          'a message that cannot be understood goes to the dead-letter queue, it is not dropped',
          [key],
          `${group} of ${topic}`,
        );
    }
  }
};
