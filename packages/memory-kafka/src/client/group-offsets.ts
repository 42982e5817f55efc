import type { Assignment, OffsetsByTopicPartition } from 'kafkajs';
import Long from 'kafkajs/src/utils/long.js';
import type { Emitter } from '../emitter.ts';
import type { Membership, OffsetToCommit } from '../broker/group-types.ts';
import { throwRefusal } from '../broker/refusals.ts';
import { EARLIEST_OFFSET, LATEST_OFFSET, type Core } from '../broker/core.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';
import { NOTHING_TO_DO } from '../deferred.ts';
import type { ClusterView } from './metadata.ts';
import type { OffsetsBoard } from './offsets-board.ts';
import { toPartition } from './typing-gaps.ts';
import { createOffsetTracker, type OffsetTracker } from './offset-tracker.ts';

export interface GroupOffsetsOptions {
  readonly view: ClusterView;
  readonly core: Core;
  readonly board: OffsetsBoard;
  readonly emitter: Emitter;
  readonly membership: Membership;
  readonly assignment: Assignment;
  readonly fromBeginning: (topic: string) => boolean;
  readonly committedOnly: boolean;
  readonly autoCommit: boolean;
  readonly autoCommitInterval: number | null;
  readonly autoCommitThreshold: number | null;
}

/** Offsets with metadata, as `consumer.commitOffsets` hands them over. */
export interface OffsetsToCommit {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly offset: string;
      readonly metadata?: string | null;
    }[];
  }[];
}

/** A member's offsets for one generation of its group. */
export interface GroupOffsets {
  readonly tracker: OffsetTracker;
  /** Commits these, or what is resolved and uncommitted. Rejects as the coordinator refuses. */
  commit(offsets?: OffsetsToCommit): Promise<void>;
  /** Commits what `consumer.commitOffsets()` was given. */
  commitByHand(offsets: OffsetsToCommit): Promise<void>;
  /** Commits if the threshold or the interval has been reached. */
  commitIfNecessary(): Promise<void>;
  uncommitted(): OffsetsByTopicPartition;
  /** Reads on from `offset`; with autoCommit that becomes the group's position. */
  seek(topic: string, partition: number, offset: number): Promise<void>;
  /** Asks the group where it stands, and the log where it begins or ends for partitions without a commit. */
  resolveStart(): Promise<void>;
  /** The position is not in the log: start where the subscription says. */
  reset(topic: string, partition: number): Promise<void>;
  close(): void;
}

const toCommits = ({ topics }: OffsetsToCommit): OffsetToCommit[] =>
  topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset, metadata = null }) => ({
      topic,
      partition: toPartition(partition),
      offset: Number(BigInt(offset)),
      metadata,
    })),
  );

/** With the objects that kafkajs makes of the offsets that `consumer.commitOffsets()` is given, for its event. */
const withLongs = ({ topics }: OffsetsToCommit) =>
  topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((each) => ({ ...each, offset: Long.fromValue(each.offset) })),
  }));

/** Where a member begins to read: at the group's commit, else where its subscription says. */
const startOf = (
  { core, membership, fromBeginning, committedOnly }: GroupOffsetsOptions,
  topic: string,
  partition: number,
) => {
  const committed = core.coordinator.committed(membership.groupId, topic, partition)?.offset ?? LATEST_OFFSET;
  if (committed >= 0) return committed;
  const log = core.topics.partition(topic, partition);
  if (fromBeginning(topic)) return log.low();
  return committedOnly ? log.lastStable() : log.high();
};

const isCommitDue = (options: GroupOffsetsOptions, tracker: OffsetTracker): boolean => {
  const { core, autoCommitInterval, autoCommitThreshold } = options;
  const isOver =
    autoCommitInterval !== null && core.clock.monotonic() >= tracker.lastCommit() + autoCommitInterval;
  return isOver || (autoCommitThreshold !== null && tracker.resolvedCount() >= autoCommitThreshold);
};

/** The offsets of a member that has just got its assignment. */
export const createGroupOffsets = (options: GroupOffsetsOptions): GroupOffsets => {
  const { view, core, emitter, membership, autoCommit } = options;
  const { groupId, memberId, generationId } = membership;
  const tracker = createOffsetTracker(options.assignment, core.clock);
  const close = options.board.listen(groupId, ({ topic, partition, offset }) =>
    tracker.setCommitted(topic, partition, offset),
  );

  const send = (commits: readonly OffsetToCommit[]): Promise<void> =>
    view.request({ name: 'OffsetCommit', groupId, places: () => commits }, (_core, refused) =>
      core.coordinator.commit(membership, commits, refused.topic),
    );

  const commit = async (offsets: OffsetsToCommit, isByHand = false): Promise<void> => {
    if (offsets.topics.length === 0) return tracker.touchCommit();
    const commits = toCommits(offsets);
    await send(commits);
    const topics = isByHand ? withLongs(offsets) : offsets.topics;
    const payload = { groupId, memberId, groupGenerationId: generationId, topics };
    emitter.emit(CONSUMER_EVENTS.COMMIT_OFFSETS, payload);
    const mark = isByHand ? tracker.setCommittedByHand : tracker.setCommitted;
    for (const { topic, partition, offset } of commits) mark(topic, partition, offset);
    tracker.touchCommit();
  };

  const moveGroup = async (topic: string, partition: number, offset: number): Promise<void> => {
    await send([{ topic, partition, offset, metadata: null }]);
    tracker.clear(topic, partition);
  };

  const resolveStart = (): Promise<void> => {
    const unknown = tracker.unknown();
    if (unknown.length === 0) return NOTHING_TO_DO;
    return view.request({ name: 'OffsetFetch', groupId, places: () => unknown }, (_core, refused) => {
      throwRefusal(refused.group(groupId));
      for (const { topic, partition } of unknown) {
        throwRefusal(refused.topic(topic));
        tracker.setCommitted(topic, partition, startOf(options, topic, partition));
      }
    });
  };

  return {
    tracker,
    commit: (given) => commit(given ?? tracker.uncommitted()),
    commitByHand: (given) => commit(given, true),
    commitIfNecessary: () => (isCommitDue(options, tracker) ? commit(tracker.uncommitted()) : NOTHING_TO_DO),
    uncommitted: tracker.uncommitted,
    seek: async (topic, partition, offset) => {
      if (!tracker.isAssigned(topic, partition)) return;
      if (autoCommit) await moveGroup(topic, partition, offset);
      else tracker.resolve(topic, partition, offset - 1);
    },
    resolveStart,
    reset: (topic, partition) =>
      moveGroup(topic, partition, options.fromBeginning(topic) ? EARLIEST_OFFSET : LATEST_OFFSET),
    close,
  };
};
