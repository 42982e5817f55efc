import { protocolError } from '../errors.ts';
import type { RecordToWrite } from './records.ts';
import { createSegment, type ReadRecord, type Segment } from './segment.ts';

/** Who wrote a batch; -1 for a producer that is neither idempotent nor transactional. */
export interface Writer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly transactional: boolean;
}

/** One append: the records that were sent together, or the marker that ends a transaction. */
export interface StoredBatch {
  readonly firstOffset: number;
  readonly count: number;
  readonly wireBytes: number;
  readonly writer: Writer;
  readonly isControl: boolean;
  readonly segment: Segment;
  readonly firstIndex: number;
  readonly maxTimestamp: number;
  /** Set when its transaction was aborted. */
  aborted: boolean;
}

export interface ReadLimits {
  /** The broker hands out whole batches up to this many bytes, but never less than one. */
  readonly maxBytes: number;
  /** Leave out what belongs to open or aborted transactions. */
  readonly committedOnly: boolean;
}

export interface BatchSlice {
  readonly batch: StoredBatch;
  readonly firstOffset: number;
  /** Empty for markers and for what an aborted transaction wrote. */
  readonly records: readonly ReadRecord[];
  readonly lastOffset: number;
}

/** What a fetch found from an offset on. */
export interface ReadResult {
  readonly slices: readonly BatchSlice[];
  readonly wireBytes: number;
  readonly high: number;
}

/** The log of one partition. */
export interface PartitionLog {
  low(): number;
  /** The offset that the next record gets. */
  high(): number;
  /** The first offset of the oldest open transaction, else `high`. */
  lastStable(): number;
  /** Bytes reserved for keys, values and headers. */
  bytes(): number;
  /** Appends records and returns the offset of the first. A repeated sequence of an idempotent writer is not written again. */
  append(records: readonly RecordToWrite[], writer: Writer): number;
  /** Ends the writer's transaction with a marker, if it wrote here. */
  endTransaction(writer: Writer, committed: boolean, timestamp: number): void;
  /** Throws OFFSET_OUT_OF_RANGE. */
  read(offset: number, limits: ReadLimits): ReadResult;
  /** The first offset with a timestamp of at least `timestamp`; undefined if there is none. */
  offsetAt(timestamp: number): number | undefined;
  /** Forgets everything before `offset`. */
  deleteBefore(offset: number): void;
  /** Calls `fn` at every change that a reader may want to see, until it is removed. */
  watch(fn: () => void): () => void;
}

const BATCH_OVERHEAD_BYTES = 61;
const MARKER_BYTES = 17;
const REMEMBERED_SEQUENCES = 5;

/** Index of the last batch that begins at or before `offset`; -1 if there is none. */
const indexOfBatch = (batches: readonly StoredBatch[], offset: number): number => {
  let from = 0;
  let to = batches.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((batches[middle]?.firstOffset ?? Infinity) <= offset) from = middle + 1;
    else to = middle;
  }
  return from - 1;
};

const sliceOf = (batch: StoredBatch, from: number, committedOnly: boolean): BatchSlice => {
  const firstOffset = Math.max(from, batch.firstOffset);
  const hidden = batch.isControl || (committedOnly && batch.aborted);
  const skipped = firstOffset - batch.firstOffset;
  const records = hidden
    ? []
    : batch.segment.read(batch.firstIndex + skipped, batch.firstIndex + batch.count);
  return { batch, firstOffset, records, lastOffset: batch.firstOffset + batch.count - 1 };
};

interface LogState {
  low: number;
  high: number;
  batches: StoredBatch[];
  tail: Segment | undefined;
  readonly watchers: Set<() => void>;
  /** What the open transactions have written, by producer. */
  readonly open: Map<number, StoredBatch[]>;
  /** The last batches of each idempotent producer. */
  readonly recent: Map<number, StoredBatch[]>;
}

const segmentFor = (log: LogState, bytes: number): Segment => {
  if (log.tail === undefined || !log.tail.hasRoomFor(bytes)) log.tail = createSegment(bytes);
  return log.tail;
};

const store = (log: LogState, batch: Omit<StoredBatch, 'firstOffset' | 'aborted'>): StoredBatch => {
  const stored: StoredBatch = { ...batch, firstOffset: log.high, aborted: false };
  log.batches.push(stored);
  log.high += batch.count;
  return stored;
};

const notify = (log: LogState): void => {
  for (const watcher of log.watchers) watcher();
};

const lastStable = (log: LogState): number => {
  let first = log.high;
  for (const [batch] of log.open.values()) first = Math.min(first, batch?.firstOffset ?? first);
  return first;
};

/** The batch that was written under these sequence numbers before; throws if they cannot follow on the last ones. */
const repeated = (log: LogState, writer: Writer, count: number): StoredBatch | undefined => {
  const known = log.recent.get(writer.producerId) ?? [];
  const last = known.at(-1);
  if (last === undefined) return undefined;
  if (writer.producerEpoch < last.writer.producerEpoch) throw protocolError('INVALID_PRODUCER_EPOCH');
  if (writer.producerEpoch > last.writer.producerEpoch) return undefined;
  const same = known.find(
    (batch) => batch.writer.firstSequence === writer.firstSequence && batch.count === count,
  );
  if (same === undefined && writer.firstSequence !== last.writer.firstSequence + last.count) {
    throw protocolError('OUT_OF_ORDER_SEQUENCE_NUMBER');
  }
  return same;
};

const remember = (log: LogState, batch: StoredBatch): void => {
  const { producerId, producerEpoch, transactional } = batch.writer;
  const known = log.recent.get(producerId)?.filter((each) => each.writer.producerEpoch === producerEpoch);
  log.recent.set(producerId, [...(known ?? []), batch].slice(-REMEMBERED_SEQUENCES));
  if (!transactional) return;
  const open = log.open.get(producerId);
  if (open === undefined) log.open.set(producerId, [batch]);
  else open.push(batch);
};

const append = (log: LogState, records: readonly RecordToWrite[], writer: Writer): number => {
  const earlier = writer.producerId < 0 ? undefined : repeated(log, writer, records.length);
  if (earlier !== undefined) return earlier.firstOffset;
  let payloadBytes = 0;
  let wireBytes = BATCH_OVERHEAD_BYTES;
  let maxTimestamp = 0;
  for (const record of records) {
    payloadBytes += record.payloadBytes;
    wireBytes += record.wireBytes;
    maxTimestamp = Math.max(maxTimestamp, record.timestamp);
  }
  const segment = segmentFor(log, payloadBytes);
  const firstIndex = segment.count();
  for (const record of records) segment.append(record);
  const count = records.length;
  const batch = store(log, { count, wireBytes, writer, isControl: false, segment, firstIndex, maxTimestamp });
  if (writer.producerId >= 0) remember(log, batch);
  notify(log);
  return batch.firstOffset;
};

const endTransaction = (log: LogState, writer: Writer, committed: boolean, timestamp: number): void => {
  const written = log.open.get(writer.producerId);
  if (written === undefined) return;
  log.open.delete(writer.producerId);
  for (const batch of written) batch.aborted = !committed;
  const segment = segmentFor(log, 0);
  store(log, {
    count: 1,
    wireBytes: BATCH_OVERHEAD_BYTES + MARKER_BYTES,
    writer,
    isControl: true,
    segment,
    firstIndex: segment.count(),
    maxTimestamp: timestamp,
  });
  notify(log);
};

const read = (log: LogState, offset: number, { maxBytes, committedOnly }: ReadLimits): ReadResult => {
  if (offset < log.low || offset > log.high) throw protocolError('OFFSET_OUT_OF_RANGE');
  const end = committedOnly ? lastStable(log) : log.high;
  const slices: BatchSlice[] = [];
  let wireBytes = 0;
  for (let index = Math.max(indexOfBatch(log.batches, offset), 0); index < log.batches.length; index += 1) {
    const batch = log.batches[index];
    if (batch === undefined || batch.firstOffset >= end) break;
    if (batch.firstOffset + batch.count <= offset) continue;
    if (slices.length > 0 && wireBytes + batch.wireBytes > maxBytes) break;
    slices.push(sliceOf(batch, offset, committedOnly));
    wireBytes += batch.wireBytes;
  }
  return { slices, wireBytes, high: log.high };
};

const offsetAt = (log: LogState, timestamp: number): number | undefined => {
  for (const batch of log.batches) {
    if (batch.maxTimestamp < timestamp || batch.isControl) continue;
    for (let index = 0; index < batch.count; index += 1) {
      const offset = batch.firstOffset + index;
      const isLater = batch.segment.timestampAt(batch.firstIndex + index) >= timestamp;
      if (offset >= log.low && isLater) return offset;
    }
  }
  return undefined;
};

const deleteBefore = (log: LogState, offset: number): void => {
  log.low = Math.max(log.low, offset);
  log.batches = log.batches.filter((batch) => batch.firstOffset + batch.count > log.low);
  notify(log);
};

const bytesOf = (log: LogState): number => {
  const segments = new Set(log.batches.map((batch) => batch.segment));
  return [...segments].reduce((sum, segment) => sum + segment.capacity(), 0);
};

/** An empty log. */
export const createPartitionLog = (): PartitionLog => {
  const log: LogState = {
    low: 0,
    high: 0,
    batches: [],
    tail: undefined,
    watchers: new Set(),
    open: new Map(),
    recent: new Map(),
  };
  return {
    low: () => log.low,
    high: () => log.high,
    lastStable: () => lastStable(log),
    bytes: () => bytesOf(log),
    append: (records, writer) => append(log, records, writer),
    endTransaction: (writer, committed, timestamp) => endTransaction(log, writer, committed, timestamp),
    read: (offset, limits) => read(log, offset, limits),
    offsetAt: (timestamp) => offsetAt(log, timestamp),
    deleteBefore: (offset) => deleteBefore(log, offset),
    watch: (fn) => {
      log.watchers.add(fn);
      return () => void log.watchers.delete(fn);
    },
  };
};
