import type { Consumer, ConsumerRunConfig, RetryOptions, TopicPartitionOffsetAndMetadata } from 'kafkajs';
import type { Cancel } from '../clock.ts';
import { isError, nameOf, nonRetriable, toError } from '../errors.ts';
import { INITIAL_RETRY_TIME_MS } from '../retry.ts';
import { sharing } from '../turns.ts';
import {
  checkedMetadata,
  checkedOffset,
  checkPauseTargets,
  NOT_RUNNING,
  subscribedTopics,
} from './consumer-checks.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';
import { describeGroups } from './describe-groups.ts';
import type { OffsetsToCommit } from './group-offsets.ts';
import { createGroupSession, type GroupSession, type SessionConfig } from './group-session.ts';
import { createRunner, type Runner } from './runner.ts';

export interface ConsumerParts extends SessionConfig {
  readonly retry: RetryOptions;
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

const groupByTopic = (offsets: readonly TopicPartitionOffsetAndMetadata[]): OffsetsToCommit => {
  const topics = new Map<string, { partition: number; offset: string; metadata: string | null }[]>();
  for (const each of offsets) {
    const offset = String(checkedOffset(each, false));
    const entry = { partition: each.partition, offset, metadata: checkedMetadata(each.metadata) };
    topics.set(each.topic, [...(topics.get(each.topic) ?? []), entry]);
  }
  return { topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) };
};

interface Running {
  readonly session: GroupSession;
  readonly runner: Runner;
}

/** Starts, crashes, restarts and stops: the life of a consumer between `run()` and `disconnect()`. */
const createLifecycle = (parts: ConsumerParts, topics: ReadonlyMap<string, boolean>) => {
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
    view.connection.disconnect();
    emitter.emit(CONSUMER_EVENTS.DISCONNECT);
  };

  const wantsRestart = async (error: Error): Promise<boolean> => {
    if (!isCurable(error)) return false;
    if (!retry.restartOnFailure) return true;
    try {
      return await retry.restartOnFailure(error);
    } catch (thrown) {
      logger.error('restartOnFailure failed, restarting', { groupId, error: toError(thrown).message });
      return true;
    }
  };

  const start = async (config: ConsumerRunConfig): Promise<void> => {
    const { autoCommit = true, autoCommitInterval = null, autoCommitThreshold = null } = config;
    logger.info('Starting', { groupId });
    const session = createGroupSession({
      ...parts,
      topics: new Map(topics),
      autoCommit,
      autoCommitInterval,
      autoCommitThreshold,
    });
    const runner = createRunner({
      ...parts,
      session,
      surroundings: view.connection.core,
      clock: view.connection.clock,
      concurrency: config.partitionsConsumedConcurrently ?? 1,
      autoCommit,
      eachBatchAutoResolve: config.eachBatchAutoResolve ?? true,
      eachMessage: config.eachMessage,
      eachBatch: config.eachBatch,
      onCrash: (error) => crash(error, config),
    });
    running = { session, runner };
    await runner.start();
  };

  const crash = async (error: Error, config: ConsumerRunConfig): Promise<void> => {
    logger.error(`Crash: ${error.name}: ${error.message}`, { groupId, stack: error.stack });
    await disconnect();
    const restart = await wantsRestart(error);
    emitter.emit(CONSUMER_EVENTS.CRASH, { error, groupId, restart });
    if (!restart) return;
    const retryTime = retryTimeOf(error, retry);
    logger.error(`Restarting the consumer in ${retryTime}ms`, { groupId, retryTime });
    cancelRestart = view.connection.clock().after(retryTime, () => void start(config));
  };

  return { start, stop, disconnect, running: () => running };
};

/** Builds the consumer that kafkajs's `kafka.consumer()` would. */
export const createConsumer = (parts: ConsumerParts): Consumer => {
  const { view, emitter, logger, groupId } = parts;
  const topics = new Map<string, boolean>();
  const life = createLifecycle(parts, topics);

  const session = (): GroupSession => {
    const running = life.running();
    if (running === undefined) throw nonRetriable(NOT_RUNNING);
    return running.session;
  };

  const resolveTopics = async (wanted: readonly (string | RegExp)[]): Promise<string[]> => {
    const existing = wanted.some((each) => each instanceof RegExp)
      ? await view.request('metadata', (core) => core.topics.names())
      : [];
    return wanted.flatMap((each) =>
      typeof each === 'string' ? [each] : existing.filter((name) => each.test(name)),
    );
  };

  return {
    connect: async () => {
      await view.connection.connect();
      emitter.emit(CONSUMER_EVENTS.CONNECT);
    },
    disconnect: life.disconnect,
    stop: life.stop,
    subscribe: async (subscription) => {
      if (life.running() !== undefined) {
        throw nonRetriable('Cannot subscribe to topic while consumer is running');
      }
      const found = await resolveTopics(subscribedTopics(subscription));
      for (const topic of found) topics.set(topic, subscription.fromBeginning ?? false);
      await view.target(found);
    },
    run: async (config = {}) => {
      if (life.running() !== undefined) {
        logger.warn('consumer#run was called, but the consumer is already running', { groupId });
        return;
      }
      await life.start(config);
    },
    commitOffsets: async (offsets = []) => {
      const grouped = groupByTopic(offsets);
      const running = life.running();
      if (running === undefined) throw nonRetriable(NOT_RUNNING);
      await running.runner.commitOffsets(grouped);
    },
    seek: (target) => {
      const offset = checkedOffset(target, true);
      session().seek(target.topic, target.partition, offset);
    },
    describeGroup: async () => {
      const [described] = await view.request('admin', (core) => describeGroups(core, [groupId]));
      if (described === undefined) throw nonRetriable(`Group ${groupId} was not described`);
      return described;
    },
    pause: (targets = []) => {
      checkPauseTargets(targets, 'pause');
      session().pause(targets);
    },
    resume: (targets = []) => {
      checkPauseTargets(targets, 'resume');
      session().resume(targets);
    },
    paused: () => life.running()?.session.paused() ?? [],
    on: emitter.on,
    events: CONSUMER_EVENTS,
    logger: () => logger,
  };
};
