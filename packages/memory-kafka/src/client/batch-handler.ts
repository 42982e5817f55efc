import type { EachBatchHandler, EachMessageHandler, Logger } from 'kafkajs';
import kafkajs from 'kafkajs';
import type { Clock } from '../clock.ts';
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

/** A handler for the batches of one session. */
export const createBatchHandler = (options: BatchHandlerOptions): BatchHandler => {
  const { session, clock, emitter, logger, autoCommit, eachMessage, eachBatch, isRunning } = options;

  const commit = async (): Promise<void> => {
    if (autoCommit) await session.offsets().commit();
  };
  const commitIfNecessary = async (): Promise<void> => {
    if (autoCommit) await session.offsets().commitIfNecessary();
  };

  const heartbeat = async (): Promise<void> => {
    try {
      await session.membership.heartbeat();
    } catch (error) {
      if (isRebalancing(error)) await commit();
      throw error;
    }
  };

  const pauseOf = (topic: string, partition: number) => (): (() => void) => {
    const targets = [{ topic, partitions: [partition] }];
    session.pause(targets);
    return () => session.resume(targets);
  };

  const failed = async (handler: string, thrown: unknown, where: object): Promise<never> => {
    const error = toError(thrown);
    if (!(error instanceof kafkajs.KafkaJSError)) {
      logger.error(`Error when calling ${handler}`, { ...where, stack: error.stack, error });
    }
    await commit();
    throw error;
  };

  const handleMessages = async (batch: FetchedBatch, handler: EachMessageHandler): Promise<void> => {
    const { topic, partition } = batch;
    const pause = pauseOf(topic, partition);
    for (const message of batch.messages) {
      if (!isRunning() || session.hasSeek(topic, partition)) break;
      try {
        await handler({ topic, partition, message, heartbeat, pause });
      } catch (error) {
        await failed('eachMessage', error, { topic, partition, offset: message.offset });
      }
      session.offsets().tracker.resolve(topic, partition, Number(message.offset));
      await heartbeat();
      await commitIfNecessary();
      if (session.isPaused(topic, partition)) break;
    }
  };

  const resolveIn = (batch: FetchedBatch, offset: string): void => {
    const lastVisible = batch.messages.at(-1)?.offset;
    // A transaction's marker behind the last message never reaches the handler, which cannot resolve it either.
    const resolved = offset === lastVisible ? batch.lastOffset() : offset;
    session.offsets().tracker.resolve(batch.topic, batch.partition, Number(BigInt(resolved)));
  };

  const handleBatch = async (batch: FetchedBatch, handler: EachBatchHandler): Promise<void> => {
    const { topic, partition } = batch;
    try {
      await handler({
        batch,
        resolveOffset: (offset) => resolveIn(batch, offset),
        heartbeat,
        pause: pauseOf(topic, partition),
        commitOffsetsIfNecessary: (offsets) =>
          offsets ? session.offsets().commit(offsets) : session.offsets().commitIfNecessary(),
        uncommittedOffsets: () => session.offsets().uncommitted(),
        isRunning,
        isStale: () => session.hasSeek(topic, partition),
      });
    } catch (error) {
      await failed('eachBatch', error, { topic, partition, offset: batch.firstOffset() });
    }
    if (options.eachBatchAutoResolve) resolveIn(batch, batch.lastOffset());
  };

  const callHandler = async (batch: FetchedBatch): Promise<void> => {
    if (batch.isEmptyDueToFiltering()) {
      resolveIn(batch, batch.lastOffset());
      await commitIfNecessary();
    } else if (eachMessage !== undefined) await handleMessages(batch, eachMessage);
    else if (eachBatch !== undefined) await handleBatch(batch, eachBatch);
  };

  const handle = async (batch: FetchedBatch): Promise<void> => {
    if (!isRunning()) return;
    const startedAt = clock().now();
    const payload = {
      topic: batch.topic,
      partition: batch.partition,
      highWatermark: batch.highWatermark,
      offsetLag: batch.offsetLag(),
      offsetLagLow: batch.offsetLagLow(),
      batchSize: batch.messages.length,
      firstOffset: batch.firstOffset(),
      lastOffset: batch.lastOffset(),
    };
    emitter.emit(CONSUMER_EVENTS.START_BATCH_PROCESS, payload);
    await callHandler(batch);
    const duration = clock().now() - startedAt;
    emitter.emit(CONSUMER_EVENTS.END_BATCH_PROCESS, { ...payload, duration });
    if (!batch.isEmptyDueToFiltering()) await commit();
    await heartbeat();
  };

  return { handle, heartbeat };
};
