import kafkajs from 'kafkajs';
import type { CompressionTypes, Message, RecordMetadata } from 'kafkajs';
import { checkLeader, type Core } from '../broker/core.ts';
import type { Writer } from '../broker/partition-log.ts';
import { throwRefusal, type Refusals } from '../broker/refusals.ts';
import { toRecords, type RecordToWrite } from '../broker/records.ts';
import type { ProducerIdentity } from '../broker/transactions.ts';
import { timestampOf } from '../clock.ts';
import { protocolError, toError } from '../errors.ts';

/** As whom messages are written: nobody, an idempotent producer, or a transaction. */
export interface WriterIdentity {
  /** Undefined for a producer without identity. */
  identity(): ProducerIdentity | undefined;
  readonly transactionalId: string | undefined;
  /** Sequence numbers given out so far, by topic and partition. */
  readonly sequences: Map<string, number>;
  /** Runs requests one after the other: sequence numbers have to arrive in their order. */
  inTurn<T>(request: () => Promise<T>): Promise<T>;
}

export interface PartitionMessages {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly Message[];
  /** Who leads it, as far as the client knows. */
  readonly leader: number;
}

/** How messages are to be written. */
export interface Terms {
  /** Who has to have them before the answer: nobody (0), the leader (1), all replicas (-1). */
  readonly acks: number;
  readonly compression: CompressionTypes;
}

/** As whom, and for which partitions not. */
interface WriteOptions extends Terms {
  readonly writer: WriterIdentity;
  readonly refused: Refusals;
}

/** The `acks` of who wants all replicas in sync to have a message. */
const ALL_IN_SYNC = -1;

const KNOWN_ACKS: ReadonlySet<number> = new Set([ALL_IN_SYNC, 0, 1]);

const ANONYMOUS: Writer = { producerId: -1, producerEpoch: 0, firstSequence: 0, transactional: false };

/** Throws what the registered codec throws (KafkaJSNotImplemented, if none was registered), TypeError if there cannot be one. */
export const checkCompression = (compression: CompressionTypes): void => {
  if (compression === kafkajs.CompressionTypes.None) return;
  const codec = Object.entries<() => unknown>(kafkajs.CompressionCodecs).find(
    ([type]) => type === String(compression),
  );
  if (codec === undefined) throw new TypeError(`There is no compression ${compression}`);
  codec[1]();
};

interface Encoded {
  readonly part: PartitionMessages;
  readonly records: readonly RecordToWrite[];
}

const encode = (core: Core, parts: readonly PartitionMessages[]): Encoded[] => {
  // A clock may stand between two milliseconds, a timestamp cannot.
  const now = timestampOf(core.clock);
  return parts.map((part) => ({ part, records: toRecords(part.messages, now) }));
};

const sequenceKey = ({ topic, partition }: PartitionMessages): string => `${topic}|${partition}`;

const writerFor = (writer: WriterIdentity, part: PartitionMessages): Writer => {
  const identity = writer.identity();
  if (identity === undefined) return ANONYMOUS;
  const firstSequence = writer.sequences.get(sequenceKey(part)) ?? 0;
  return { ...identity, firstSequence, transactional: writer.transactionalId !== undefined };
};

const write = (
  core: Core,
  { part, records }: Encoded,
  as: Writer,
  { acks, compression }: Terms,
): RecordMetadata => {
  const { topic, partition, leader } = part;
  const isCompressed = compression !== kafkajs.CompressionTypes.None;
  const log = core.topics.partition(topic, partition);
  checkLeader(log, leader);
  if (acks === ALL_IN_SYNC) log.checkInSync();
  const { firstOffset, appendTime = -1 } = log.append(records, as, isCompressed);
  return {
    topicName: topic,
    partition,
    errorCode: 0,
    baseOffset: String(firstOffset),
    logAppendTime: String(appendTime),
    logStartOffset: String(log.low()),
  };
};

/** Kafka enlists all partitions of a request, or none. */
const checkEnlistable = (parts: readonly PartitionMessages[], rights: Refusals): void => {
  const refusals = parts.map(({ topic }) => rights.topic(topic));
  if (refusals.every((type) => type === undefined)) return;
  throwRefusal(refusals[0] ?? 'OPERATION_NOT_ATTEMPTED');
};

const enlistAll = (
  core: Core,
  parts: readonly PartitionMessages[],
  writer: WriterIdentity,
  refused: Refusals,
): void => {
  const { transactionalId } = writer;
  const identity = writer.identity();
  if (transactionalId === undefined || identity === undefined) return;
  core.transactions.check(transactionalId, identity);
  checkEnlistable(parts, refused);
  const logs = parts.map(({ topic, partition }) => core.topics.partition(topic, partition));
  for (const log of logs) core.transactions.enlist(transactionalId, log);
};

/**
 * What the broker does with a produce request. Throws, before anything is written, what is wrong with the messages
 * themselves; and INVALID_REQUIRED_ACKS. A partition's refusal does not keep the others from being written: the first
 * of them is thrown afterwards.
 */
export const writeAll = (
  core: Core,
  parts: readonly PartitionMessages[],
  options: WriteOptions,
): RecordMetadata[] => {
  const { acks, writer, refused } = options;
  if (!KNOWN_ACKS.has(acks)) throw protocolError('INVALID_REQUIRED_ACKS');
  const encoded = encode(core, parts);
  enlistAll(core, parts, writer, refused);
  const refusals: unknown[] = [];
  const written: RecordMetadata[] = [];
  for (const each of encoded) {
    const { part } = each;
    try {
      throwRefusal(refused.topic(part.topic, part.partition));
      written.push(write(core, each, writerFor(writer, part), options));
    } catch (refusal) {
      refusals.push(refusal);
    }
  }
  // With acks 0 nobody is notified.
  if (refusals.length > 0 && acks !== 0) throw toError(refusals[0]);
  return written;
};

/** Makes a request when those before it are done, and moves the sequence numbers on when it is answered. */
export const inSequence = <T>(
  writer: WriterIdentity,
  parts: readonly PartitionMessages[],
  request: () => Promise<T>,
): Promise<T> =>
  writer.inTurn(async () => {
    const answer = await request();
    // Only what was answered counts: a retry has to come with the numbers of the first attempt.
    for (const part of parts) {
      const key = sequenceKey(part);
      writer.sequences.set(key, (writer.sequences.get(key) ?? 0) + part.messages.length);
    }
    return answer;
  });
