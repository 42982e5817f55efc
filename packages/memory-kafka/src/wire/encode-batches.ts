import { firstTimestampOf, keptIn, maxTimestampOf } from '../broker/batch-list.ts';
import { recordsInBatch } from '../broker/markers.ts';
import type { BatchSlice } from '../broker/partition-log.ts';
import type { ReadRecord } from '../broker/segment.ts';
import { crc32c } from './crc32c.ts';
import { createWriter, type Writer } from './writer.ts';

const MAGIC = 2;
const TRANSACTIONAL_BIT = 0x10;
const CONTROL_BIT = 0x20;
const NULL = -1;

const writeSized = (w: Writer, value: Buffer | null): void => {
  w.varint(value?.length ?? NULL);
  if (value !== null) w.bytes(value);
};

const headerPairs = (headers: ReadRecord['headers']): [string, Buffer][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each): [string, Buffer] => [name, each]),
  );

const encodeRecord = (record: ReadRecord, offsetDelta: number, baseTimestamp: number): Buffer => {
  const w = createWriter();
  w.int8(0);
  w.varint(record.timestamp - baseTimestamp);
  w.varint(offsetDelta);
  writeSized(w, record.key);
  writeSized(w, record.value);
  const pairs = headerPairs(record.headers);
  w.varint(pairs.length);
  for (const [name, value] of pairs) {
    writeSized(w, Buffer.from(name));
    writeSized(w, value);
  }
  return w.buffer();
};

// Kafka hands out whole batches, and clients leave out what lies before their offset.
const recordsOf = ({ batch, records }: BatchSlice): readonly ReadRecord[] =>
  records.length === keptIn(batch) && !batch.isControl ? records : recordsInBatch(batch);

const encodeBatch = (w: Writer, slice: BatchSlice): void => {
  const { batch } = slice;
  const { producerId, producerEpoch, firstSequence, transactional } = batch.writer;
  const records = recordsOf(slice);
  const baseTimestamp = firstTimestampOf(batch);
  const body = createWriter();
  body.int16((transactional ? TRANSACTIONAL_BIT : 0) | (batch.isControl ? CONTROL_BIT : 0));
  body.int32(batch.count - 1);
  body.int64(baseTimestamp);
  body.int64(maxTimestampOf(batch));
  body.int64(producerId);
  body.int16(producerEpoch);
  body.int32(firstSequence);
  body.int32(records.length);
  for (const [index, record] of records.entries()) {
    const bytes = encodeRecord(record, batch.kept?.[index] ?? index, baseTimestamp);
    body.varint(bytes.length);
    body.bytes(bytes);
  }
  const checked = body.buffer();
  w.int64(batch.firstOffset);
  // What follows: leader epoch, format, checksum.
  w.int32(checked.length + 9);
  w.int32(0);
  w.int8(MAGIC);
  w.uint32(crc32c(checked));
  w.bytes(checked);
};

/** Batches as a consumer reads them, each of them whole. */
export const encodeBatches = (slices: readonly BatchSlice[]): Buffer => {
  const w = createWriter();
  for (const slice of slices) encodeBatch(w, slice);
  return w.buffer();
};

/** Which transactions of what is read were aborted, so that the consumer can leave out what they wrote. */
export const abortedIn = (slices: readonly BatchSlice[]): { producerId: number; firstOffset: number }[] => {
  const open = new Set<number>();
  const aborted: { producerId: number; firstOffset: number }[] = [];
  for (const { batch } of slices) {
    const { producerId } = batch.writer;
    if (batch.isControl) open.delete(producerId);
    else if (batch.aborted && !open.has(producerId)) {
      open.add(producerId);
      aborted.push({ producerId, firstOffset: batch.firstOffset });
    }
  }
  return aborted;
};
