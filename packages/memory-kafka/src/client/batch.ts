import type { Batch } from 'kafkajs';
import type { FetchedPartition } from '../broker/fetch.ts';
import { firstTimestampOf, maxTimestampOf } from '../broker/batch-list.ts';
import type { BatchSlice } from '../broker/partition-log.ts';

/** A batch as handlers get it, and what the consumer itself has to know of it. */
export interface FetchedBatch extends Batch {
  /** It brought only markers, or messages of aborted transactions. */
  isEmptyDueToFiltering(): boolean;
}

const CREATE_TIME = 0;

const contextOf = ({ batch }: BatchSlice) => ({
  firstOffset: String(batch.firstOffset),
  firstTimestamp: String(firstTimestampOf(batch)),
  partitionLeaderEpoch: 0,
  inTransaction: batch.writer.transactional,
  isControlBatch: batch.isControl,
  lastOffsetDelta: batch.count - 1,
  producerId: String(batch.writer.producerId),
  producerEpoch: batch.writer.producerEpoch,
  firstSequence: batch.writer.firstSequence,
  maxTimestamp: String(maxTimestampOf(batch)),
  timestampType: CREATE_TIME,
  magicByte: 2,
});

const messagesOf = (slice: BatchSlice) => {
  if (slice.records.length === 0) return [];
  const batchContext = contextOf(slice);
  return slice.records.map((record, index) => ({
    magicByte: 2,
    attributes: 0,
    timestamp: String(record.timestamp),
    offset: String(slice.firstOffset + index),
    key: record.key,
    value: record.value,
    headers: record.headers,
    isControlRecord: false,
    batchContext,
  }));
};

/** What one fetch brought from one partition. */
export const createBatch = ({ topic, partition, slices, high }: FetchedPartition): FetchedBatch => {
  const messages = slices.flatMap(messagesOf);
  const first = slices[0]?.firstOffset;
  const last = slices.at(-1)?.lastOffset ?? high - 1;
  return {
    topic,
    partition,
    highWatermark: String(high),
    messages,
    isEmpty: () => messages.length === 0,
    isEmptyDueToFiltering: () => messages.length === 0 && slices.length > 0,
    firstOffset: () => (first === undefined ? null : String(first)),
    lastOffset: () => String(last),
    offsetLag: () => String(high - 1 - last),
    offsetLagLow: () => (first === undefined ? '0' : String(high - 1 - first)),
  };
};
