import type { Runtime } from '@order-pipeline/service-kit';

/** How long a consumer may make no progress although there is work before it counts as stuck, in milliseconds. */
export const STUCK_AFTER_MS = 30_000;

type TopicPartition = `${string}/${number}`;

/** What a consumer was seen doing. kafkajs can stop consuming without a word, so its silence has to be noticed. */
export interface ConsumerProgress {
  joined(assignment: Readonly<Record<string, readonly number[]>>): void;
  left(): void;
  /** It gave some sign of life: it is being started, it fetched, it is at work. */
  seen(): void;
  /** @param next the offset after the last message that was worked */
  worked(topic: string, partition: number, next: bigint): void;
  /** It was told to fetch nothing, or to fetch again: what it does not fetch, it need not work. */
  paused(isPaused: boolean): void;
  /** The lag of each partition of ours, from the end of each log and what the group has committed. */
  measure(
    ends: Readonly<Record<TopicPartition, { high: bigint; from: bigint }>>,
  ): Map<TopicPartition, bigint>;
  /** Why it does not work, if so. */
  problem(): string | undefined;
  /** For how long there was no sign of life, in milliseconds. */
  silentForMs(): number;
  isMember(): boolean;
  /** Counts how often partitions were assigned: what was received before the last time may be somebody else's now. */
  assignments(): number;
}

export const partitionKey = (topic: string, partition: number): TopicPartition => `${topic}/${partition}`;

const keysOf = (assignment: Readonly<Record<string, readonly number[]>>): TopicPartition[] =>
  Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => partitionKey(topic, partition)),
  );

export const createConsumerProgress = (runtime: Pick<Runtime, 'now'>): ConsumerProgress => {
  const positions = new Map<TopicPartition, bigint>();
  let assigned: readonly TopicPartition[] | undefined;
  let assignments = 0;
  let seenAt = runtime.now();
  let advancedAt = runtime.now();
  let behind = false;
  let paused = false;

  const seen = (): void => {
    seenAt = runtime.now();
  };
  const advanced = (): void => {
    advancedAt = runtime.now();
    seen();
  };
  return {
    joined: (assignment) => {
      assigned = keysOf(assignment);
      assignments += 1;
      positions.clear();
      advanced();
    },
    left: () => {
      assigned = undefined;
      positions.clear();
    },
    seen,
    worked: (topic, partition, next) => {
      positions.set(partitionKey(topic, partition), next);
      advanced();
    },
    paused: (isPaused) => {
      paused = isPaused;
      advancedAt = runtime.now();
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
      if (behind && !paused && runtime.now() - advancedAt > STUCK_AFTER_MS)
        return 'makes no progress although there is lag';
      return undefined;
    },
    silentForMs: () => runtime.now() - seenAt,
    isMember: () => assigned !== undefined,
    assignments: () => assignments,
  };
};
