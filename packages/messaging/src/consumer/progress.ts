import type { Runtime } from '@order-pipeline/service-kit';

/** How long a consumer may make no progress although there is work before it counts as stuck, in milliseconds. */
export const STUCK_AFTER_MS = 30_000;

type TopicPartition = `${string}/${number}`;
/** The end of each partition, and what its group has committed. */
type PartitionEnds = Readonly<Record<TopicPartition, { high: bigint; from: bigint }>>;

/** What a consumer was seen doing. kafkajs can stop consuming silently, so that has to be noticed. */
export interface ConsumerProgress {
  joined(assignment: Readonly<Record<string, readonly number[]>>): void;
  left(): void;
  /** It could not be started, or was given up, for this reason. */
  failed(reason: string): void;
  /** It fetched, or it is at work. */
  recordActivity(): void;
  /** It is being started, or its group has answered it: what it fetches is its own to work. */
  recordHeartbeat(): void;
  /** @param next the offset after the last message that was processed */
  processed(topic: string, partition: number, next: bigint): void;
  /** It was paused or resumed: what it does not fetch, it need not process. */
  paused(isPaused: boolean): void;
  /** The lag of each partition of ours, from the end of each log and what the group has committed. */
  measure(ends: PartitionEnds): Map<TopicPartition, bigint>;
  /** Whether it has processed all before these ends, as far as the partitions are its own. */
  hasReached(ends: PartitionEnds): boolean;
  /** Why it does not work, if so. */
  problem(): string | undefined;
  /** How long ago its last heartbeat was, whatever else it did, in milliseconds. */
  silentForMs(): number;
  isMember(): boolean;
  isAssigned(topic: string, partition: number): boolean;
  /** Counts how often partitions were assigned: what was received before the last time may be somebody else's now. */
  assignments(): number;
}

export const partitionKey = (topic: string, partition: number): TopicPartition => `${topic}/${partition}`;

const keysOf = (assignment: Readonly<Record<string, readonly number[]>>): TopicPartition[] =>
  Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => partitionKey(topic, partition)),
  );

/** Which partitions it has in its group, or why it is in none. */
const createMembership = () => {
  let assigned: readonly TopicPartition[] | undefined;
  let failure: string | undefined;
  let assignments = 0;
  return {
    assigned: () => assigned,
    assignments: () => assignments,
    joined: (keys: readonly TopicPartition[]): void => {
      assigned = keys;
      assignments += 1;
      failure = undefined;
    },
    left: (): void => {
      assigned = undefined;
    },
    failed: (reason: string): void => {
      failure = reason;
    },
    problem: (): string | undefined => {
      if (assigned) return undefined;
      return failure === undefined ? 'is not in its group' : `is not in its group: ${failure}`;
    },
  };
};

/** When a consumer was last seen doing something, and when its last heartbeat was. */
const createSignsOfLife = (runtime: Pick<Runtime, 'monotonic'>) => {
  let seenAt = runtime.monotonic();
  let heardAt = runtime.monotonic();
  const recordActivity = (): void => {
    seenAt = runtime.monotonic();
  };
  return {
    recordActivity,
    recordHeartbeat: (): void => {
      heardAt = runtime.monotonic();
      recordActivity();
    },
    unseenForMs: () => runtime.monotonic() - seenAt,
    silentForMs: () => runtime.monotonic() - heardAt,
  };
};

const lagsOf = (
  assigned: readonly TopicPartition[],
  positions: ReadonlyMap<TopicPartition, bigint>,
  ends: PartitionEnds,
): Map<TopicPartition, bigint> => {
  const lags = new Map<TopicPartition, bigint>();
  for (const key of assigned) {
    const end = ends[key];
    if (!end) continue;
    const position = positions.get(key) ?? end.from;
    lags.set(key, end.high > position ? end.high - position : 0n);
  }
  return lags;
};

export const createConsumerProgress = (runtime: Pick<Runtime, 'monotonic'>): ConsumerProgress => {
  const positions = new Map<TopicPartition, bigint>();
  const membership = createMembership();
  const life = createSignsOfLife(runtime);
  let advancedAt = runtime.monotonic();
  let behind = false;
  let paused = false;

  const advanced = (): void => {
    advancedAt = runtime.monotonic();
    life.recordActivity();
  };
  const lagsBehind = (ends: PartitionEnds) => lagsOf(membership.assigned() ?? [], positions, ends);
  return {
    joined: (assignment) => {
      membership.joined(keysOf(assignment));
      positions.clear();
      advanced();
      life.recordHeartbeat();
    },
    left: () => {
      membership.left();
      positions.clear();
    },
    failed: membership.failed,
    recordActivity: life.recordActivity,
    recordHeartbeat: life.recordHeartbeat,
    processed: (topic, partition, next) => {
      positions.set(partitionKey(topic, partition), next);
      advanced();
    },
    paused: (isPaused) => {
      paused = isPaused;
      advancedAt = runtime.monotonic();
    },
    hasReached: (ends) => [...lagsBehind(ends).values()].every((lag) => lag === 0n),
    measure: (ends) => {
      const lags = lagsBehind(ends);
      const wasBehind = behind;
      behind = [...lags.values()].some((lag) => lag > 0n);
      // Standing still counts from when there was something to do.
      if (!wasBehind) advancedAt = runtime.monotonic();
      return lags;
    },
    problem: () => {
      const outside = membership.problem();
      if (outside !== undefined) return outside;
      if (life.unseenForMs() > STUCK_AFTER_MS) return 'has stopped fetching';
      if (life.silentForMs() > STUCK_AFTER_MS) return 'has no heartbeat in its group';
      if (behind && !paused && runtime.monotonic() - advancedAt > STUCK_AFTER_MS)
        return 'makes no progress although there is lag';
      return undefined;
    },
    silentForMs: life.silentForMs,
    isAssigned: (topic, partition) =>
      membership.assigned()?.includes(partitionKey(topic, partition)) === true,
    isMember: () => membership.assigned() !== undefined,
    assignments: membership.assignments,
  };
};
