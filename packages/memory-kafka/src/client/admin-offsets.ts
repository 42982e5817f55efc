import kafkajs from 'kafkajs';
import type { Admin, FetchOffsetsPartition, Logger, SeekEntry } from 'kafkajs';
import { checkLeader, EARLIEST_OFFSET, LATEST_OFFSET, type Core } from '../broker/core.ts';
import type { OffsetToCommit } from '../broker/group-types.ts';
import { throwRefusal, type Refusals } from '../broker/refusals.ts';
import {
  brokerNotFound,
  nonRetriable,
  protocolError,
  toError,
  topicMetadataNotLoaded,
  typeOf,
} from '../errors.ts';
import { aboutTopics, type AdminParts } from './admin-parts.ts';
import { checkedOffset } from './consumer-checks.ts';
import { findingCoordinator } from './find-coordinator.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import { describeGroups } from './describe-groups.ts';
import type { ClusterView } from './metadata.ts';
import { shown } from './typing-gaps.ts';

type OffsetCalls = Pick<
  Admin,
  | 'fetchTopicOffsets'
  | 'fetchTopicOffsetsByTimestamp'
  | 'fetchOffsets'
  | 'setOffsets'
  | 'resetOffsets'
  | 'deleteTopicRecords'
>;

const checkTopic = (topic: unknown): void => {
  if (!topic || typeof topic !== 'string') throw nonRetriable(`Invalid topic ${shown(topic)}`);
};

const checkGroup = (groupId: unknown): void => {
  if (!groupId) throw nonRetriable(`Invalid groupId ${shown(groupId)}`);
};

const topicOffsets = (core: Core, topic: string, refused: Refusals) => {
  throwRefusal(refused.topic(topic));
  return core.topics.describe(topic, false).partitions.map((log, partition) => {
    checkLeader(log, undefined);
    // Kafka returns to clients that read committed messages, and those are all, where they have to stop.
    const high = String(log.lastStable());
    return { partition, offset: high, high, low: String(log.low()) };
  });
};

const offsetsByTimestamp = (core: Core, topic: string, refused: Refusals, timestamp = LATEST_OFFSET) => {
  throwRefusal(refused.topic(topic));
  return core.topics.describe(topic, false).partitions.map((log, partition) => {
    if (timestamp < EARLIEST_OFFSET) throw protocolError('UNSUPPORTED_VERSION');
    if (timestamp === EARLIEST_OFFSET) return { partition, offset: String(log.low()) };
    const found = timestamp === LATEST_OFFSET ? undefined : log.offsetAt(timestamp);
    return { partition, offset: String(Math.min(found ?? Infinity, log.lastStable())) };
  });
};

const committedIn = (
  core: Core,
  groupId: string,
  topic: string,
  partition: number,
): FetchOffsetsPartition => {
  const committed = core.coordinator.committed(groupId, topic, partition);
  return {
    partition,
    offset: String(committed?.offset ?? LATEST_OFFSET),
    metadata: committed?.metadata || null,
  };
};

const groupOffsets = (core: Core, groupId: string, topics: readonly string[], refused: Refusals) => {
  throwRefusal(refused.group(groupId));
  for (const topic of topics) throwRefusal(refused.topic(topic));
  if (topics.length === 0) {
    const offsets = core.coordinator.find(groupId)?.offsets ?? new Map<string, Map<number, unknown>>();
    return [...offsets]
      .filter(([topic]) => refused.topic(topic) === undefined)
      .map(([topic, partitions]) => ({
        topic,
        partitions: [...partitions.keys()].map((partition) => committedIn(core, groupId, topic, partition)),
      }));
  }
  return topics.map((topic) => ({
    topic,
    partitions: core.topics
      .describe(topic, false)
      .partitions.map((_log, partition) => committedIn(core, groupId, topic, partition)),
  }));
};

const resolve = (core: Core, topic: string, { partition, offset, metadata }: FetchOffsetsPartition) => {
  const log = core.topics.partition(topic, partition);
  if (Number(offset) === EARLIEST_OFFSET) return { partition, offset: String(log.low()), metadata };
  if (Number(offset) === LATEST_OFFSET) return { partition, offset: String(log.lastStable()), metadata };
  return { partition, offset, metadata };
};

/** Stores offsets for a group that nobody is in. */
const storeOffsets = (core: Core, groupId: string, topic: string, entries: readonly SeekEntry[]): void => {
  const [group] = describeGroups(core, [groupId]);
  if (group !== undefined && group.state !== 'Empty' && group.state !== 'Dead') {
    throw nonRetriable(`The consumer group must have no running instances, current state: ${group.state}`);
  }
  const partitionCount = core.topics.describe(topic, false).partitions.length;
  const commits: OffsetToCommit[] = entries
    .filter(({ partition }) => partition < partitionCount)
    .map(({ partition, offset }) => ({
      topic,
      partition,
      offset: checkedOffset({ topic, partition, offset }, true),
      metadata: null,
    }));
  core.coordinator.commit({ groupId, memberId: '', generationId: -1 }, commits);
};

/** Turns 'earliest' and 'latest' into the offsets they stand for now, and commits those. */
const resolveAndStore = (
  core: Core,
  groupId: string,
  { topic, partitions }: { topic: string; partitions: FetchOffsetsPartition[] },
) => {
  const resolved = partitions.map((partition) => resolve(core, topic, partition));
  storeOffsets(core, groupId, topic, resolved);
  return { topic, partitions: resolved };
};

/** kafkajs finds leaders of those partitions alone that it has loaded. */
const checkLoaded = (topic: string, partitionCount: number, entries: readonly SeekEntry[]): void => {
  const missing = entries.filter(
    ({ partition }) => !(Number.isInteger(partition) && partition >= 0 && partition < partitionCount),
  );
  if (missing.length === 0) return;
  const error = brokerNotFound('Could not find the leader for the partition');
  throw new kafkajs.KafkaJSDeleteTopicRecordsError({
    topic,
    partitions: missing.map((entry) => ({ ...entry, error })),
  });
};

const deleteRecordsError = (topic: string, entries: readonly SeekEntry[], type: ProtocolErrorType) =>
  new kafkajs.KafkaJSDeleteTopicRecordsError({
    topic,
    partitions: entries.map((entry) => ({ ...entry, error: protocolError(type) })),
  });

const deleteRecords = (core: Core, topic: string, entries: readonly SeekEntry[], refused: Refusals): void => {
  const refusal = refused.topic(topic);
  if (refusal !== undefined) throw deleteRecordsError(topic, entries, refusal);
  const { partitions } = core.topics.describe(topic, false);
  const outOfRange = entries.filter(({ partition, offset }) => {
    const asked = Number(BigInt(offset));
    return asked < LATEST_OFFSET || asked > (partitions[partition]?.high() ?? 0);
  });
  for (const entry of entries) {
    if (outOfRange.includes(entry)) continue;
    const log = partitions[entry.partition];
    log?.deleteBefore(Number(entry.offset) === LATEST_OFFSET ? log.high() : Number(entry.offset));
  }
  if (outOfRange.length === 0) return;
  throw deleteRecordsError(topic, outOfRange, 'OFFSET_OUT_OF_RANGE');
};

const warnBelowLow = (
  logger: Logger,
  topic: string,
  known: ReturnType<typeof topicOffsets>,
  entries: readonly SeekEntry[],
): void => {
  for (const { partition, offset } of entries) {
    const low = Number(known.find((each) => each.partition === partition)?.low ?? 0);
    if (Number(offset) >= low || Number(offset) === LATEST_OFFSET) continue;
    logger.warn(
      'The requested offset is before the earliest offset maintained on the partition - no records will be deleted from this partition',
      {
        topic,
        partition,
        offset,
      },
    );
  }
};

/** What `fetchOffsets()` does. */
const createFetchOffsets =
  (view: ClusterView): Admin['fetchOffsets'] =>
  async ({ groupId, topics = [], resolveOffsets = false }) => {
    checkGroup(groupId);
    if (!Array.isArray(topics)) throw nonRetriable('Expected topics array to be set');
    return findingCoordinator(view, [{ groupId }], () =>
      view.request(aboutTopics('OffsetFetch', topics, groupId), (core, refused) => {
        const found = groupOffsets(core, groupId, topics, refused);
        return resolveOffsets ? found.map((topic) => resolveAndStore(core, groupId, topic)) : found;
      }),
    );
  };

/** The admin calls that are about offsets, of topics and of groups. */
export const createOffsetCalls = ({ view, retrying, logger, partitionCount }: AdminParts): OffsetCalls => {
  const readTopic = <T>(topic: string, read: (core: Core, refused: Refusals) => T): Promise<T> => {
    checkTopic(topic);
    return retrying(async ({ bail }) => {
      try {
        return await view.request(aboutTopics('ListOffsets', [topic]), read);
      } catch (error) {
        if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') bail(error);
        throw toError(error);
      }
    });
  };

  const setOffsets: Admin['setOffsets'] = async ({ groupId, topic, partitions }) => {
    checkGroup(groupId);
    checkTopic(topic);
    if (!partitions || partitions.length === 0) throw nonRetriable('Invalid partitions');
    await findingCoordinator(view, [{ groupId }], () =>
      view.request(aboutTopics('OffsetCommit', [topic], groupId), (core, refused) => {
        throwRefusal(refused.topic(topic));
        storeOffsets(core, groupId, topic, partitions);
      }),
    );
  };

  return {
    fetchTopicOffsets: async (topic) =>
      readTopic(topic, (core, refused) => topicOffsets(core, topic, refused)),
    fetchTopicOffsetsByTimestamp: async (topic, timestamp) =>
      readTopic(topic, (core, refused) => offsetsByTimestamp(core, topic, refused, timestamp)),
    fetchOffsets: createFetchOffsets(view),
    setOffsets,
    resetOffsets: async ({ groupId, topic, earliest }) => {
      checkGroup(groupId);
      checkTopic(topic);
      const offset = String(earliest ? EARLIEST_OFFSET : LATEST_OFFSET);
      const offsets = await view.request(aboutTopics('Metadata', [topic]), (core, refused) =>
        topicOffsets(core, topic, refused),
      );
      const partitions = offsets.map(({ partition }) => ({ partition, offset }));
      await setOffsets({ groupId, topic, partitions });
    },
    deleteTopicRecords: async ({ topic, partitions }) => {
      if (!topic || typeof topic !== 'string') throw nonRetriable(`Invalid topic "${shown(topic)}"`);
      if (!partitions || partitions.length === 0) throw nonRetriable('Invalid partitions');
      const known = partitionCount(topic);
      if (known === undefined) throw topicMetadataNotLoaded(topic);
      const offsets = await readTopic(topic, (core, refused) => topicOffsets(core, topic, refused));
      checkLoaded(topic, known, partitions);
      warnBelowLow(logger, topic, offsets, partitions);
      await retrying(() =>
        view.request(aboutTopics('DeleteRecords', [topic]), (core, refused) =>
          deleteRecords(core, topic, partitions, refused),
        ),
      );
    },
  };
};
