import type { ConsumerRunConfig, RetryOptions } from 'kafkajs';
import type { Cancel } from '../clock.ts';
import { isError, nameOf, toError } from '../errors.ts';
import { INITIAL_RETRY_TIME_MS } from '../retry.ts';
import { sharing } from '../turns.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';
import { createGroupSession, type GroupSession, type SessionConfig } from './group-session.ts';
import { createRunner, type Runner } from './runner.ts';

export interface ConsumerParts extends SessionConfig {
  readonly retry: RetryOptions;
}

/** A consumer after `run()` was called. */
export interface Running {
  readonly session: GroupSession;
  readonly runner: Runner;
}

/** Starts, crashes, restarts and stops: a consumer between `run()` and `disconnect()`. */
export interface Lifecycle {
  /** Resolves after the first join, or after the crash that came instead. */
  start(config: ConsumerRunConfig): Promise<void>;
  stop(): Promise<void>;
  disconnect(): Promise<void>;
  running(): Running | undefined;
}

const originOf = (error: Error): Error => (isError(error.cause) ? originOf(error.cause) : error);

const isCurable = (error: Error): boolean => {
  const origin = originOf(error);
  return (
    nameOf(error) === 'KafkaJSNumberOfRetriesExceeded' || ('retriable' in origin && origin.retriable === true)
  );
};

const retryTimeOf = (error: Error, { initialRetryTime }: RetryOptions): number =>
  'retryTime' in error && typeof error.retryTime === 'number' && error.retryTime > 0
    ? error.retryTime
    : (initialRetryTime ?? INITIAL_RETRY_TIME_MS);

const wantsRestart = async ({ retry, logger, groupId }: ConsumerParts, error: Error): Promise<boolean> => {
  if (!isCurable(error)) return false;
  if (!retry.restartOnFailure) return true;
  try {
    return await retry.restartOnFailure(error);
  } catch (thrown) {
    const message =
      'Caught error when invoking user-provided "restartOnFailure" callback. Defaulting to restarting.';
    logger.error(message, { groupId, error: toError(thrown).message, cause: error.message });
    return true;
  }
};

const createRunning = (
  parts: ConsumerParts,
  topics: ReadonlyMap<string, boolean>,
  config: ConsumerRunConfig,
  onCrash: (error: Error) => Promise<void>,
): Running => {
  const { autoCommit = true, autoCommitInterval = null, autoCommitThreshold = null } = config;
  const commits = { autoCommit, autoCommitInterval, autoCommitThreshold };
  const session = createGroupSession({ ...parts, ...commits, topics: new Map(topics) });
  const runner = createRunner({
    ...parts,
    session,
    surroundings: parts.view.connection.core,
    clock: parts.view.connection.clock,
    concurrency: config.partitionsConsumedConcurrently ?? 1,
    autoCommit,
    eachBatchAutoResolve: config.eachBatchAutoResolve ?? true,
    eachMessage: config.eachMessage,
    eachBatch: config.eachBatch,
    onCrash,
  });
  return { session, runner };
};

/** The life of a consumer; `topics` are read anew at each start. */
export const createLifecycle = (parts: ConsumerParts, topics: ReadonlyMap<string, boolean>): Lifecycle => {
  const { view, emitter, logger, groupId, retry } = parts;
  let running: Running | undefined;
  let cancelRestart: Cancel = () => undefined;

  const stop = sharing(async () => {
    const stopping = running;
    if (stopping !== undefined) {
      await stopping.runner.stop();
      running = undefined;
      emitter.emit(CONSUMER_EVENTS.STOP);
    }
    cancelRestart();
    logger.info('Stopped', { groupId });
  });

  const disconnect = async (): Promise<void> => {
    await stop();
    view.disconnect();
    emitter.emit(CONSUMER_EVENTS.DISCONNECT);
  };

  const start = async (config: ConsumerRunConfig): Promise<void> => {
    logger.info('Starting', { groupId });
    running = createRunning(parts, topics, config, (error) => crash(error, config));
    await running.runner.start();
  };

  const crash = async (error: Error, config: ConsumerRunConfig): Promise<void> => {
    const retryCount = 'retryCount' in error ? error.retryCount : undefined;
    logger.error(`Crash: ${error.name}: ${error.message}`, { groupId, retryCount, stack: error.stack });
    await disconnect();
    const restart = await wantsRestart(parts, error);
    emitter.emit(CONSUMER_EVENTS.CRASH, { error, groupId, restart });
    // As in kafkajs, a `stop()` in a listener for the crash comes too early to keep the consumer down.
    if (!restart) return;
    const retryTime = retryTimeOf(error, retry);
    logger.error(`Restarting the consumer in ${retryTime}ms`, { groupId, retryCount, retryTime });
    cancelRestart = view.connection.clock().after(retryTime, () => void start(config));
  };

  return { start, stop, disconnect, running: () => running };
};
