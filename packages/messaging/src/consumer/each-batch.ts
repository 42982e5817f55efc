import { sleep, type MetricHistogram, type Runtime } from '@order-pipeline/service-kit';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import { isSentBackToAnother } from '../dead-letters-return.ts';
import type { DeadLetter } from '../dead-letters.ts';
import { decodeEvent, type MessagePosition, type ReceivedEvent } from '../event-codec.ts';
import { setAside, workBatch, type WorkableMessage, type WorkOptions } from '../work-batch.ts';
import { whileInGroup } from './heartbeat.ts';
import type { OpenOffsets } from './open-offsets.ts';
import type { HandleEvents } from './options.ts';
import type { ConsumerProgress } from './progress.ts';

/** The most messages that are worked, and whose offsets are resolved, in one go. */
const MAX_BATCH = 500;

export interface EachBatchOptions {
  readonly group: string;
  readonly handle: HandleEvents;
  readonly deadLetter: DeadLetter;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly progress: ConsumerProgress;
  readonly batchSizes: MetricHistogram<'group'>;
  /** Aborted when no further batch is to be begun. */
  readonly ending: AbortSignal;
  readonly isPaused: () => boolean;
  /** Where the handler commits: which messages wait for it, and how to commit what does not. */
  readonly open?: OpenOffsets;
  readonly commitOpen: () => Promise<void>;
}

type AnyMessage = ReceivedEvent | (WorkableMessage & Unreadable);
interface Unreadable {
  readonly reason: string;
}

const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

const read = (position: MessagePosition, raw: KafkaMessage, runtime: Runtime): AnyMessage => {
  const decoded = decodeEvent(position, raw, runtime);
  return 'reason' in decoded ? { ...position, raw, ...decoded } : decoded;
};

/** @returns whether all of it is done; false when it stopped being ours */
const workMessages = async (
  messages: readonly AnyMessage[],
  options: EachBatchOptions,
  work: Omit<WorkOptions, 'handle'>,
): Promise<boolean> => {
  const { open, batchSizes, group } = options;
  batchSizes.observe({ group }, messages.length);
  open?.taken(messages);
  const events: ReceivedEvent[] = [];
  for (const message of messages) {
    if (isSentBackToAnother(message.topic, message.raw.headers, group)) open?.done([message]);
    else if (!('reason' in message)) events.push(message);
    else if (await setAside(message, message.reason, 1, work)) open?.done([message]);
    else return false;
  }
  return events.length === 0 || workBatch(events, { ...work, handle: options.handle });
};

/**
 * The handler that kafkajs calls with what it fetched of one partition. What it resolves, kafkajs commits when it
 * returns or throws; what it leaves is fetched again.
 */
export const createEachBatch =
  (options: EachBatchOptions) =>
  async (payload: EachBatchPayload): Promise<void> => {
    const { runtime, progress, ending, logger } = options;
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload;
    const { topic, partition } = batch;
    const assignment = progress.assignments();
    const isCurrent = () => progress.assignments() === assignment && !isStale();
    const work = {
      deadLetter: options.deadLetter,
      runtime,
      logger,
      pause: async (ms: number) => {
        await sleep(runtime, ms, ending);
        // Rejects when the group rebalances, which ends the batch here; it goes to whoever gets the partition.
        await heartbeat();
      },
      isOurs: () => isCurrent() && isRunning() && !ending.aborted,
    };
    for (const chunk of chunksOf(batch.messages, MAX_BATCH)) {
      const last = chunk.at(-1);
      if (!last || !work.isOurs() || options.isPaused()) return;
      const messages = chunk.map((raw) => read({ topic, partition, offset: raw.offset }, raw, runtime));
      const done = await whileInGroup(runtime, heartbeat, ending, () =>
        workMessages(messages, options, work),
      );
      if (!done || !isCurrent()) return;
      resolveOffset(last.offset);
      progress.worked(topic, partition, BigInt(last.offset) + 1n);
      await options.commitOpen();
      await heartbeat();
    }
  };
