import { TOPIC_NAMES, type Topic } from '@order-pipeline/contracts';
import { startPeriodic, type Runtime } from '@order-pipeline/service-kit';
import type { Admin, SeekEntry } from 'kafkajs';
import type { Logger } from 'pino';
import { findReaders, type TopicReader } from './topic-readers.ts';

/** How many messages of a partition stay in any case, the newest, so that one can look at them. */
export const KEPT_MESSAGES = 1_000;
const INTERVAL_MS = 5_000;

export type TrimmingAdmin = Pick<
  Admin,
  | 'disconnect'
  | 'listTopics'
  | 'fetchTopicOffsets'
  | 'listGroups'
  | 'describeGroups'
  | 'fetchOffsets'
  | 'deleteTopicRecords'
>;

/** A partition with more messages than stay in any case. */
interface LongPartition {
  readonly topic: Topic;
  readonly partition: number;
  readonly low: bigint;
  /** Where the messages begin that stay in any case. */
  readonly newestFrom: bigint;
}

const findLongPartitions = async (admin: TrimmingAdmin): Promise<LongPartition[]> => {
  const existing = new Set(await admin.listTopics());
  const found: LongPartition[] = [];
  for (const topic of TOPIC_NAMES.filter((name) => existing.has(name))) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      found.push({ topic, partition, low: BigInt(low), newestFrom: BigInt(high) - BigInt(KEPT_MESSAGES) });
    }
  }
  return found.filter(({ low, newestFrom }) => newestFrom > low);
};

/** The first offset that has to stay. */
const firstToKeep = (
  { topic, partition, newestFrom }: LongPartition,
  readers: readonly TopicReader[],
): bigint =>
  readers
    .filter((reader) => reader.reads(topic))
    .map((reader) => reader.committed(topic, partition))
    .reduce((least, offset) => (offset < least ? offset : least), newestFrom);

/**
 * Deletes the records in the topics of orders that every group which reads them has committed, but for the newest
 * `KEPT_MESSAGES` of each partition. What one group has still to work stays, however much it is; and so do dead letters.
 *
 * @throws what `admin` throws; what was deleted until then is gone, the rest stays
 */
export const trimTopics = async (admin: TrimmingAdmin, logger: Logger): Promise<void> => {
  const long = await findLongPartitions(admin);
  if (long.length === 0) return;
  const topics = [...new Set(long.map(({ topic }) => topic))];
  const readers = await findReaders(admin, topics);
  for (const topic of topics) {
    const partitions: SeekEntry[] = long
      .filter((each) => each.topic === topic)
      .map((each) => ({ ...each, keepFrom: firstToKeep(each, readers) }))
      .filter(({ keepFrom, low }) => keepFrom > low)
      .map(({ partition, keepFrom }) => ({ partition, offset: String(keepFrom) }));
    if (partitions.length === 0) continue;
    await admin.deleteTopicRecords({ topic, partitions });
    logger.debug({ topic, partitions }, 'deleted messages that every consumer group has committed');
  }
};

/**
 * Trims the topics of a broker in memory again and again: it has no disk to keep for ever what nobody will read any more.
 *
 * @param options.admin is disconnected at the end
 */
export const startTrimming = (options: {
  readonly admin: TrimmingAdmin;
  readonly runtime: Pick<Runtime, 'after' | 'soon'>;
  readonly logger: Logger;
}): { stop(): Promise<void> } => {
  const { admin, logger } = options;
  const periodic = startPeriodic({
    ...options,
    name: 'trimming of topics',
    intervalMs: INTERVAL_MS,
    work: () => trimTopics(admin, logger),
  });
  return {
    stop: async () => {
      await periodic.stop();
      await admin.disconnect();
    },
  };
};
