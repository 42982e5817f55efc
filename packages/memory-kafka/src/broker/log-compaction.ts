import { firstTimestampOf, type BatchList } from './batch-list.ts';
import type { LogSurroundings } from './append-checks.ts';
import { compact, dirtyRatio } from './compaction.ts';
import type { RecordToWrite } from './records.ts';

/** What a log has to know in order to be compacted. */
export interface Compacted extends LogSurroundings {
  readonly batches: BatchList;
  high: number;
  /** Where the segment begins that is still written to. */
  activeFrom: number;
  /** All before it was looked at by a compaction. */
  cleanedTo: number;
}

const compactTo = (log: Compacted, end: number, minDirtyRatio: number): void => {
  const { compaction } = log.policy();
  if (compaction === undefined) return;
  const request = { ...compaction, batches: log.batches, end, now: log.now() };
  if (dirtyRatio(request, log.cleanedTo) >= minDirtyRatio) log.cleanedTo = compact(request);
};

/**
 * Closes the segment that is written to, if it is old enough for these records: what is in it, before the end that is stable, may
 * be compacted now, and is if enough of it is new.
 */
export const roll = (log: Compacted, records: readonly RecordToWrite[], lastStable: number): void => {
  const { segmentMs = Infinity, minDirtyRatio = 0 } = log.policy().compaction ?? {};
  const [first] = log.batches.from(log.activeFrom);
  const latest = records.reduce((max, { timestamp }) => Math.max(max, timestamp), -Infinity);
  if (first === undefined || latest - firstTimestampOf(first) <= segmentMs) return;
  log.activeFrom = log.high;
  compactTo(log, Math.min(log.activeFrom, lastStable), minDirtyRatio);
};

/** Compacts all but the last batch, however little of it is new. */
export const compactNow = (log: Compacted, lastStable: number): void => {
  log.activeFrom = Math.max(log.activeFrom, log.batches.last()?.firstOffset ?? 0);
  compactTo(log, Math.min(log.activeFrom, lastStable), 0);
};
