import type { Runtime } from '@order-pipeline/service-kit';

/** How long a consumer may make no progress although there is work before it counts as stuck, in milliseconds. */
export const STUCK_AFTER_MS = 30_000;

type TopicPartition = `${string}/${number}`;

/** What a consumer was seen doing. kafkajs can stop consuming without a word, so its silence has to be noticed. */
export interface ConsumerProgress {
  joined(assignment: Readonly<Record<string, readonly number[]>>): void;
  left(): void;
  fetched(): void;
  /** @param next the offset after the last message that was worked */
  worked(topic: string, partition: number, next: bigint): void;
  /** The lag of each partition of ours, from the end of each log and what the group has committed. */
  measure(
    ends: Readonly<Record<TopicPartition, { high: bigint; from: bigint }>>,
  ): Map<TopicPartition, bigint>;
  /** Why it does not work, if so. */
  problem(): string | undefined;
  isOurs(topic: string, partition: number): boolean;
}

export const partitionKey = (topic: string, partition: number): TopicPartition => `${topic}/${partition}`;

export const createConsumerProgress = (runtime: Pick<Runtime, 'now'>): ConsumerProgress => {
  const positions = new Map<TopicPartition, bigint>();
  let assigned: ReadonlySet<TopicPartition> | undefined;
  let seenAt = runtime.now();
  let advancedAt = runtime.now();
  let behind = false;

  const note = (): void => {
    seenAt = runtime.now();
  };
  return {
    joined: (assignment) => {
      assigned = new Set(
        Object.entries(assignment).flatMap(([topic, partitions]) =>
          partitions.map((partition) => partitionKey(topic, partition)),
        ),
      );
      positions.clear();
      advancedAt = runtime.now();
      note();
    },
    left: () => {
      assigned = undefined;
      positions.clear();
    },
    fetched: note,
    worked: (topic, partition, next) => {
      positions.set(partitionKey(topic, partition), next);
      advancedAt = runtime.now();
      note();
    },
    measure: (ends) => {
      const lags = new Map<TopicPartition, bigint>();
      for (const key of assigned ?? []) {
        const end = ends[key];
        if (!end) continue;
        const position = positions.get(key) ?? end.from;
        lags.set(key, end.high > position ? end.high - position : 0n);
      }
      const wasBehind = behind;
      behind = [...lags.values()].some((lag) => lag > 0n);
      // Standing still counts from when there was something to do.
      if (!wasBehind) advancedAt = runtime.now();
      return lags;
    },
    problem: () => {
      if (!assigned) return 'is not in its group';
      if (runtime.now() - seenAt > STUCK_AFTER_MS) return 'has stopped fetching';
      if (behind && runtime.now() - advancedAt > STUCK_AFTER_MS)
        return 'makes no progress although there is lag';
      return undefined;
    },
    isOurs: (topic, partition) => assigned?.has(partitionKey(topic, partition)) ?? false,
  };
};
