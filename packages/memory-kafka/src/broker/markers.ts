import { keptIn, maxTimestampOf, type StoredBatch } from './batch-list.ts';
import type { ReadRecord } from './segment.ts';

const COMMIT = 1;
const ABORT = 0;
const VALUE_BYTES = 6;

/** What ends a transaction: a record whose key says how. */
const markerOf = (batch: StoredBatch): ReadRecord => ({
  key: Buffer.from([0, 0, 0, batch.aborted ? ABORT : COMMIT]),
  value: Buffer.alloc(VALUE_BYTES),
  headers: {},
  timestamp: maxTimestampOf(batch),
});

/** All records of a batch as Kafka stores them, be it a marker or aborted. */
export const recordsInBatch = (batch: StoredBatch): readonly ReadRecord[] =>
  batch.isControl
    ? [markerOf(batch)]
    : batch.segment.read(batch.firstIndex, batch.firstIndex + keptIn(batch));
