import kafkajs from 'kafkajs';
import type {
  ICustomPartitioner,
  Logger,
  Message,
  ProducerBatch,
  RecordMetadata,
  RetryOptions,
  TopicMessages,
} from 'kafkajs';
import { metadataNotLoaded, nameOf, toError, typeOf } from '../errors.ts';
import { withRetries } from '../retry.ts';
import type { ClusterView } from './metadata.ts';
import {
  checkCompression,
  inSequence,
  writeAll,
  type PartitionMessages,
  type Terms,
  type WriterIdentity,
} from './produce-request.ts';

export interface SendOptions {
  readonly view: ClusterView;
  readonly partitioner: ReturnType<ICustomPartitioner>;
  readonly retry: RetryOptions;
  readonly logger: Logger;
  readonly writer: WriterIdentity;
}

const REFRESH_AFTER = new Set([
  'KafkaJSMetadataNotLoaded',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
]);

const STALE = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION']);

/**
 * kafkajs reads the digits that a partition begins with, but looks for the messages under the whole of it: what is no
 * whole number fails there, if there is such a partition.
 */
const partitionOf = (chosen: number | string, count: number): number => {
  const partition = Number.parseInt(String(chosen), 10);
  if (partition >= 0 && partition < count && String(partition) !== String(chosen)) {
    throw new TypeError(`The partition has to be a whole number, not ${chosen}`);
  }
  return partition;
};

/** Messages of one topic by partition, in rising order. Those for a partition that does not exist are dropped, as kafkajs does. */
const distributeTopic = (
  { topic, messages }: TopicMessages,
  { view, partitioner }: SendOptions,
): PartitionMessages[] => {
  const partitionMetadata = view.partitionsOf(topic);
  if (partitionMetadata.length === 0) throw metadataNotLoaded('Producing to topic without metadata');
  const byPartition = new Map<number, Message[]>();
  for (const message of messages) {
    const chosen = partitioner({ topic, partitionMetadata, message });
    const partition = Number.isInteger(chosen) ? chosen : partitionOf(chosen, partitionMetadata.length);
    const earlier = byPartition.get(partition);
    if (earlier === undefined) byPartition.set(partition, [message]);
    else earlier.push(message);
  }
  const parts: PartitionMessages[] = [];
  for (const [partition, grouped] of byPartition) {
    const known = partitionMetadata[partition];
    if (known === undefined) continue;
    parts.push({ topic, partition, messages: grouped, leader: known.leader });
  }
  return parts.length > 1 ? parts.toSorted((a, b) => a.partition - b.partition) : parts;
};

const distribute = (topicMessages: readonly TopicMessages[], options: SendOptions): PartitionMessages[] => {
  const [first] = topicMessages;
  // Almost every send is to one topic.
  if (first !== undefined && topicMessages.length === 1) return distributeTopic(first, options);
  return topicMessages.flatMap((each) => distributeTopic(each, options));
};

/** One request to the leader of all these partitions. */
const produceTo = (
  nodeId: number,
  parts: readonly PartitionMessages[],
  terms: Terms,
  options: SendOptions,
) => {
  const { view, writer } = options;
  const { transactionalId } = writer;
  const request = () =>
    view.request({ name: 'Produce', nodeId, transactionalId, places: () => parts }, (core, refused) =>
      writeAll(core, parts, { writer, refused, ...terms }),
    );
  return writer.identity() === undefined ? request() : inSequence(writer, parts, request);
};

/** What each broker has answered of messages that go to several. */
type Answers = Map<number, readonly RecordMetadata[]>;

/**
 * One request for each leader. Rejects with the first failure; the answers of the others are kept, and another attempt asks those
 * brokers no more. As in kafkajs, that is also so where one of them has become the leader of what failed: that is not written.
 */
const produceToEach = async (
  parts: readonly PartitionMessages[],
  terms: Terms,
  options: SendOptions,
  answers: Answers,
): Promise<RecordMetadata[]> => {
  const leaders = new Set(parts.map(({ leader }) => leader));
  const unasked = [...leaders].filter((leader) => !answers.has(leader));
  const produce = async (leader: number): Promise<void> => {
    const own = parts.filter((part) => part.leader === leader);
    answers.set(leader, await produceTo(leader, own, terms, options));
  };
  await Promise.all(unasked.map(produce));
  return [...answers.values()].flat();
};

const attempt = async (
  topicMessages: readonly TopicMessages[],
  terms: Terms,
  options: SendOptions,
  answers: Answers,
) => {
  await options.view.refreshIfNecessary();
  const parts = distribute(topicMessages, options);
  const [first] = parts;
  if (first === undefined) return [];
  checkCompression(terms.compression);
  const isToOne = answers.size === 0 && parts.every(({ leader }) => leader === first.leader);
  const answer = await (isToOne
    ? produceTo(first.leader, parts, terms, options)
    : produceToEach(parts, terms, options, answers));
  return terms.acks === 0 ? [] : answer;
};

const needsRefresh = (error: Error): boolean =>
  STALE.has(typeOf(error) ?? '') ||
  REFRESH_AFTER.has(nameOf(error) ?? '') ||
  (error instanceof kafkajs.KafkaJSProtocolError && error.retriable);

/** Writes messages that have been checked and merged by topic, by a client that has connected; tries again as kafkajs does. */
export const sendMessages = (
  { acks = -1, compression = kafkajs.CompressionTypes.None, topicMessages = [] }: ProducerBatch,
  options: SendOptions,
): Promise<RecordMetadata[]> => {
  const { view, retry, logger } = options;
  const { random } = view.connection;
  const surroundings = { clock: view.connection.clock(), random };
  const topics = topicMessages.map(({ topic }) => topic);
  const terms = { acks, compression };
  const answers: Answers = new Map();
  return withRetries(surroundings, retry, async ({ bail, retryCount, retryTime }) => {
    await view.target(topics);
    try {
      return await attempt(topicMessages, terms, options, answers);
    } catch (thrown) {
      const error = toError(thrown);
      if (!view.connection.isConnected()) {
        await view.connection.connect();
        await view.refresh();
        throw error;
      }
      const isStale = needsRefresh(error);
      logger.error(isStale ? `Failed to send messages: ${error.message}` : error.message, {
        retryCount,
        retryTime,
      });
      if (isStale) await view.refresh();
      else if (!('retriable' in error && error.retriable === true)) bail(error);
      throw error;
    }
  });
};
