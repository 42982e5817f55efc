import type { EachBatchHandler, EachMessageHandler, Logger, RetryOptions } from 'kafkajs';
import { NODE_ID } from '../broker/core.ts';
import type { Clock } from '../clock.ts';
import { createDeferred } from '../deferred.ts';
import type { Emitter } from '../emitter.ts';
import { isRebalancing, nameOf, toError, typeOf } from '../errors.ts';
import { withRetries, type Attempt, type Surroundings } from '../retry.ts';
import type { FetchedBatch } from './batch.ts';
import { createBatchHandler } from './batch-handler.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';
import { createFetchLoop } from './fetch-loop.ts';
import type { OffsetsToCommit } from './group-offsets.ts';
import type { GroupSession } from './group-session.ts';

export interface RunnerOptions {
  readonly session: GroupSession;
  readonly surroundings: () => Promise<Surroundings>;
  readonly clock: () => Clock;
  readonly emitter: Emitter;
  readonly logger: Logger;
  readonly groupId: string;
  readonly retry: RetryOptions;
  readonly concurrency: number;
  readonly autoCommit: boolean;
  readonly eachBatchAutoResolve: boolean;
  readonly eachMessage: EachMessageHandler | undefined;
  readonly eachBatch: EachBatchHandler | undefined;
  readonly onCrash: (error: Error) => Promise<void>;
}

/** What keeps a session going: fetch, handle, back off, join again. */
export interface Runner {
  /** Resolves after the first join, or after the crash that came instead. */
  start(): Promise<void>;
  /** Waits for the handler in flight, then leaves the group. */
  stop(): Promise<void>;
  commitOffsets(offsets: OffsetsToCommit): Promise<void>;
}

/** A runner that has not started. */
export const createRunner = (options: RunnerOptions): Runner => {
  const { session, emitter, logger, groupId, retry, onCrash } = options;
  const { membership } = session;
  let isRunning = false;
  let consuming = createDeferred<void>();
  consuming.resolve();

  const handler = createBatchHandler({ ...options, isRunning: () => isRunning });

  const fetch = async (): Promise<FetchedBatch[]> => {
    if (!isRunning) return [];
    const startedAt = options.clock().now();
    // A string at run time, though typed as a number: kafkajs takes it from an object's keys.
    const nodeId = String(NODE_ID);
    emitter.emit(CONSUMER_EVENTS.FETCH_START, { nodeId });
    const batches = await session.fetch();
    const duration = options.clock().now() - startedAt;
    emitter.emit(CONSUMER_EVENTS.FETCH, { numberOfBatches: 0, duration, nodeId });
    if (batches.length === 0) await handler.heartbeat();
    return batches;
  };

  const loop = createFetchLoop({ fetch, handle: handler.handle, concurrency: options.concurrency });

  const rejoin = async (error: Error): Promise<boolean> => {
    if (isRebalancing(error)) {
      logger.warn('The group is rebalancing, re-joining', { groupId, error: error.message });
      emitter.emit(CONSUMER_EVENTS.REBALANCING, { groupId, memberId: membership.memberId() });
      await membership.joinAndSync();
      return true;
    }
    if (typeOf(error) !== 'UNKNOWN_MEMBER_ID') return false;
    logger.error('The coordinator is not aware of this member, re-joining the group', { groupId });
    membership.forgetMember();
    await membership.joinAndSync();
    return true;
  };

  const consume = async ({ bail, retryCount }: Attempt): Promise<void> => {
    if (!isRunning) return;
    try {
      await loop.run();
    } catch (thrown) {
      const error = toError(thrown);
      if (await rejoin(error)) return;
      if (nameOf(error) === 'KafkaJSNotImplemented') return bail(error);
      logger.debug('Error while consuming, trying again', { groupId, error: error.message, retryCount });
      throw error;
    }
  };

  // Each round ends with a rejoin: only then do retries count from zero again.
  const consumeUntilStopped = async (): Promise<void> => {
    const surroundings = await options.surroundings();
    while (isRunning) await withRetries(surroundings, retry, consume);
  };

  const schedule = (): void => {
    const end = createDeferred<void>();
    consuming = end;
    consumeUntilStopped().then(
      () => end.resolve(),
      (error: unknown) => {
        void onCrash(toError(error));
        end.resolve();
        isRunning = false;
      },
    );
  };

  return {
    start: async () => {
      if (isRunning) return;
      try {
        await session.connect();
        await membership.joinAndSync();
      } catch (error) {
        return onCrash(toError(error));
      }
      isRunning = true;
      schedule();
    },
    stop: async () => {
      if (!isRunning) return;
      isRunning = false;
      session.wake();
      try {
        await loop.stop();
        await consuming.promise;
        await membership.leave();
      } catch (error) {
        logger.debug('Left without saying so', { groupId, error: toError(error).message });
      }
      session.close();
    },
    commitOffsets: async (offsets) => {
      if (!isRunning) return;
      await withRetries(await options.surroundings(), retry, async ({ bail }) => {
        try {
          await session.offsets().commit(offsets);
        } catch (error) {
          if (!isRunning) return;
          if (nameOf(error) === 'KafkaJSNotImplemented') return bail(error);
          throw error;
        }
      });
    },
  };
};
