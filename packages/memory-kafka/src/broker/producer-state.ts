import { protocolError } from '../errors.ts';
import { endOf, type StoredBatch, type Writer } from './batch-list.ts';

/** What a log knows of the producers with an identity: what they wrote last, and what of it is in open transactions. */
export interface ProducerState {
  /** The first offset of the oldest open transaction; undefined if none is open. */
  firstOpen(): number | undefined;
  /**
   * The batch that was written under these sequence numbers before, if it was. Throws INVALID_PRODUCER_EPOCH for an older
   * epoch, OUT_OF_ORDER_SEQUENCE_NUMBER for numbers that do not follow on the last ones.
   */
  repeated(writer: Writer, count: number): StoredBatch | undefined;
  remember(batch: StoredBatch): void;
  /** Ends the producer's transaction and returns what it wrote; undefined if it wrote nothing here. */
  close(producerId: number): readonly StoredBatch[] | undefined;
  /** Forgets what lies at `offset` and behind it. */
  forgetFrom(offset: number): void;
}

const REMEMBERED_SEQUENCES = 5;

type ByProducer = Map<number, StoredBatch[]>;

const repeatedIn = (known: readonly StoredBatch[], writer: Writer, count: number) => {
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

const forgetIn = (batches: ByProducer, offset: number): void => {
  for (const [producerId, written] of batches) {
    const left = written.filter((batch) => endOf(batch) <= offset);
    if (left.length > 0) batches.set(producerId, left);
    else batches.delete(producerId);
  }
};

/** No producers yet. */
export const createProducerState = (): ProducerState => {
  const open: ByProducer = new Map();
  const recent: ByProducer = new Map();
  return {
    firstOpen: () => {
      let first: number | undefined;
      for (const [batch] of open.values()) {
        if (batch !== undefined) first = Math.min(first ?? Infinity, batch.firstOffset);
      }
      return first;
    },
    repeated: (writer, count) => repeatedIn(recent.get(writer.producerId) ?? [], writer, count),
    remember: (batch) => {
      const { producerId, producerEpoch, transactional } = batch.writer;
      const known = recent.get(producerId)?.filter((each) => each.writer.producerEpoch === producerEpoch);
      recent.set(producerId, [...(known ?? []), batch].slice(-REMEMBERED_SEQUENCES));
      if (!transactional) return;
      const written = open.get(producerId);
      if (written === undefined) open.set(producerId, [batch]);
      else written.push(batch);
    },
    close: (producerId) => {
      const written = open.get(producerId);
      open.delete(producerId);
      return written;
    },
    forgetFrom: (offset) => {
      forgetIn(open, offset);
      forgetIn(recent, offset);
    },
  };
};
