import {
  REDELIVERED,
  sleep,
  type MetricHistogram,
  type Runtime,
  type Trace,
  type Tracer,
} from '@order-pipeline/service-kit';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import { isRedriveForOtherGroup } from '../dead-letters-redrive.ts';
import type { PublishDeadLetter } from '../dead-letters.ts';
import { beginProcessing, decodeEvent, type MessagePosition, type ReceivedEvent } from '../event-codec.ts';
import {
  endSpans,
  inBatchSpan,
  processBatch,
  sendToDlq,
  type ProcessOptions,
  type RetryableMessage,
} from '../process-batch.ts';
import { whileInGroup } from './heartbeat.ts';
import type { OpenOffsets } from './open-offsets.ts';
import type { HeldBack } from './held-back.ts';
import type { ConsumerOptions, HandleEvents } from './options.ts';
import type { ConsumerProgress } from './progress.ts';

/** The most messages that are processed, and whose offsets are resolved, in one go. */
const MAX_BATCH = 500;
/** How often it is looked whether there is room for more messages that are held back. */
const FULL_PAUSE_MS = 500;

export interface EachBatchOptions {
  readonly group: string;
  readonly handle: HandleEvents;
  readonly deadLetter: PublishDeadLetter;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly progress: ConsumerProgress;
  readonly batchSizes: MetricHistogram<'group'>;
  /** Aborted when no further batch is to be begun. */
  readonly ending: AbortSignal;
  readonly isPaused: () => boolean;
  /** Which messages are not done, and how to commit what is. */
  readonly open: OpenOffsets;
  /** Whether a message is done when the handler has taken it in, or only when it says so itself. */
  readonly commitMode: ConsumerOptions['commitMode'];
  readonly heldBack: Pick<HeldBack, 'add' | 'isFull'>;
  readonly commitOpen: () => Promise<void>;
}

type AnyMessage = ReceivedEvent | (RetryableMessage & Unreadable);
interface Unreadable {
  readonly reason: string;
}

const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

const read = (
  position: MessagePosition,
  raw: KafkaMessage,
  { runtime, group, tracer }: EachBatchOptions,
): AnyMessage => {
  const decoded = decodeEvent(position, raw, runtime);
  return 'reason' in decoded ? { ...position, raw, ...decoded } : beginProcessing(decoded, group, tracer);
};

/**
 * Works messages, and answers those that have to wait.
 *
 * `batch` is the trace of what is done for all of them at once, if that is sampled.
 */
export type Work<M> = (messages: readonly M[], batch?: Trace) => Promise<readonly M[] | void>;

/** The same work, with those that have to wait put into `waiting`. */
export const workApart =
  <M>(work: Work<M>, waiting: Set<M>) =>
  async (messages: readonly M[], batch?: Trace): Promise<void> => {
    for (const message of messages) waiting.delete(message);
    for (const message of (await work(messages, batch)) ?? []) waiting.add(message);
  };

/** @returns whether all of it is done, or held back; false when it stopped being ours */
const workMessages = async (
  messages: readonly AnyMessage[],
  options: EachBatchOptions,
  work: Omit<ProcessOptions, 'handle'>,
): Promise<boolean> => {
  const { open, batchSizes, group, heldBack } = options;
  batchSizes.observe({ group }, messages.length);
  open.taken(messages);
  const events: ReceivedEvent[] = [];
  for (const message of messages) {
    if (isRedriveForOtherGroup(message.topic, message.raw.headers, group)) open.done([message]);
    else if (!('reason' in message)) events.push(message);
    else if (await sendToDlq(message, message.reason, 1, work)) open.done([message]);
    else return false;
  }
  if (events.length === 0) return true;
  const waiting = new Set<ReceivedEvent>();
  const apart = workApart(options.handle, waiting);
  // Where the handler only takes them in, they are processed later.
  const handle = options.commitMode === 'manual' ? apart : inBatchSpan(options, apart);
  let left = events;
  try {
    if (!(await processBatch(events, { ...work, handle }))) return false;
    if (options.commitMode === 'auto') {
      while (waiting.size > 0 && heldBack.isFull()) {
        if (!work.isOurs()) return false;
        await work.pause(FULL_PAUSE_MS);
      }
      const done = events.filter((event) => !waiting.has(event));
      open.done(done);
      endSpans(done);
      heldBack.add([...waiting]);
    }
    left = [];
    return true;
  } finally {
    // Also where a pause failed because the group is joined anew.
    endSpans(left, REDELIVERED);
  }
};

/**
 * Commits what is done, as kafkajs does it by itself: also while the consumer stops, and where it fails the batch ends with
 * that, so that kafkajs joins its group again.
 */
const commitHandled = async (
  { commitOffsetsIfNecessary }: EachBatchPayload,
  open: OpenOffsets,
  isCurrent: () => boolean,
): Promise<void> => {
  const offsets = open.committable();
  if (offsets.length === 0) return;
  const topics = [...new Set(offsets.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: offsets
      .filter((one) => one.topic === topic)
      .map(({ partition, offset }) => ({ partition, offset })),
  }));
  await commitOffsetsIfNecessary({ topics });
  if (isCurrent()) open.committed(offsets);
};

/**
 * The handler that kafkajs calls with what it fetched of one partition. What it leaves unresolved is fetched again.
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
        // Rejects when the group rebalances, which ends the batch here; it goes to the member that gets the partition.
        await heartbeat();
      },
      isOurs: () => isCurrent() && isRunning() && !ending.aborted,
    };
    for (const chunk of chunksOf(batch.messages, MAX_BATCH)) {
      const last = chunk.at(-1);
      if (!last || !work.isOurs() || options.isPaused()) return;
      const messages = chunk.map((raw) => read({ topic, partition, offset: raw.offset }, raw, options));
      const done = await whileInGroup(runtime, heartbeat, ending, () =>
        workMessages(messages, options, work),
      );
      if (!done || !isCurrent()) return;
      resolveOffset(last.offset);
      progress.processed(topic, partition, BigInt(last.offset) + 1n);
      if (options.commitMode === 'manual') await options.commitOpen();
      else await commitHandled(payload, options.open, isCurrent);
      await heartbeat();
    }
  };
