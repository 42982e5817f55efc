import { sleep, unavailable, type AdminPort, type Runtime } from '@order-pipeline/service-kit';
import type { Admin } from 'kafkajs';

/** How long Kafka may take to show partitions that it has made, in milliseconds, and how often it is asked. */
const SHOWN_LIMIT_MS = 15_000;
const ASK_INTERVAL_MS = 200;

type PartitionsAdmin = Pick<AdminPort, 'fetchTopicMetadata'> & Pick<Admin, 'createPartitions'>;

const findFewer = async (
  admin: PartitionsAdmin,
  topics: readonly string[],
  partitions: number,
): Promise<string[]> => {
  if (topics.length === 0) return [];
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
  return found.filter((topic) => topic.partitions.length < partitions).map(({ name }) => name);
};

/**
 * Adds partitions to topics until each has so many. None is ever taken away: topics with more stay as they are. Consumers that run
 * find the new ones by themselves (`METADATA_MAX_AGE_MS`), and read them from their beginning.
 *
 * @returns the topics that had fewer, once Kafka shows their partitions
 * @throws what Kafka refuses, such as to who may not alter topics; AppError UNAVAILABLE where it does not show them within 15 s
 */
export const raisePartitions = async (
  admin: PartitionsAdmin,
  topics: readonly string[],
  partitions: number,
  runtime: Pick<Runtime, 'monotonic' | 'after'>,
): Promise<string[]> => {
  const fewer = await findFewer(admin, topics, partitions);
  if (fewer.length === 0) return [];
  await admin.createPartitions({ topicPartitions: fewer.map((topic) => ({ topic, count: partitions })) });
  const began = runtime.monotonic();
  while ((await findFewer(admin, fewer, partitions)).length > 0) {
    if (runtime.monotonic() - began > SHOWN_LIMIT_MS) throw unavailable('Kafka does not show the partitions');
    await sleep(runtime, ASK_INTERVAL_MS);
  }
  return fewer;
};
