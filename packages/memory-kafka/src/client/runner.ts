import type { EachBatchHandler, EachMessageHandler, Logger, RetryOptions } from 'kafkajs';
import { NODE_ID } from '../broker/brokers.ts';
import type { Clock } from '../clock.ts';
import { createDeferred, type Deferred } from '../deferred.ts';
import type { Emitter } from '../emitter.ts';
import { isRebalancing, nameOf, toError, typeOf } from '../errors.ts';
import { withRetries, type Attempt, type Surroundings } from '../retry.ts';
import type { FetchedBatch } from './batch.ts';
import { createBatchHandler } from './batch-handler.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';
import { createFetchLoop, type FetchLoop } from './fetch-loop.ts';
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

interface RunnerState {
  readonly options: RunnerOptions;
  readonly loop: FetchLoop;
  /** Settles when nothing is fetched or handled any more. */
  consuming: Deferred<void>;
  /** Settles when `stop()` was called. */
  readonly stopped: Deferred<void>;
  isRunning: boolean;
  isStopped: boolean;
}

const fetch = async (state: RunnerState, heartbeat: () => Promise<void>): Promise<FetchedBatch[]> => {
  if (!state.isRunning) return [];
  const { session, emitter, clock } = state.options;
  const startedAt = clock().monotonic();
  // A string at run time, though typed as a number: kafkajs takes it from an object's keys.
  const nodeId = String(NODE_ID);
  emitter.emit(CONSUMER_EVENTS.FETCH_START, { nodeId });
  const batches = await session.fetch();
  emitter.emit(CONSUMER_EVENTS.FETCH, {
    numberOfBatches: 0,
    duration: Math.round(clock().monotonic() - startedAt),
    nodeId,
  });
  if (batches.length === 0) await heartbeat();
  return batches;
};

/** Whether the failure only meant that the group has to be joined again; then it has been. */
const rejoin = async ({ options }: RunnerState, error: Error): Promise<boolean> => {
  const { logger, emitter, groupId } = options;
  const { membership } = options.session;
  const member = { groupId, memberId: membership.memberId() };
  if (isRebalancing(error)) {
    logger.warn('The group is rebalancing, re-joining', { ...member, error: error.message });
    emitter.emit(CONSUMER_EVENTS.REBALANCING, member);
    await membership.joinAndSync();
    return true;
  }
  if (typeOf(error) !== 'UNKNOWN_MEMBER_ID') return false;
  const message = 'The coordinator is not aware of this member, re-joining the group';
  logger.error(message, { ...member, error: error.message });
  membership.forgetMember();
  await membership.joinAndSync();
  return true;
};

const consume = async (state: RunnerState, { bail, retryCount }: Attempt): Promise<void> => {
  if (!state.isRunning) return;
  try {
    await state.loop.run();
  } catch (thrown) {
    const error = toError(thrown);
    if (await rejoin(state, error)) return;
    if (nameOf(error) === 'KafkaJSNotImplemented') return bail(error);
    const { logger, groupId } = state.options;
    logger.debug('Error while consuming, trying again', { groupId, error: error.message, retryCount });
    throw error;
  }
};

// Each round ends with a rejoin: only then do retries count from zero again.
const consumeUntilStopped = async (state: RunnerState): Promise<void> => {
  const { surroundings, retry } = state.options;
  while (state.isRunning)
    await withRetries(await surroundings(), retry, (attempt) => consume(state, attempt));
};

const consumeOrCrash = async (state: RunnerState): Promise<void> => {
  const end = createDeferred<void>();
  state.consuming = end;
  try {
    await consumeUntilStopped(state);
    const { groupId, logger, session } = state.options;
    logger.info('consumer not running, exiting', { groupId, memberId: session.membership.memberId() });
    end.resolve();
  } catch (error) {
    const crashed = state.options.onCrash(toError(error));
    end.resolve();
    state.isRunning = false;
    await crashed;
  }
};

const connectAndJoin = async (state: RunnerState): Promise<void> => {
  const { session, onCrash } = state.options;
  try {
    await session.connect();
    if (!state.isStopped) await session.membership.joinAndSync();
  } catch (error) {
    return state.isStopped ? undefined : onCrash(toError(error));
  }
  if (state.isStopped) return leave(state);
  state.isRunning = true;
  void consumeOrCrash(state);
};

const leave = async ({ options }: RunnerState): Promise<void> => {
  const { session, logger, groupId } = options;
  try {
    await session.membership.leave();
  } catch (error) {
    logger.debug('Left without saying so', { groupId, error: toError(error).message });
  }
  session.close();
};

const stop = async (state: RunnerState): Promise<void> => {
  state.isStopped = true;
  state.stopped.resolve();
  // While it is still joining, it leaves by itself as soon as it has joined.
  if (!state.isRunning) return;
  state.isRunning = false;
  state.options.session.wake();
  await state.loop.stop();
  await state.consuming.promise;
  await leave(state);
};

const commitOffsets = async (state: RunnerState, offsets: OffsetsToCommit): Promise<void> => {
  const { surroundings, retry, session } = state.options;
  if (!state.isRunning) return;
  await withRetries(await surroundings(), retry, async ({ bail }) => {
    try {
      await session.offsets().commitByHand(offsets);
    } catch (error) {
      if (!state.isRunning) return;
      if (nameOf(error) === 'KafkaJSNotImplemented') return bail(error);
      throw error;
    }
  });
};

/** A runner that has not started. */
export const createRunner = (given: RunnerOptions): Runner => {
  const options = { ...given, logger: given.logger.namespace('Runner') };
  const handler = createBatchHandler({ ...options, isRunning: () => state.isRunning });
  const loop = createFetchLoop({
    fetch: () => fetch(state, handler.heartbeat),
    handle: handler.handle,
    concurrency: options.concurrency,
  });
  const consuming = createDeferred<void>();
  const stopped = createDeferred<void>();
  const state: RunnerState = { options, loop, consuming, stopped, isRunning: false, isStopped: false };
  return {
    start: () => Promise.race([connectAndJoin(state), stopped.promise]),
    stop: () => stop(state),
    commitOffsets: (offsets) => commitOffsets(state, offsets),
  };
};
