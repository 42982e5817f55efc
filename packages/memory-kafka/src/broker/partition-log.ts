import { protocolError } from '../errors.ts';
import {
  CONTROL_BATCH_BYTES,
  createBatchList,
  endOf,
  indexFrom,
  keptIn,
  maxTimestampOf,
  measure,
  offsetIn,
  type StoredBatch,
  type Writer,
} from './batch-list.ts';
import { checkInSync, checkRecords, type LogSurroundings } from './append-checks.ts';
import type { Placement } from './placement.ts';
import { createProducerState, type ProducerState } from './producer-state.ts';
import type { RecordToWrite } from './records.ts';
import { compactNow, roll, type Compacted } from './log-compaction.ts';
import { createSegment, type ReadRecord, type Segment } from './segment.ts';

export type { StoredBatch, Writer } from './batch-list.ts';

export interface ReadLimits {
  /** The broker hands out whole batches up to this many bytes, but never less than one. */
  readonly maxBytes: number;
  /** Leave out what belongs to open or aborted transactions. */
  readonly committedOnly: boolean;
  /** But not what belongs to aborted ones. */
  readonly withAborted?: boolean;
}

export interface BatchSlice {
  readonly batch: StoredBatch;
  /** How many of the batch's records lie before these. */
  readonly skipped: number;
  /** Empty for markers and for what an aborted transaction wrote. */
  readonly records: readonly ReadRecord[];
}

/** What a fetch found from an offset on. */
export interface ReadResult {
  readonly slices: readonly BatchSlice[];
  readonly wireBytes: number;
  readonly high: number;
}

export interface Appended {
  /** The offset of the first record. */
  readonly firstOffset: number;
  /** The time that all records got, in milliseconds since the epoch; undefined if they keep their own. */
  readonly appendTime: number | undefined;
}

/** The log of one partition. */
export interface PartitionLog {
  readonly placement: Placement;
  /** Throws NOT_ENOUGH_REPLICAS, for who wants all replicas in sync to have a message. */
  checkInSync(): void;
  low(): number;
  /** The offset that the next record gets. */
  high(): number;
  /** The first offset of the oldest open transaction, else `high`. */
  lastStable(): number;
  /** Bytes reserved for keys, values and headers. */
  bytes(): number;
  /**
   * Appends records. A repeated sequence of an idempotent writer is not written again. Throws MESSAGE_TOO_LARGE,
   * RECORD_LIST_TOO_LARGE, INVALID_RECORD, INVALID_TIMESTAMP, INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER.
   */
  append(records: readonly RecordToWrite[], writer: Writer, isCompressed: boolean): Appended;
  /** Ends the writer's transaction with a marker, if it wrote here. */
  endTransaction(writer: Writer, committed: boolean, timestamp: number): void;
  /** Throws OFFSET_OUT_OF_RANGE. */
  read(offset: number, limits: ReadLimits): ReadResult;
  /** The first offset with a timestamp of at least `timestamp`; undefined if there is none. */
  offsetAt(timestamp: number): number | undefined;
  /** Forgets everything before `offset`. */
  deleteBefore(offset: number): void;
  /** Forgets the last `count` records, as if they had never come; what was appended together goes together. */
  dropLast(count: number): void;
  /**
   * Leaves the last message of each key, if the topic is to be compacted, of all that lies before the last batch and before open
   * transactions.
   */
  compact(): void;
  /** Calls `fn` at every change that a reader may want to see, until it is removed. */
  watch(fn: () => void): () => void;
}

interface LogState extends LogSurroundings, Compacted {
  low: number;
  high: number;
  readonly producers: ProducerState;
  tail: Segment | undefined;
  readonly watchers: Set<() => void>;
}

const sliceOf = (batch: StoredBatch, from: number, committedOnly: boolean): BatchSlice => {
  const hidden = batch.isControl || (committedOnly && batch.aborted);
  const skipped = indexFrom(batch, from);
  const { firstIndex } = batch;
  const records = hidden ? [] : batch.segment.read(firstIndex + skipped, firstIndex + keptIn(batch));
  return { batch, skipped, records };
};

const segmentFor = (log: LogState, bytes: number): Segment => {
  if (log.tail === undefined || !log.tail.hasRoomFor(bytes)) log.tail = createSegment(bytes);
  return log.tail;
};

/** Adds what was put into the segment from `firstIndex` on. */
const store = (
  log: LogState,
  segment: Segment,
  firstIndex: number,
  about: Pick<StoredBatch, 'writer' | 'wireBytes' | 'isControl' | 'baseTimestamp'>,
): StoredBatch => {
  const firstOffset = log.high;
  const count = segment.count() - firstIndex;
  const { writer, wireBytes, isControl, baseTimestamp } = about;
  const batch: StoredBatch = {
    firstOffset,
    count,
    wireBytes,
    writer,
    isControl,
    segment,
    firstIndex,
    baseTimestamp,
    aborted: false,
    kept: undefined,
  };
  log.batches.append(batch);
  log.activeBytes += wireBytes;
  log.high += count;
  return batch;
};

const notify = (log: LogState): void => {
  for (const watcher of log.watchers) watcher();
};

const deleteBefore = (log: LogState, offset: number): void => {
  log.low = Math.min(Math.max(log.low, offset), log.high);
  for (let first = log.batches.first(); first && endOf(first) <= log.low; first = log.batches.first()) {
    log.batches.removeFirst();
  }
};

/** Drops what the topic's retention no longer covers. There is no timer: everyone who looks at the log calls this first. */
const expire = (log: LogState): void => {
  const { retention } = log.policy();
  if (retention === undefined) return;
  const { messages = Infinity, bytes = Infinity, ms = Infinity } = retention;
  deleteBefore(log, log.high - messages);
  const oldest = log.now() - ms;
  const isOver = (batch: StoredBatch): boolean =>
    maxTimestampOf(batch) < oldest || log.batches.wireBytes() - batch.wireBytes >= bytes;
  for (let first = log.batches.first(); first && isOver(first); first = log.batches.first()) {
    deleteBefore(log, endOf(first));
  }
};

const lastStable = (log: LogState): number => Math.max(log.low, log.producers.firstOpen() ?? log.high);

const append = (
  log: LogState,
  given: readonly RecordToWrite[],
  writer: Writer,
  isCompressed: boolean,
): Appended => {
  const { usesAppendTime, compaction } = log.policy();
  const appendTime = usesAppendTime ? log.now() : undefined;
  const records =
    appendTime === undefined ? given : given.map((record) => ({ ...record, timestamp: appendTime }));
  const { payloadBytes, ...measured } = measure(records);
  // How small a codec would have made them is not known.
  checkRecords(log, records, isCompressed ? 0 : measured.wireBytes);
  const earlier = writer.producerId < 0 ? undefined : log.producers.repeated(writer, records.length);
  if (earlier !== undefined) return { firstOffset: earlier.firstOffset, appendTime };
  if (compaction !== undefined) roll(log, { records, wireBytes: measured.wireBytes }, lastStable(log));
  const segment = segmentFor(log, payloadBytes);
  const firstIndex = segment.count();
  for (const record of records) segment.append(record);
  const batch = store(log, segment, firstIndex, { ...measured, writer, isControl: false });
  if (writer.producerId >= 0) log.producers.remember(batch);
  expire(log);
  notify(log);
  return { firstOffset: batch.firstOffset, appendTime };
};

const endTransaction = (log: LogState, writer: Writer, committed: boolean, timestamp: number): void => {
  const written = log.producers.close(writer.producerId);
  if (written === undefined) return;
  for (const batch of written) batch.aborted = !committed;
  const segment = segmentFor(log, 0);
  const firstIndex = segment.count();
  segment.mark(timestamp);
  const wireBytes = CONTROL_BATCH_BYTES;
  const about = { wireBytes, baseTimestamp: undefined, writer, isControl: true };
  store(log, segment, firstIndex, about).aborted = !committed;
  expire(log);
  notify(log);
};

const read = (log: LogState, offset: number, limits: ReadLimits): ReadResult => {
  const { maxBytes, committedOnly, withAborted = false } = limits;
  expire(log);
  if (offset < log.low || offset > log.high) throw protocolError('OFFSET_OUT_OF_RANGE');
  const end = committedOnly ? lastStable(log) : log.high;
  const slices: BatchSlice[] = [];
  let wireBytes = 0;
  for (const batch of log.batches.from(offset)) {
    if (batch.firstOffset >= end) break;
    if (slices.length > 0 && wireBytes + batch.wireBytes > maxBytes) break;
    slices.push(sliceOf(batch, offset, committedOnly && !withAborted));
    wireBytes += batch.wireBytes;
  }
  return { slices, wireBytes, high: log.high };
};

const offsetAt = (log: LogState, timestamp: number): number | undefined => {
  expire(log);
  for (const batch of log.batches.from(log.low)) {
    if (batch.isControl) continue;
    for (let index = 0; index < keptIn(batch); index += 1) {
      const offset = offsetIn(batch, index);
      const isLater = batch.segment.timestampAt(batch.firstIndex + index) >= timestamp;
      if (offset >= log.low && isLater) return offset;
    }
  }
  return undefined;
};

const dropLast = (log: LogState, count: number): void => {
  const firstDropped = log.high - count;
  for (let last = log.batches.last(); last && endOf(last) > firstDropped; last = log.batches.last()) {
    log.batches.removeLast();
    log.activeBytes = Math.max(0, log.activeBytes - last.wireBytes);
  }
  const last = log.batches.last();
  log.high = last === undefined ? log.low : endOf(last);
  log.producers.forgetFrom(log.high);
  notify(log);
};

const bytesOf = (log: LogState): number => {
  const segments = new Set<Segment>();
  for (const batch of log.batches.from(log.low)) segments.add(batch.segment);
  return [...segments].reduce((sum, segment) => sum + segment.capacity(), 0);
};

/** An empty log. */
export const createPartitionLog = (surroundings: LogSurroundings): PartitionLog => {
  const log: LogState = {
    ...surroundings,
    low: 0,
    high: 0,
    batches: createBatchList(),
    producers: createProducerState(),
    tail: undefined,
    activeFrom: 0,
    activeBytes: 0,
    cleanedTo: 0,
    watchers: new Set(),
  };
  return {
    placement: log.placement,
    checkInSync: () => checkInSync(log),
    low: () => {
      expire(log);
      return log.low;
    },
    high: () => log.high,
    lastStable: () => {
      expire(log);
      return lastStable(log);
    },
    bytes: () => bytesOf(log),
    append: (records, writer, isCompressed) => append(log, records, writer, isCompressed),
    endTransaction: (writer, committed, timestamp) => endTransaction(log, writer, committed, timestamp),
    read: (offset, limits) => read(log, offset, limits),
    offsetAt: (timestamp) => offsetAt(log, timestamp),
    deleteBefore: (offset) => {
      deleteBefore(log, offset);
      notify(log);
    },
    compact: () => compactNow(log, lastStable(log)),
    dropLast: (count) => {
      if (count > 0) dropLast(log, count);
    },
    watch: (fn) => {
      log.watchers.add(fn);
      return () => void log.watchers.delete(fn);
    },
  };
};
