import type { RecordToWrite } from './records.ts';
import type { Segment } from './segment.ts';

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
  /** What the times of its records are relative to on the wire, where that is not the first of them. */
  readonly baseTimestamp: number | undefined;
  /** Its transaction was aborted; so says the marker, too. */
  aborted: boolean;
  /** Where a compaction left only some of its records: how far each is behind the first offset. */
  readonly kept: readonly number[] | undefined;
  /** When its tombstones, or the marker that it is, may go; milliseconds since the epoch. */
  readonly deleteAt?: number;
}

/** The batches of a log, oldest first. */
export interface BatchList {
  /** Bytes in Kafka's format. */
  wireBytes(): number;
  first(): StoredBatch | undefined;
  last(): StoredBatch | undefined;
  append(batch: StoredBatch): void;
  removeFirst(): void;
  /** Puts others in the place of the first `count`. */
  replaceFirst(count: number, others: readonly StoredBatch[]): void;
  removeLast(): void;
  /** From the batch that holds `offset` on, else from the next one. */
  from(offset: number): Iterable<StoredBatch>;
}

const BATCH_OVERHEAD_BYTES = 61;
const MARKER_BYTES = 17;
/** What Kafka calls a missing timestamp. */
const NO_TIMESTAMP = -1;
/** Gaps at the beginning are closed when they are at least this long, and half of the array. */
const COMPACT_FROM = 64;

/** Bytes in Kafka's format of the marker that ends a transaction. */
export const CONTROL_BATCH_BYTES = BATCH_OVERHEAD_BYTES + MARKER_BYTES;

/** What the times of its records are relative to on the wire, in milliseconds since the epoch. */
export const firstTimestampOf = ({ segment, firstIndex, baseTimestamp }: StoredBatch): number =>
  baseTimestamp ?? segment.timestampAt(firstIndex);

/** How many records it holds. */
export const keptIn = ({ kept, count }: StoredBatch): number => kept?.length ?? count;

/** The offset of one of the records that it holds, by its place among them. */
export const offsetIn = ({ firstOffset, kept }: StoredBatch, index: number): number =>
  firstOffset + (kept === undefined ? index : (kept[index] ?? 0));

/** The place of the first of its records that is at `offset` or behind it. */
export const indexFrom = (batch: StoredBatch, offset: number): number => {
  const delta = Math.max(0, offset - batch.firstOffset);
  if (batch.kept === undefined) return delta;
  const found = batch.kept.findIndex((each) => each >= delta);
  return found < 0 ? batch.kept.length : found;
};

/** The latest time of its records, in milliseconds since the epoch. */
export const maxTimestampOf = (batch: StoredBatch): number => {
  const { segment, firstIndex } = batch;
  const end = firstIndex + keptIn(batch);
  let latest = NO_TIMESTAMP;
  for (let index = firstIndex; index < end; index += 1) {
    latest = Math.max(latest, segment.timestampAt(index));
  }
  return latest;
};

export const endOf = (batch: StoredBatch): number => batch.firstOffset + batch.count;

/** What records add up to when they are written together. */
export const measure = (records: readonly RecordToWrite[]) => {
  let payloadBytes = 0;
  let wireBytes = BATCH_OVERHEAD_BYTES;
  for (const record of records) {
    payloadBytes += record.payloadBytes;
    wireBytes += record.wireBytes;
  }
  const [first] = records;
  const baseTimestamp = first?.baseTimestamp === first?.timestamp ? undefined : first?.baseTimestamp;
  return { payloadBytes, wireBytes, baseTimestamp };
};

/** Index of the first batch, at `from` or later, that ends behind `offset`. */
const indexAt = (batches: readonly (StoredBatch | undefined)[], from: number, offset: number): number => {
  let low = from;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const batch = batches[middle];
    if (batch !== undefined && endOf(batch) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** No batches yet. */
export const createBatchList = (): BatchList => {
  const batches: (StoredBatch | undefined)[] = [];
  let head = 0;
  let wireBytes = 0;

  const removeFirst = (): void => {
    wireBytes -= batches[head]?.wireBytes ?? 0;
    batches[head] = undefined;
    head = Math.min(head + 1, batches.length);
    if (head < COMPACT_FROM || head * 2 < batches.length) return;
    batches.splice(0, head);
    head = 0;
  };

  return {
    wireBytes: () => wireBytes,
    first: () => batches[head],
    last: () => batches.at(-1),
    append: (batch) => {
      batches.push(batch);
      wireBytes += batch.wireBytes;
    },
    removeFirst,
    replaceFirst: (count, others) => {
      for (const old of batches.slice(head, head + count)) wireBytes -= old?.wireBytes ?? 0;
      for (const other of others) wireBytes += other.wireBytes;
      batches.splice(0, head + count, ...others);
      head = 0;
    },
    removeLast: () => {
      if (head >= batches.length) return;
      wireBytes -= batches.pop()?.wireBytes ?? 0;
    },
    *from(offset) {
      for (let index = indexAt(batches, head, offset); index < batches.length; index += 1) {
        const batch = batches[index];
        if (batch !== undefined) yield batch;
      }
    },
  };
};
