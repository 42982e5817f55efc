import kafkajs from 'kafkajs';
import type { Logger, Message, ProducerBatch, RecordMetadata, RetryOptions, TopicMessages } from 'kafkajs';
import type { ICustomPartitioner } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import type { PartitionLog, Writer } from '../broker/partition-log.ts';
import { toRecord, type RecordToWrite } from '../broker/records.ts';
import type { ProducerIdentity } from '../broker/transactions.ts';
import { metadataNotLoaded, nameOf, protocolError, toError, typeOf } from '../errors.ts';
import { withRetries } from '../retry.ts';
import type { ClusterView } from './metadata.ts';
import { toPartition } from './typing-gaps.ts';

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

export interface SendOptions {
  readonly view: ClusterView;
  readonly partitioner: ReturnType<ICustomPartitioner>;
  readonly retry: RetryOptions;
  readonly logger: Logger;
  readonly writer: WriterIdentity;
}

interface PartitionMessages {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly Message[];
}

const ANONYMOUS: Writer = { producerId: -1, producerEpoch: 0, firstSequence: 0, transactional: false };

const REFRESH_AFTER = new Set([
  'KafkaJSMetadataNotLoaded',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
]);

const STALE = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION']);

/** Messages by partition, in rising order. Those for a partition that does not exist are dropped, as kafkajs does. */
const distribute = (topicMessages: readonly TopicMessages[], { view, partitioner }: SendOptions) =>
  topicMessages.flatMap(({ topic, messages }): PartitionMessages[] => {
    const partitionMetadata = view.partitionsOf(topic);
    if (partitionMetadata.length === 0) throw metadataNotLoaded('Producing to topic without metadata');
    const byPartition = new Map<number, Message[]>();
    for (const message of messages) {
      const partition = toPartition(partitioner({ topic, partitionMetadata, message }));
      const earlier = byPartition.get(partition);
      if (earlier === undefined) byPartition.set(partition, [message]);
      else earlier.push(message);
    }
    return [...byPartition]
      .filter(([partition]) => partitionMetadata[partition] !== undefined)
      .toSorted(([a], [b]) => a - b)
      .map(([partition, grouped]) => ({ topic, partition, messages: grouped }));
  });

interface Encoded extends PartitionMessages {
  readonly log: PartitionLog;
  readonly records: readonly RecordToWrite[];
}

const encode = (core: Core, parts: readonly PartitionMessages[]): Encoded[] => {
  const now = core.clock.now();
  return parts.map((part) => ({
    ...part,
    log: core.topics.partition(part.topic, part.partition),
    records: part.messages.map((message) => toRecord(message, now)),
  }));
};

const sequenceKey = ({ topic, partition }: PartitionMessages): string => `${topic}|${partition}`;

const writerFor = (writer: WriterIdentity, part: PartitionMessages): Writer => {
  const identity = writer.identity();
  if (identity === undefined) return ANONYMOUS;
  const firstSequence = writer.sequences.get(sequenceKey(part)) ?? 0;
  return { ...identity, firstSequence, transactional: writer.transactionalId !== undefined };
};

const write = (core: Core, part: Encoded, writer: WriterIdentity): RecordMetadata => {
  const { topic, partition, log, records } = part;
  const as = writerFor(writer, part);
  if (writer.transactionalId !== undefined) {
    core.transactions.check(writer.transactionalId, as);
    core.transactions.enlist(writer.transactionalId, log);
  }
  return {
    topicName: topic,
    partition,
    errorCode: 0,
    baseOffset: String(log.append(records, as)),
    logAppendTime: '-1',
    logStartOffset: String(log.low()),
  };
};

const writeAll = (core: Core, parts: readonly PartitionMessages[], writer: WriterIdentity, acks: number) => {
  if (![-1, 0, 1].includes(acks)) throw protocolError('INVALID_REQUIRED_ACKS');
  // Everything is checked before anything is written.
  return encode(core, parts).map((part) => write(core, part, writer));
};

const inSequence = <T>(
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

const attempt = async (topicMessages: readonly TopicMessages[], acks: number, options: SendOptions) => {
  const { view, writer } = options;
  await view.refreshIfNecessary();
  const parts = distribute(topicMessages, options);
  if (parts.length === 0) return [];
  const request = () => view.request('produce', (core) => writeAll(core, parts, writer, acks));
  const written = await (writer.identity() === undefined ? request() : inSequence(writer, parts, request));
  return acks === 0 ? [] : written;
};

const needsRefresh = (error: Error): boolean =>
  STALE.has(typeOf(error) ?? '') ||
  REFRESH_AFTER.has(nameOf(error) ?? '') ||
  (error instanceof kafkajs.KafkaJSProtocolError && error.retriable);

/** Writes messages that have been checked and merged by topic; tries again as kafkajs does. */
export const sendMessages = async (
  { acks = -1, topicMessages = [] }: ProducerBatch,
  options: SendOptions,
): Promise<RecordMetadata[]> => {
  const { view, retry, logger } = options;
  const topics = topicMessages.map(({ topic }) => topic);
  return withRetries(await view.connection.core(), retry, async ({ bail, retryCount }) => {
    await view.target(topics);
    try {
      return await attempt(topicMessages, acks, options);
    } catch (thrown) {
      const error = toError(thrown);
      if (!view.connection.isConnected()) {
        await view.connection.connect();
        await view.refresh();
        throw error;
      }
      logger.error(`Failed to send messages: ${error.message}`, { retryCount });
      if (needsRefresh(error)) await view.refresh();
      else if (!('retriable' in error && error.retriable === true)) bail(error);
      throw error;
    }
  });
};
