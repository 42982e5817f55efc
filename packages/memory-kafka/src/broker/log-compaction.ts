import { firstTimestampOf, type BatchList, type StoredBatch } from './batch-list.ts';
import type { LogSurroundings } from './append-checks.ts';
import { compact, hasWork, type CompactionRequest } from './compaction.ts';
import type { CompactionPolicy } from './log-policy.ts';
import type { RecordToWrite } from './records.ts';

/** What a log has to know in order to be compacted. */
export interface Compacted extends LogSurroundings {
  readonly batches: BatchList;
  high: number;
  /** Where the segment begins that is still written to. */
  activeFrom: number;
  /** What was written to it, in Kafka's format. */
  activeBytes: number;
  /** All before it was looked at by a compaction. */
  cleanedTo: number;
}

/** Of what lies before the segment that is written to, and before the end that is stable; undefined where nothing is compacted. */
const requestFor = (log: Compacted, lastStable: number): CompactionRequest | undefined => {
  const { compaction } = log.policy();
  if (compaction === undefined) return undefined;
  const end = Math.min(log.activeFrom, lastStable);
  return { ...compaction, batches: log.batches, end, now: log.now() };
};

const isFull = (
  log: Compacted,
  { segmentMs }: CompactionPolicy,
  first: StoredBatch,
  next: NextBatch,
): boolean => {
  if (log.activeBytes > log.policy().segmentBytes - next.wireBytes) return true;
  const latest = next.records.reduce((max, { timestamp }) => Math.max(max, timestamp), -Infinity);
  return latest - firstTimestampOf(first) > segmentMs;
};

/** What is about to be written, with its bytes in Kafka's format. */
interface NextBatch {
  readonly records: readonly RecordToWrite[];
  readonly wireBytes: number;
}

/**
 * Closes the segment that is written to, if it is too old or too full for what comes next: what is in it, before the end that is
 * stable, may be compacted now, and is if enough of it is new or something is too old.
 */
export const roll = (log: Compacted, next: NextBatch, lastStable: number): void => {
  const { compaction } = log.policy();
  const [first] = log.batches.from(log.activeFrom);
  if (compaction === undefined || first === undefined || !isFull(log, compaction, first, next)) return;
  log.activeFrom = log.high;
  log.activeBytes = 0;
  const request = requestFor(log, lastStable);
  if (request !== undefined && hasWork(request, log.cleanedTo)) log.cleanedTo = compact(request);
};

/** Compacts all but the last batch, however little of it is new. */
export const compactNow = (log: Compacted, lastStable: number): void => {
  const last = log.batches.last();
  if (last !== undefined && last.firstOffset > log.activeFrom) {
    log.activeFrom = last.firstOffset;
    log.activeBytes = last.wireBytes;
  }
  const request = requestFor(log, lastStable);
  if (request !== undefined) log.cleanedTo = compact(request);
};
