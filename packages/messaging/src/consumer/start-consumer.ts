import { logFailure, REDELIVERED, sleep, type ConsumerPort } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { createDeadLetterPublisher } from '../dead-letters.ts';
import { endSpans, inBatchSpan, processBatch, type RetryableMessage } from '../process-batch.ts';
import { createCommitWatch } from './commit-watch.ts';
import { keepAlive } from './keep-alive.ts';
import { startLagMonitor, type Ends } from './lag.ts';
import { createOpenOffsets, type OpenOffsets } from './open-offsets.ts';
import type { ConsumerOptions } from './options.ts';
import { createConsumerProgress, type ConsumerProgress } from './progress.ts';
import { workApart, type Work } from './each-batch.ts';
import { createHeldBack } from './held-back.ts';
import type { SessionOptions } from './session.ts';

/** A consumer that is kept alive: whatever ends it inside kafkajs, it is started anew. */
export interface EventConsumer {
  /**
   * Works messages that the handler took in earlier, by the rules of `processBatch`, and then commits what is done: not those
   * that `work` answers, which are to come again later. Only where `commitMode` is 'manual'.
   *
   * @returns whether they are done; false when the consumer stops or its partitions were assigned anew, be it while the
   *   commit was under way: then they are delivered again, or have been already
   */
  processBuffered<M extends RetryableMessage>(messages: readonly M[], work: Work<M>): Promise<boolean>;
  /**
   * Where its topics end now.
   *
   * @throws AppError UNAVAILABLE, or what kafkajs throws, where Kafka does not answer
   */
  ends(): Promise<Ends>;
  /** Whether it has taken in all before these ends, as far as the partitions are its own. */
  hasReached(ends: Ends): boolean;
  /**
   * Whether it is for this instance to do what one instance of its service is to do: the one that has the first partition of
   * the group. While it is in no group, as when Kafka is away, it leads too, since nobody knows of the others: what is done
   * so has to be harmless when several do it.
   */
  leads(): boolean;
  /** Takes in no further messages until `resume`, whatever happens to its partitions in between. */
  pause(): void;
  resume(): void;
  /** Waits for the batch in hand, commits and leaves the group; within a few seconds even when Kafka is down. */
  stop(): Promise<void>;
}

const createSessionParts = (options: ConsumerOptions) => {
  const logger = options.logger.child({ group: options.group });
  return {
    logger,
    progress: createConsumerProgress(options.runtime),
    deadLetter: options.deadLetter ?? createDeadLetterPublisher({ ...options, logger }),
    batchSizes: options.metrics.histogram('kafka_consumer_batch_messages'),
  };
};

/**
 * Commits what of `open` is done. Nothing is lost where it fails: the next commit takes it along, or it comes again.
 *
 * @param assignments counts how often partitions were assigned; an answer of before the last time says nothing of now
 */
const commitDone = async (
  open: OpenOffsets,
  consumer: ConsumerPort | undefined,
  assignments: () => number,
  logger: Logger,
): Promise<void> => {
  const offsets = open.committable();
  if (offsets.length === 0 || !consumer) return;
  const assignment = assignments();
  try {
    await consumer.commitOffsets(offsets);
    if (assignments() === assignment) open.committed(offsets);
  } catch (error) {
    logFailure(logger, error, {}, 'offsets could not be committed');
  }
};

/**
 * Compares what is processed with what the group says, and commits by hand what a measurement ago should have been
 * committed already: kafkajs tries again only with the next batch, of which there may be none for hours.
 */
const createCommitCheck = (
  { runtime, commitMode, waiting }: ConsumerOptions,
  { logger, progress }: { readonly logger: Logger; readonly progress: ConsumerProgress },
  open: OpenOffsets,
  current: () => ConsumerPort | undefined,
) => {
  const watch = createCommitWatch(runtime);
  const byHandler = commitMode === 'manual';
  return {
    ...watch,
    // One that has yet to join has nothing to commit: what its predecessor left is no reason to end it, too.
    standsForMs: () => (progress.isMember() ? watch.standsForMs() : 0),
    look: async (ends: Ends): Promise<void> => {
      if (!progress.isMember()) return watch.clear();
      const forgotten = byHandler && waiting !== undefined && open.size() > waiting();
      const late = watch.look(ends, open.due(), forgotten);
      if (late.length === 0) return;
      try {
        await current()?.commitOffsets(late);
      } catch (error) {
        logFailure(logger, error, {}, 'offsets could not be committed');
      }
    },
  };
};

/** Whether the consumer is to fetch; kafkajs forgets it with each new consumer, so it is kept here and set again. */
const createPauseSwitch = (
  topics: readonly string[],
  progress: ConsumerProgress,
  current: () => ConsumerPort | undefined,
) => {
  const all = topics.map((topic) => ({ topic }));
  let paused = false;
  return {
    isPaused: () => paused,
    set: (isPaused: boolean): void => {
      if (paused === isPaused) return;
      paused = isPaused;
      progress.paused(paused);
      // A consumer in no group fetches nothing, and it is set when it joins.
      if (!progress.isMember()) return;
      if (paused) current()?.pause(all);
      else current()?.resume(all);
    },
    apply: (consumer: ConsumerPort): void => {
      if (paused) consumer.pause(all);
    },
  };
};

/** Works messages that were taken in earlier, and commits what is done. */
const createWorkLater =
  ({
    progress,
    deadLetter,
    runtime,
    logger,
    group,
    tracer,
    open,
    commitOpen,
    stopping,
  }: Pick<ConsumerOptions, 'runtime' | 'group' | 'tracer'> &
    Pick<SessionOptions, 'progress' | 'deadLetter' | 'logger' | 'open' | 'commitOpen'> & {
      readonly stopping: AbortSignal;
    }) =>
  /** @returns those that wait for a lock; nothing when they are no longer ours */
  async <M extends RetryableMessage>(
    messages: readonly M[],
    work: Work<M>,
  ): Promise<readonly M[] | undefined> => {
    const assignment = progress.assignments();
    const isCurrent = () => progress.assignments() === assignment;
    const waiting = new Set<M>();
    const done = await processBatch(messages, {
      handle: inBatchSpan({ group, tracer }, workApart(work, waiting)),
      deadLetter,
      runtime,
      logger,
      pause: (ms) => sleep(runtime, ms, stopping),
      isOurs: () => !stopping.aborted && isCurrent(),
    });
    // What has come again since then is another message at the same offset, and waits as if it had never been processed.
    if (done && isCurrent()) {
      const processed = messages.filter((message) => !waiting.has(message));
      open.done(processed);
      endSpans(processed);
    } else endSpans(messages, REDELIVERED);
    await commitOpen();
    return done && isCurrent() ? [...waiting] : undefined;
  };

/** Starts a consumer; it connects in the background and keeps trying as long as Kafka is down. */
export const startConsumer = (options: ConsumerOptions): EventConsumer => {
  const { group, runtime, topics } = options;
  const parts = createSessionParts(options);
  const { logger, progress } = parts;
  const stopping = new AbortController();
  const open = createOpenOffsets();
  let current: ConsumerPort | undefined;
  const pauseSwitch = createPauseSwitch(topics, progress, () => current);
  const commitCheck = createCommitCheck(options, parts, open, () => current);
  const commitOpen = () => commitDone(open, current, progress.assignments, logger);

  const workLater = createWorkLater({
    ...parts,
    runtime,
    group,
    tracer: options.tracer,
    open,
    commitOpen,
    stopping: stopping.signal,
  });
  const heldBack = createHeldBack({ runtime, work: (messages) => workLater(messages, options.handle) });
  const sessionOptions: SessionOptions = {
    ...options,
    ...parts,
    open,
    heldBack,
    commitOpen,
    isPaused: pauseSwitch.isPaused,
    uncommittedForMs: commitCheck.standsForMs,
    onJoined: (consumer) => {
      open.clear();
      commitCheck.clear();
      heldBack.clear();
      options.onAssigned?.();
      pauseSwitch.apply(consumer);
    },
  };
  const running = keepAlive(sessionOptions, stopping.signal, (session) => {
    current = session?.consumer;
  });
  const monitor = startLagMonitor({ ...options, progress, logger, onMeasured: commitCheck.look });
  const removeCheck = options.health.add(
    `consumer ${group}`,
    async () => progress.problem() ?? commitCheck.problem(),
    'dependency',
  );

  return {
    processBuffered: async (messages, work) => (await workLater(messages, work)) !== undefined,
    ends: monitor.fetchEnds,
    hasReached: progress.hasReached,
    leads: () => !progress.isMember() || topics.slice(0, 1).some((topic) => progress.isAssigned(topic, 0)),
    pause: () => pauseSwitch.set(true),
    resume: () => pauseSwitch.set(false),
    stop: async () => {
      stopping.abort();
      removeCheck();
      await Promise.all([running, monitor.stop(), heldBack.stop()]);
    },
  };
};
