import type { Assignment, OffsetsByTopicPartition } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { asTypedOffsets, type OffsetsAtRunTime } from './typing-gaps.ts';

/** How far a member has come in the partitions of its present assignment. */
export interface OffsetTracker {
  /** Where to read on. */
  next(topic: string, partition: number): number;
  /** The message at `offset` is done with. */
  resolve(topic: string, partition: number, offset: number): void;
  /** Where the group stands, as far as this member knows; undefined before it has asked. */
  committed(topic: string, partition: number): number | undefined;
  setCommitted(topic: string, partition: number, offset: number): void;
  /** What was committed by hand continues to count as uncommitted, as in kafkajs: the next commit takes it along. */
  setCommittedByHand(topic: string, partition: number, offset: number): void;
  /** Forgets both, so that the group is asked again. */
  clear(topic: string, partition: number): void;
  isAssigned(topic: string, partition: number): boolean;
  /** Partitions for which it is not known where the group stands. */
  unknown(): { topic: string; partition: number }[];
  /** Resolved but not committed; partitions are strings at run time, as in kafkajs. */
  uncommitted(): OffsetsByTopicPartition;
  /** How many messages are resolved beyond the commits. */
  resolvedCount(): number;
  /** When the last commit was, in milliseconds since the epoch. */
  lastCommit(): number;
  touchCommit(): void;
}

interface Position {
  readonly topic: string;
  readonly partition: number;
  committed: number | undefined;
  resolved: number | undefined;
  isByHand: boolean;
}

const isKnown = (offset: number | undefined): offset is number => offset !== undefined && offset >= 0;

const hasProgress = ({ resolved, committed, isByHand }: Position): boolean =>
  isKnown(resolved) && (isByHand || resolved !== committed);

const uncommittedOf = (topic: string, positions: readonly Position[]) => ({
  topic,
  partitions: positions
    .filter(hasProgress)
    .map(({ partition, resolved }) => ({ partition: String(partition), offset: String(resolved) })),
});

const unknownPositions = (topic: string, partitions: readonly number[]): Map<number, Position> =>
  new Map(
    partitions
      .toSorted((a, b) => a - b)
      .map((partition) => [
        partition,
        { topic, partition, committed: undefined, resolved: undefined, isByHand: false },
      ]),
  );

/** Nothing is known yet about the assigned partitions. */
export const createOffsetTracker = (assignment: Assignment, clock: Clock): OffsetTracker => {
  const byTopic = new Map(
    Object.entries(assignment).map(([topic, partitions]) => [topic, unknownPositions(topic, partitions)]),
  );
  let lastCommit = clock.monotonic();

  const unknown = new Set([...byTopic.values()].flatMap((positions) => [...positions.values()]));

  const find = (topic: string, partition: number): Position | undefined => byTopic.get(topic)?.get(partition);
  const all = (): Position[] => [...byTopic.values()].flatMap((positions) => [...positions.values()]);

  const setCommitted = (topic: string, partition: number, offset: number, isByHand: boolean): void => {
    const position = find(topic, partition);
    if (position === undefined) return;
    position.committed = offset;
    position.isByHand = isByHand;
    if (isKnown(offset)) unknown.delete(position);
    else unknown.add(position);
  };

  const uncommitted = (): OffsetsAtRunTime => ({
    topics: [...byTopic]
      .map(([topic, positions]) => uncommittedOf(topic, [...positions.values()]))
      .filter(({ partitions }) => partitions.length > 0),
  });

  return {
    next: (topic, partition) => {
      const position = find(topic, partition);
      if (position === undefined) return 0;
      position.resolved ??= position.committed;
      return isKnown(position.resolved) ? position.resolved : 0;
    },
    resolve: (topic, partition, offset) => {
      const position = find(topic, partition);
      if (position !== undefined) position.resolved = offset + 1;
    },
    committed: (topic, partition) => find(topic, partition)?.committed,
    setCommitted: (topic, partition, offset) => setCommitted(topic, partition, offset, false),
    setCommittedByHand: (topic, partition, offset) => setCommitted(topic, partition, offset, true),
    clear: (topic, partition) => {
      const position = find(topic, partition);
      if (position === undefined) return;
      unknown.add(position);
      position.committed = undefined;
      position.resolved = undefined;
      position.isByHand = false;
    },
    isAssigned: (topic, partition) => find(topic, partition) !== undefined,
    unknown: () => (unknown.size === 0 ? [] : [...unknown]),
    uncommitted: () => asTypedOffsets(uncommitted()),
    resolvedCount: () =>
      all().reduce(
        (sum, { resolved, committed }) =>
          sum + ((resolved ?? committed ?? 0) - (isKnown(committed) ? committed : 0)),
        0,
      ),
    lastCommit: () => lastCommit,
    touchCommit: () => {
      lastCommit = clock.monotonic();
    },
  };
};
