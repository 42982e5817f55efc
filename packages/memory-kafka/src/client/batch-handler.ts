import type { EachBatchPayload, EachBatchHandler, EachMessageHandler, Logger } from 'kafkajs';
import kafkajs from 'kafkajs';
import type { Clock } from '../clock.ts';
import { NOTHING_TO_DO } from '../deferred.ts';
import type { Emitter } from '../emitter.ts';
import { isRebalancing, toError } from '../errors.ts';
import type { FetchedBatch } from './batch.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';
import type { GroupSession } from './group-session.ts';

export interface BatchHandlerOptions {
  readonly session: GroupSession;
  readonly clock: () => Clock;
  readonly emitter: Emitter;
  readonly logger: Logger;
  readonly autoCommit: boolean;
  readonly eachBatchAutoResolve: boolean;
  readonly eachMessage: EachMessageHandler | undefined;
  readonly eachBatch: EachBatchHandler | undefined;
  readonly isRunning: () => boolean;
}

/** What the consumer does with what it has fetched. */
export interface BatchHandler {
  /** Hands a batch to the user's handler, resolves, commits and heartbeats as kafkajs does. */
  handle(batch: FetchedBatch): Promise<void>;
  /** A heartbeat; when it says that the group rebalances, what is resolved is committed first. */
  heartbeat(): Promise<void>;
}

const commit = async ({ autoCommit, session }: BatchHandlerOptions): Promise<void> => {
  if (autoCommit) await session.offsets().commit();
};

const commitIfNecessary = async ({ autoCommit, session }: BatchHandlerOptions): Promise<void> => {
  if (autoCommit) await session.offsets().commitIfNecessary();
};

const heartbeat = (options: BatchHandlerOptions): Promise<void> => {
  const beat = options.session.membership.heartbeat();
  return beat === undefined ? NOTHING_TO_DO : committingWhenOver(options, beat);
};

const committingWhenOver = async (options: BatchHandlerOptions, beat: Promise<void>): Promise<void> => {
  try {
    await beat;
  } catch (error) {
    if (isRebalancing(error)) await commit(options);
    throw error;
  }
};

const pauseOf =
  ({ session }: BatchHandlerOptions, { topic, partition }: FetchedBatch) =>
  (): (() => void) => {
    const targets = [{ topic, partitions: [partition] }];
    session.pause(targets);
    return () => session.resume(targets);
  };

const fail = async (
  options: BatchHandlerOptions,
  handler: string,
  thrown: unknown,
  where: object,
): Promise<never> => {
  if (!(thrown instanceof kafkajs.KafkaJSError)) {
    // As in kafkajs: where undefined or null was thrown there is no stack to read, and the TypeError that says so is one
    // that no retry cures.
    const stack = (thrown as Error).stack;
    options.logger.error(`Error when calling ${handler}`, { ...where, stack, error: thrown });
  }
  await commit(options);
  throw toError(thrown);
};

const handleMessages = async (
  options: BatchHandlerOptions,
  batch: FetchedBatch,
  handler: EachMessageHandler,
): Promise<void> => {
  const { session, isRunning } = options;
  const { topic, partition } = batch;
  const pause = pauseOf(options, batch);
  const beat = () => heartbeat(options);
  for (const message of batch.messages) {
    if (!isRunning() || session.hasSeek(topic, partition)) break;
    try {
      await handler({ topic, partition, message, heartbeat: beat, pause });
    } catch (error) {
      await fail(options, 'eachMessage', error, { topic, partition, offset: message.offset });
    }
    session.offsets().tracker.resolve(topic, partition, Number(message.offset));
    await heartbeat(options);
    await commitIfNecessary(options);
    if (session.isPaused(topic, partition)) break;
  }
};

const resolveIn = ({ session }: BatchHandlerOptions, batch: FetchedBatch, offset: string): void => {
  const lastVisible = batch.messages.at(-1)?.offset;
  // A transaction's marker behind the last message never reaches the handler, which cannot resolve it either.
  const resolved = offset === lastVisible ? batch.lastOffset() : offset;
  session.offsets().tracker.resolve(batch.topic, batch.partition, Number(BigInt(resolved)));
};

const batchPayload = (options: BatchHandlerOptions, batch: FetchedBatch): EachBatchPayload => {
  const { session, isRunning } = options;
  return {
    batch,
    resolveOffset: (offset) => resolveIn(options, batch, offset),
    heartbeat: () => heartbeat(options),
    pause: pauseOf(options, batch),
    commitOffsetsIfNecessary: (offsets) =>
      offsets ? session.offsets().commit(offsets) : session.offsets().commitIfNecessary(),
    uncommittedOffsets: () => session.offsets().uncommitted(),
    isRunning,
    isStale: () => session.hasSeek(batch.topic, batch.partition),
  };
};

const handleWhole = async (
  options: BatchHandlerOptions,
  batch: FetchedBatch,
  handler: EachBatchHandler,
): Promise<void> => {
  try {
    await handler(batchPayload(options, batch));
  } catch (error) {
    const { topic, partition } = batch;
    await fail(options, 'eachBatch', error, { topic, partition, offset: batch.firstOffset() });
  }
  if (options.eachBatchAutoResolve) resolveIn(options, batch, batch.lastOffset());
};

const callHandler = async (options: BatchHandlerOptions, batch: FetchedBatch): Promise<void> => {
  const { eachMessage, eachBatch } = options;
  if (batch.isEmptyDueToFiltering()) {
    resolveIn(options, batch, batch.lastOffset());
    await commitIfNecessary(options);
  } else if (eachMessage) await handleMessages(options, batch, eachMessage);
  else if (eachBatch) await handleWhole(options, batch, eachBatch);
};

const { START_BATCH_PROCESS, END_BATCH_PROCESS } = CONSUMER_EVENTS;

/** What events say of a batch. */
const payloadOf = (batch: FetchedBatch) => ({
  topic: batch.topic,
  partition: batch.partition,
  highWatermark: batch.highWatermark,
  offsetLag: batch.offsetLag(),
  offsetLagLow: batch.offsetLagLow(),
  batchSize: batch.messages.length,
  firstOffset: batch.firstOffset(),
  lastOffset: batch.lastOffset(),
});

const handle = async (options: BatchHandlerOptions, batch: FetchedBatch): Promise<void> => {
  const { isRunning, clock, emitter } = options;
  if (!isRunning()) return;
  const startedAt = clock().monotonic();
  const isHeard = emitter.isHeard(START_BATCH_PROCESS) || emitter.isHeard(END_BATCH_PROCESS);
  const payload = isHeard ? payloadOf(batch) : undefined;
  emitter.emit(START_BATCH_PROCESS, payload);
  await callHandler(options, batch);
  if (emitter.isHeard(END_BATCH_PROCESS)) {
    const duration = Math.round(clock().monotonic() - startedAt);
    emitter.emit(END_BATCH_PROCESS, { ...(payload ?? payloadOf(batch)), duration });
  }
  if (!batch.isEmptyDueToFiltering()) await commit(options);
  await heartbeat(options);
};

/** A handler for the batches of one session. */
export const createBatchHandler = (options: BatchHandlerOptions): BatchHandler => ({
  handle: (batch) => handle(options, batch),
  heartbeat: () => heartbeat(options),
});
