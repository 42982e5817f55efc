import { protocolError } from '../errors.ts';
import type { LogPolicy } from './log-policy.ts';
import type { Placement } from './placement.ts';
import type { RecordToWrite } from './records.ts';

/** Where a log finds the configuration of its topic, and the time. */
export interface LogSurroundings {
  policy(): LogPolicy;
  now(): number;
  readonly placement: Placement;
}

/** Throws NOT_ENOUGH_REPLICAS. More replicas in sync than there are replicas cannot be asked for. */
export const checkInSync = ({ policy, placement }: LogSurroundings): void => {
  const { minInSync } = policy();
  if (minInSync === 1 || placement.isr.length >= Math.min(minInSync, placement.replicas.length)) return;
  throw protocolError('NOT_ENOUGH_REPLICAS');
};

/** Throws MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_RECORD, INVALID_TIMESTAMP. */
export const checkRecords = (
  log: LogSurroundings,
  records: readonly RecordToWrite[],
  wireBytes: number,
): void => {
  const policy = log.policy();
  if (wireBytes > policy.maxBatchBytes) throw protocolError('MESSAGE_TOO_LARGE');
  if (wireBytes > policy.segmentBytes) throw protocolError('RECORD_LIST_TOO_LARGE');
  const needsKeys = policy.compaction !== undefined;
  for (const { isReadable, key } of records) {
    if (!isReadable || (needsKeys && key === null)) throw protocolError('INVALID_RECORD');
  }
  if (policy.usesAppendTime) return;
  const now = log.now();
  const from = now - policy.timestampMaxBeforeMs;
  const to = now + policy.timestampMaxAfterMs;
  for (const { timestamp } of records) {
    if (timestamp < from || timestamp > to) throw protocolError('INVALID_TIMESTAMP');
  }
};
