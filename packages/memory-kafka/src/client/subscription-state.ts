import type { TopicPartitions } from 'kafkajs';

/** A topic, and some of its partitions or all of them. */
export interface PauseTarget {
  readonly topic: string;
  readonly partitions?: readonly number[];
}

/** What a member may read: its assignment, less what is paused. Pauses outlive a new assignment. */
export interface SubscriptionState {
  assign(assignment: readonly TopicPartitions[]): void;
  /** The assigned partitions, one by one. */
  assigned(): readonly AssignedPartition[];
  pause(targets: readonly PauseTarget[]): void;
  resume(targets: readonly PauseTarget[]): void;
  isPaused(topic: string, partition: number): boolean;
  /** The assigned partitions that are paused. */
  paused(): TopicPartitions[];
}

export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
}

interface TopicPauses {
  /** The whole topic, with partitions that come later. */
  all: boolean;
  readonly paused: Set<number>;
  /** Partitions resumed one by one while the whole topic is paused. */
  readonly resumed: Set<number>;
}

const pauseIn = (state: TopicPauses, partitions: readonly number[] | undefined): void => {
  if (partitions === undefined) {
    state.paused.clear();
    state.resumed.clear();
    state.all = true;
    return;
  }
  for (const partition of partitions) {
    state.paused.add(partition);
    state.resumed.delete(partition);
  }
  state.all = false;
};

const resumeIn = (state: TopicPauses, partitions: readonly number[] | undefined): void => {
  if (partitions === undefined) {
    state.paused.clear();
    state.resumed.clear();
    state.all = false;
    return;
  }
  for (const partition of partitions) {
    state.paused.delete(partition);
    if (state.all) state.resumed.add(partition);
  }
};

/** Nothing assigned, nothing paused. */
export const createSubscriptionState = (): SubscriptionState => {
  let assigned: readonly TopicPartitions[] = [];
  // Every fetch asks for them.
  let oneByOne: readonly AssignedPartition[] = [];
  const pauses = new Map<string, TopicPauses>();

  const pausesOf = (topic: string): TopicPauses => {
    const state = pauses.get(topic) ?? { all: false, paused: new Set(), resumed: new Set() };
    pauses.set(topic, state);
    return state;
  };

  const isPaused = (topic: string, partition: number): boolean => {
    const state = pauses.get(topic);
    if (state === undefined) return false;
    return (state.all && !state.resumed.has(partition)) || state.paused.has(partition);
  };

  return {
    assign: (assignment) => {
      assigned = assignment;
      oneByOne = assignment.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      );
    },
    assigned: () => oneByOne,
    pause: (targets) => {
      for (const { topic, partitions } of targets) pauseIn(pausesOf(topic), partitions);
    },
    resume: (targets) => {
      for (const { topic, partitions } of targets) resumeIn(pausesOf(topic), partitions);
    },
    isPaused,
    paused: () =>
      assigned
        .map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.filter((partition) => isPaused(topic, partition)),
        }))
        .filter(({ partitions }) => partitions.length > 0),
  };
};
