import type { Batch } from 'kafkajs';
import type { FetchedPartition } from '../broker/fetch.ts';
import { firstTimestampOf, keptIn, maxTimestampOf, offsetIn } from '../broker/batch-list.ts';
import type { BatchSlice } from '../broker/partition-log.ts';
import type { ReadRecord } from '../broker/segment.ts';
import { recordsInBatch } from '../broker/markers.ts';

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

const messageOf = (record: ReadRecord, offset: number, batchContext: object, isControlRecord: boolean) => ({
  magicByte: 2,
  attributes: 0,
  timestamp: String(record.timestamp),
  offset: String(offset),
  key: record.key,
  value: record.value,
  headers: record.headers,
  isControlRecord,
  batchContext,
});

type FetchedMessage = ReturnType<typeof messageOf>;

const messagesOf = (slice: BatchSlice): FetchedMessage[] => {
  if (slice.records.length === 0) return [];
  const context = contextOf(slice);
  return slice.records.map((record, index) =>
    messageOf(record, offsetIn(slice.batch, slice.skipped + index), context, false),
  );
};

/** All that came over the wire: whole batches, what was aborted, and the markers that end transactions. */
const rawMessagesOf = (slice: BatchSlice): FetchedMessage[] => {
  const { batch } = slice;
  const context = contextOf(slice);
  return recordsInBatch(batch).map((record, index) =>
    messageOf(record, offsetIn(batch, index), context, batch.isControl),
  );
};

/** What of a fetch is more than the messages for the handler; undefined if nothing is. */
const rawBeyond = (slices: readonly BatchSlice[]): FetchedMessage[] | undefined =>
  slices.every(({ records, batch }) => records.length === keptIn(batch) && !batch.isControl)
    ? undefined
    : slices.flatMap(rawMessagesOf);

/**
 * As kafkajs's own class: what a batch says about itself are methods of its prototype, which a copy by spread does not
 * have. `rawMessages` and `messagesWithinOffset` are no part of its typings, but code of others uses them.
 */
class MemoryBatch implements FetchedBatch {
  readonly fetchedOffset: string;
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  readonly rawMessages: FetchedMessage[];
  readonly messagesWithinOffset: FetchedMessage[];
  readonly messages: FetchedMessage[];

  constructor({ topic, partition, offset, slices, high }: FetchedPartition) {
    const messages = slices.flatMap(messagesOf);
    const raw = rawBeyond(slices);
    this.fetchedOffset = String(offset);
    this.topic = topic;
    this.partition = partition;
    this.highWatermark = String(high);
    this.rawMessages = raw ?? [...messages];
    this.messagesWithinOffset =
      raw === undefined ? [...messages] : raw.filter((message) => Number(message.offset) >= offset);
    this.messages = messages;
  }

  isEmpty(): boolean {
    return this.messages.length === 0;
  }

  isEmptyIncludingFiltered(): boolean {
    return this.messagesWithinOffset.length === 0;
  }

  isEmptyDueToFiltering(): boolean {
    return this.isEmpty() && this.rawMessages.length > 0;
  }

  isEmptyControlRecord(): boolean {
    return this.isEmpty() && this.messagesWithinOffset.some(({ isControlRecord }) => isControlRecord);
  }

  isEmptyDueToLogCompactedMessages(): boolean {
    return this.rawMessages.length > 0 && this.isEmptyIncludingFiltered();
  }

  firstOffset(): string | null {
    return this.messagesWithinOffset[0]?.offset ?? null;
  }

  lastOffset(): string {
    if (this.isEmptyDueToLogCompactedMessages()) return this.fetchedOffset;
    return this.messagesWithinOffset.at(-1)?.offset ?? String(Number(this.highWatermark) - 1);
  }

  offsetLag(): string {
    return String(Number(this.highWatermark) - 1 - Number(this.lastOffset()));
  }

  offsetLagLow(): string {
    const first = this.firstOffset();
    return first === null ? '0' : String(Number(this.highWatermark) - 1 - Number(first));
  }
}

/** What one fetch brought from one partition. */
export const createBatch = (fetched: FetchedPartition): FetchedBatch => new MemoryBatch(fetched);
