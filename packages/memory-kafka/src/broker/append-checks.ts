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

/** Throws MESSAGE_TOO_LARGE, INVALID_RECORD, INVALID_TIMESTAMP. */
export const checkRecords = (
  log: LogSurroundings,
  records: readonly RecordToWrite[],
  wireBytes: number,
): void => {
  const policy = log.policy();
  if (wireBytes > policy.maxBatchBytes) throw protocolError('MESSAGE_TOO_LARGE');
  if (records.some(({ isReadable }) => !isReadable)) throw protocolError('INVALID_RECORD');
  if (policy.compaction !== undefined && records.some(({ key }) => key === null))
    throw protocolError('INVALID_RECORD');
  if (policy.usesAppendTime) return;
  const from = log.now() - policy.timestampMaxBeforeMs;
  const to = log.now() + policy.timestampMaxAfterMs;
  if (records.some(({ timestamp }) => timestamp < from || timestamp > to)) {
    throw protocolError('INVALID_TIMESTAMP');
  }
};
