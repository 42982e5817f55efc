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

/** An empty log. */
export const createPartitionLog = (): PartitionLog => {
  let low = 0;
  let high = 0;
  let batches: StoredBatch[] = [];
  let tail: Segment | undefined;
  const watchers = new Set<() => void>();
  const open = new Map<number, StoredBatch[]>();
  const recent = new Map<number, StoredBatch[]>();

  const segmentFor = (bytes: number): Segment => {
    if (tail === undefined || !tail.hasRoomFor(bytes)) tail = createSegment(bytes);
    return tail;
  };

  const store = (batch: Omit<StoredBatch, 'firstOffset' | 'aborted'>): StoredBatch => {
    const stored: StoredBatch = { ...batch, firstOffset: high, aborted: false };
    batches.push(stored);
    high += batch.count;
    return stored;
  };

  const notify = (): void => {
    for (const watcher of watchers) watcher();
  };

  const lastStable = (): number => {
    let first = high;
    for (const [batch] of open.values()) first = Math.min(first, batch?.firstOffset ?? first);
    return first;
  };

  const repeated = (writer: Writer, count: number): StoredBatch | undefined => {
    const known = recent.get(writer.producerId) ?? [];
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

  const remember = (batch: StoredBatch): void => {
    const { producerId, transactional } = batch.writer;
    const known = recent
      .get(producerId)
      ?.filter((b) => b.writer.producerEpoch === batch.writer.producerEpoch);
    recent.set(producerId, [...(known ?? []), batch].slice(-REMEMBERED_SEQUENCES));
    if (transactional) open.set(producerId, [...(open.get(producerId) ?? []), batch]);
  };

  const append = (records: readonly RecordToWrite[], writer: Writer): number => {
    const repeatedBatch = writer.producerId < 0 ? undefined : repeated(writer, records.length);
    if (repeatedBatch !== undefined) return repeatedBatch.firstOffset;
    let payloadBytes = 0;
    let wireBytes = BATCH_OVERHEAD_BYTES;
    let maxTimestamp = 0;
    for (const record of records) {
      payloadBytes += record.payloadBytes;
      wireBytes += record.wireBytes;
      maxTimestamp = Math.max(maxTimestamp, record.timestamp);
    }
    const segment = segmentFor(payloadBytes);
    const firstIndex = segment.count();
    for (const record of records) segment.append(record);
    const count = records.length;
    const batch = store({ count, wireBytes, writer, isControl: false, segment, firstIndex, maxTimestamp });
    if (writer.producerId >= 0) remember(batch);
    notify();
    return batch.firstOffset;
  };

  const endTransaction = (writer: Writer, committed: boolean, timestamp: number): void => {
    const written = open.get(writer.producerId);
    if (written === undefined) return;
    open.delete(writer.producerId);
    for (const batch of written) batch.aborted = !committed;
    const wireBytes = BATCH_OVERHEAD_BYTES + 17;
    const segment = segmentFor(0);
    const firstIndex = segment.count();
    store({ count: 1, wireBytes, writer, isControl: true, segment, firstIndex, maxTimestamp: timestamp });
    notify();
  };

  const read = (offset: number, { maxBytes, committedOnly }: ReadLimits): ReadResult => {
    if (offset < low || offset > high) throw protocolError('OFFSET_OUT_OF_RANGE');
    const end = committedOnly ? lastStable() : high;
    const slices: BatchSlice[] = [];
    let wireBytes = 0;
    for (let index = Math.max(indexOfBatch(batches, offset), 0); index < batches.length; index += 1) {
      const batch = batches[index];
      if (batch === undefined || batch.firstOffset >= end) break;
      if (batch.firstOffset + batch.count <= offset) continue;
      if (slices.length > 0 && wireBytes + batch.wireBytes > maxBytes) break;
      slices.push(sliceOf(batch, offset, committedOnly));
      wireBytes += batch.wireBytes;
    }
    return { slices, wireBytes, high };
  };

  const offsetAt = (timestamp: number): number | undefined => {
    for (const batch of batches) {
      if (batch.maxTimestamp < timestamp || batch.isControl) continue;
      for (let index = 0; index < batch.count; index += 1) {
        const offset = batch.firstOffset + index;
        if (offset >= low && batch.segment.timestampAt(batch.firstIndex + index) >= timestamp) return offset;
      }
    }
    return undefined;
  };

  const deleteBefore = (offset: number): void => {
    low = Math.max(low, offset);
    batches = batches.filter((batch) => batch.firstOffset + batch.count > low);
    notify();
  };

  return {
    low: () => low,
    high: () => high,
    lastStable,
    bytes: () =>
      [...new Set(batches.map((batch) => batch.segment))].reduce((sum, s) => sum + s.capacity(), 0),
    append,
    endTransaction,
    read,
    offsetAt,
    deleteBefore,
    watch: (fn) => {
      watchers.add(fn);
      return () => void watchers.delete(fn);
    },
  };
};
