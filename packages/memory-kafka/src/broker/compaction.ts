import {
  endOf,
  firstTimestampOf,
  keptIn,
  maxTimestampOf,
  offsetIn,
  type BatchList,
  type StoredBatch,
} from './batch-list.ts';
import type { CompactionPolicy } from './log-policy.ts';
import { createSegment, type ReadRecord, type Segment } from './segment.ts';

export interface CompactionRequest extends CompactionPolicy {
  readonly batches: BatchList;
  /** What lies from here on stays as it is. */
  readonly end: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const recordsOf = ({ segment, firstIndex, ...batch }: StoredBatch): ReadRecord[] =>
  segment.read(firstIndex, firstIndex + keptIn({ segment, firstIndex, ...batch }));

const nameOf = (key: Buffer): string => key.toString('latin1');

/** Markers have no key, and what was aborted does not count. */
const holdsValues = (batch: StoredBatch): boolean => !batch.isControl && !batch.aborted;

/** The offset of the last record of each key. */
const lastOffsets = (batches: readonly StoredBatch[]): Map<string, number> => {
  const last = new Map<string, number>();
  for (const batch of batches.filter(holdsValues)) {
    for (const [index, { key }] of recordsOf(batch).entries()) {
      if (key !== null) last.set(nameOf(key), offsetIn(batch, index));
    }
  }
  return last;
};

/** Copies records into segments of their own, so that the memory of the others is given back. */
const createTarget = () => {
  let segment: Segment | undefined;
  return (records: readonly ReadRecord[]): Pick<StoredBatch, 'segment' | 'firstIndex'> => {
    const bytes = records.reduce((sum, record) => sum + payloadOf(record), 0);
    if (segment?.hasRoomFor(bytes) !== true) segment = createSegment(bytes);
    const firstIndex = segment.count();
    for (const record of records) {
      const payloadBytes = payloadOf(record);
      segment.append({ ...record, headers: pairsOf(record), payloadBytes });
    }
    return { segment, firstIndex };
  };
};

const pairsOf = ({ headers }: ReadRecord): [string, Buffer][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each): [string, Buffer] => [name, each]),
  );

const payloadOf = (record: ReadRecord): number =>
  (record.key?.length ?? 0) +
  (record.value?.length ?? 0) +
  pairsOf(record).reduce((sum, [, value]) => sum + value.length, 0);

type Rewrite = (batch: StoredBatch) => StoredBatch | undefined;

/** A marker, and a tombstone, stay for a while after they were first met, so that who reads slowly sees them, too. */
const deadlineOf = (batch: StoredBatch, { now, deleteRetentionMs }: CompactionRequest): number =>
  batch.deleteAt ?? now + deleteRetentionMs;

const createRewrite = (request: CompactionRequest, last: ReadonlyMap<string, number>): Rewrite => {
  const put = createTarget();
  return (batch) => {
    const deleteAt = deadlineOf(batch, request);
    const isOver = deleteAt <= request.now;
    if (batch.isControl) return isOver ? undefined : { ...batch, deleteAt };
    if (batch.aborted) return undefined;
    const kept = recordsOf(batch).flatMap((record, index) => {
      const offset = offsetIn(batch, index);
      const isLast = record.key !== null && last.get(nameOf(record.key)) === offset;
      return isLast && (record.value !== null || !isOver) ? [{ record, offset }] : [];
    });
    if (kept.length === 0) return undefined;
    const records = kept.map(({ record }) => record);
    const wireBytes = Math.ceil((batch.wireBytes * kept.length) / keptIn(batch));
    const deltas = kept.map(({ offset }) => offset - batch.firstOffset);
    const hasTombstone = records.some(({ value }) => value === null);
    return {
      ...batch,
      ...put(records),
      wireBytes,
      kept: deltas,
      ...(hasTombstone ? { deleteAt } : {}),
    };
  };
};

/** Until where may be compacted: before what is too young for it. */
const cleanable = ({ batches, end, now, minLagMs }: CompactionRequest): StoredBatch[] => {
  const found: StoredBatch[] = [];
  for (const batch of batches.from(0)) {
    if (endOf(batch) > end || (minLagMs > 0 && maxTimestampOf(batch) > now - minLagMs)) break;
    found.push(batch);
  }
  return found;
};

/**
 * Leaves the last record of each key, as Kafka does; offsets stay what they were. Answers the offset before which all was
 * looked at.
 */
export const compact = (request: CompactionRequest): number => {
  const old = cleanable(request);
  const rewrite = createRewrite(request, lastOffsets(old));
  const lastOld = old.at(-1);
  request.batches.replaceFirst(
    old.length,
    old.flatMap((batch) => rewrite(batch) ?? []),
  );
  return lastOld === undefined ? 0 : endOf(lastOld);
};

/**
 * Whether enough of what may be compacted was written since the last compaction, which looked at all before `cleanedTo`, or
 * something of that is too old to wait for more.
 */
export const hasWork = (request: CompactionRequest, cleanedTo: number): boolean => {
  const { now, maxLagMs, minDirtyRatio } = request;
  let dirty = 0;
  let all = 0;
  for (const batch of cleanable(request)) {
    all += batch.wireBytes;
    if (batch.firstOffset < cleanedTo) continue;
    if (firstTimestampOf(batch) < now - maxLagMs) return true;
    dirty += batch.wireBytes;
  }
  return dirty > minDirtyRatio * all;
};
