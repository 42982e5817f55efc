import type { Findings } from '../findings.ts';
import type { RealServer } from '../world/database/real-database.ts';
import type { Echo } from '../world/kafka.ts';

interface StoredLetter {
  readonly topic: string;
  readonly heard_by: string;
  readonly name: string | null;
  readonly reason: string;
}

/** Who hears a topic, and puts aside what cannot be understood. */
const LISTENERS: Readonly<Record<string, readonly string[]>> = {
  ORDER_PLACED: ['workflow'],
  ORDER_PROCESSING: ['shipping'],
  ORDER_SHIPPED: ['delivery', 'inventory'],
  ORDER_DELIVERED: [],
};

export const UNREADABLE_KEY = 'unreadable-';

/**
 * Every message that nobody can understand is among the dead letters, and no other one is.
 *
 * @param isComplete whether Kafka has lost nothing
 */
export const checkPutAside = async (
  { databases }: RealServer,
  { published }: Echo,
  isComplete: boolean,
  findings: Findings,
): Promise<void> => {
  const letters = await databases.orders.read<StoredLetter & Record<string, string | null>>(
    `SELECT topic, consumer_group AS heard_by, convert_from(key, 'UTF8') AS name, reason FROM dead_letters`,
  );
  for (const { name, topic, heard_by: group, reason } of letters) {
    if (!name?.startsWith(UNREADABLE_KEY))
      findings.add(
        'no message is put aside that can be worked',
        [name ?? '?'],
        `${group} of ${topic}: ${reason}`,
      );
  }
  if (!isComplete) return;
  for (const { topic, key } of published.filter((one) => one.key.startsWith(UNREADABLE_KEY))) {
    for (const group of LISTENERS[topic] ?? []) {
      const isThere = letters.some(
        (one) => one.topic === topic && one.name === key && one.heard_by === group,
      );
      if (!isThere)
        findings.add(
          'a message that cannot be understood is put aside, not dropped',
          [key],
          `${group} of ${topic}`,
        );
    }
  }
};
