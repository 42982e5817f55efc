import { AUDIT_GROUP_PREFIX } from '@order-pipeline/contracts';
import { withTimeout, type AdminPort, type KafkaPort, type Runtime } from '@order-pipeline/service-kit';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';

/** A message with where it stands. */
export interface Found {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
}

/** What a partition has: offsets from `low` up to, not including, `high`. */
interface PartitionRange {
  readonly topic: string;
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
}

/** What was read. */
export interface ReadRange {
  readonly messages: number;
  /**
   * Topics whose oldest messages Kafka has deleted, each with the time before which messages may be missing, in
   * milliseconds since the epoch.
   */
  readonly keptSince: ReadonlyMap<string, number>;
}

/** The longest without any message, before Kafka is given up. */
const STALL_LIMIT_MS = 60_000;
const MAX_BYTES_A_PARTITION = 1_048_576;
/** So that one batch is taken apart while another waits for the database. */
const CONCURRENCY = 3;

const isMissingTopic = (error: unknown): boolean =>
  (error as { type?: unknown }).type === 'UNKNOWN_TOPIC_OR_PARTITION' ||
  ((error as { cause?: unknown }).cause !== undefined &&
    isMissingTopic((error as { cause?: unknown }).cause));

/** A topic that is not there has no partitions. */
const rangesOf = async (admin: AdminPort, topic: string): Promise<PartitionRange[]> => {
  const offsets = await admin.fetchTopicOffsets(topic).catch((error: unknown) => {
    if (isMissingTopic(error)) return [];
    throw error;
  });
  return offsets.map(({ partition, low, high }) => ({
    topic,
    partition,
    low: BigInt(low),
    high: BigInt(high),
  }));
};

const readRanges = async (kafka: KafkaPort, topics: readonly string[]): Promise<PartitionRange[]> => {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const ranges: PartitionRange[] = [];
    for (const topic of topics) ranges.push(...(await rangesOf(admin, topic)));
    return ranges;
  } finally {
    await admin.disconnect();
  }
};

const nameOf = ({ topic, partition }: Pick<PartitionRange, 'topic' | 'partition'>): string =>
  `${topic}/${partition}`;

/** Keeps what was read where: each message once, whatever the group does, and none that came after the reading began. */
const createProgress = (ranges: readonly PartitionRange[]) => {
  const next = new Map(ranges.map((range) => [nameOf(range), range.low]));
  const high = new Map(ranges.map((range) => [nameOf(range), range.high]));
  const open = new Set(ranges.filter((range) => range.low < range.high).map(nameOf));
  const firsts = new Map<string, { readonly at: number; readonly offset: bigint }>();
  return {
    isDone: () => open.size === 0,
    /** Those of a batch that are new. */
    take: ({ topic, partition, messages }: EachBatchPayload['batch']): Found[] => {
      const name = nameOf({ topic, partition });
      const from = next.get(name) ?? 0n;
      const to = high.get(name) ?? 0n;
      const taken = messages.filter(({ offset }) => BigInt(offset) >= from && BigInt(offset) < to);
      const first = messages[0];
      if (first && !firsts.has(name))
        firsts.set(name, { at: Number(first.timestamp), offset: BigInt(first.offset) });
      return taken.map((message) => ({ topic, partition, message }));
    },
    /** Says that everything up to an offset was processed. */
    advance: (topic: string, partition: number, lastOffset: string): void => {
      const name = nameOf({ topic, partition });
      const position = BigInt(lastOffset) + 1n;
      if (position > (next.get(name) ?? 0n)) next.set(name, position);
      if (position >= (high.get(name) ?? 0n)) open.delete(name);
    },
    /** Whether the oldest messages are gone, also since we looked where it begins. */
    isCut: (range: PartitionRange): boolean =>
      range.low > 0n || (firsts.get(nameOf(range))?.offset ?? range.low) > range.low,
    keptSince: (range: PartitionRange, now: number): number => firsts.get(nameOf(range))?.at ?? now,
  };
};

type Progress = ReturnType<typeof createProgress>;

/** Reads in a consumer group of its own that commits nothing, so that it leaves no trace and disturbs nobody. */
const consume = async (
  kafka: KafkaPort,
  topics: readonly string[],
  progress: Progress,
  runtime: Runtime,
  work: (found: readonly Found[]) => Promise<void>,
): Promise<void> => {
  const consumer = kafka.consumer({
    groupId: `${AUDIT_GROUP_PREFIX}${runtime.uuid()}`,
    allowAutoTopicCreation: false,
    maxBytesPerPartition: MAX_BYTES_A_PARTITION,
    maxWaitTimeInMs: 500,
  });
  let settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  let cancelStall = (): void => undefined;
  const watch = (): void => {
    cancelStall();
    const stalled = () => settle?.reject(new Error(`Kafka handed over nothing for ${STALL_LIMIT_MS} ms`));
    cancelStall = runtime.after(STALL_LIMIT_MS, stalled);
  };
  const eachBatch = async ({ batch, heartbeat }: EachBatchPayload): Promise<void> => {
    watch();
    try {
      await work(progress.take(batch));
    } catch (error) {
      // kafkajs would try the batch again and again.
      settle?.reject(error);
      return;
    }
    progress.advance(batch.topic, batch.partition, batch.lastOffset());
    if (progress.isDone()) settle?.resolve();
    await heartbeat();
  };
  try {
    watch();
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    const failed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
    });
    await consumer.run({ autoCommit: false, eachBatch, partitionsConsumedConcurrently: CONCURRENCY });
    await Promise.race([ended, failed]);
  } finally {
    cancelStall();
    await withTimeout(
      runtime,
      STALL_LIMIT_MS,
      consumer.disconnect(),
      () => new Error('Kafka does not let go'),
    );
  }
};

/**
 * Reads what topics hold at this moment, from their beginning, and nothing that comes later.
 *
 * @param at `now`: the time, in milliseconds since the epoch
 * @param work gets the messages in batches, those of a partition in their order, each once; batches of different partitions at the same time
 * @throws Error when Kafka cannot be read, and what `work` throws
 */
export const readToEnd = async (
  kafka: KafkaPort,
  topics: readonly string[],
  { runtime, now }: { readonly runtime: Runtime; readonly now: number },
  work: (found: readonly Found[]) => Promise<void>,
): Promise<ReadRange> => {
  const ranges = await readRanges(kafka, topics);
  const progress = createProgress(ranges);
  let messages = 0;
  const count = async (found: readonly Found[]): Promise<void> => {
    messages += found.length;
    await work(found);
  };
  const present = [...new Set(ranges.map(({ topic }) => topic))];
  if (!progress.isDone()) await consume(kafka, present, progress, runtime, count);
  const keptSince = new Map<string, number>();
  for (const range of ranges.filter(progress.isCut)) {
    const since = progress.keptSince(range, now);
    keptSince.set(range.topic, Math.max(since, keptSince.get(range.topic) ?? 0));
  }
  return { messages, keptSince };
};
