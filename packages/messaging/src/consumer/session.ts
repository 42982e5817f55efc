import { PARTITIONS_PER_TOPIC } from '@order-pipeline/contracts';
import {
  causeOf,
  logFailure,
  sleep,
  unavailable,
  withTimeout,
  type ConsumerPort,
} from '@order-pipeline/service-kit';
import { METADATA_MAX_AGE_MS } from '../topics.ts';
import { createEachBatch, type EachBatchOptions } from './each-batch.ts';
import { HEARTBEAT_INTERVAL_MS, SESSION_TIMEOUT_MS } from './heartbeat.ts';
import type { ConsumerOptions } from './options.ts';
import { STUCK_AFTER_MS } from './progress.ts';

/** How long the others wait at a rebalance for one that is at work: longer than a call and a publish take. */
const REBALANCE_TIMEOUT_MS = 20_000;
/** The longest fetch that waits for a message; stopping waits for it. */
const MAX_WAIT_MS = 1_000;
/** kafkajs's own tries are few, and it restarts nothing itself: there is one way to restart, and it is ours. */
const RETRY = { retries: 5, initialRetryTime: 200, maxRetryTime: 2_000, restartOnFailure: async () => false };
const WATCH_INTERVAL_MS = 5_000;
/** A consumer without a heartbeat in its group is restarted after this long: later than the readiness probe fails. */
const RESTART_AFTER_MS = STUCK_AFTER_MS + 10_000;
/** The longest that closing is waited for, in milliseconds. */
export const CLOSE_LIMIT_MS = 3_000;

export type SessionOptions = Pick<ConsumerOptions, 'topics' | 'broker' | 'topicSetup'> &
  Omit<EachBatchOptions, 'ending'> & {
    /** Called when it has joined its group, with the partitions that it got. */
    readonly onJoined: (consumer: ConsumerPort) => void;
    /** For how long it has not committed what it has processed, in milliseconds. */
    readonly uncommittedForMs: () => number;
  };

/** One life of a kafkajs consumer. */
export interface Session {
  readonly consumer: ConsumerPort;
  /** Resolves when kafkajs has given it up or has gone silent; rejects when it could not be started. */
  readonly ended: Promise<void>;
  /** Waits for the batches in hand, commits and leaves the group, all within `CLOSE_LIMIT_MS`. */
  close(): Promise<void>;
}

const open = ({ broker, group }: SessionOptions): ConsumerPort =>
  broker.connect(`${group}-consumer`).consumer({
    groupId: group,
    sessionTimeout: SESSION_TIMEOUT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_INTERVAL_MS,
    maxWaitTimeInMs: MAX_WAIT_MS,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    retry: RETRY,
  });

/**
 * The membership by which a consumer got the partitions that it fetches. Where a rejoin fails half-way, kafkajs continues
 * fetching what it had before, and its heartbeats are those of a membership that was given other partitions.
 */
const createMembership = () => {
  let memberId: string | undefined;
  let generation: number | undefined;
  return {
    joined: (as: string): void => {
      memberId = as;
      generation = undefined;
    },
    ended: (): void => {
      memberId = undefined;
    },
    isHeardIn: (beat: { readonly memberId: string; readonly groupGenerationId: number }): boolean => {
      // The first one after a join has its generation, which the join itself does not.
      generation ??= beat.groupGenerationId;
      return beat.memberId === memberId && beat.groupGenerationId === generation;
    },
  };
};

/** Resolves when kafkajs has given the consumer up. */
const listen = (consumer: ConsumerPort, { progress, logger, onJoined }: SessionOptions) => {
  const { CRASH, FETCH, GROUP_JOIN, HEARTBEAT, REBALANCING, STOP } = consumer.events;
  const membership = createMembership();
  let giveUp = (): void => undefined;
  const crashed = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  const removers = [
    consumer.on(GROUP_JOIN, ({ payload }) => {
      membership.joined(payload.memberId);
      progress.joined(payload.memberAssignment);
      logger.debug({ assignment: payload.memberAssignment }, 'consumer joined its group');
      onJoined(consumer);
    }),
    consumer.on(FETCH, progress.recordActivity),
    consumer.on(HEARTBEAT, ({ payload }) => membership.isHeardIn(payload) && progress.recordHeartbeat()),
    consumer.on(REBALANCING, () => {
      membership.ended();
      logger.debug('consumer group is rebalancing');
    }),
    consumer.on(STOP, progress.left),
    consumer.on(CRASH, ({ payload }) => {
      progress.left();
      progress.failed(causeOf(payload.error).reason);
      logFailure(logger, payload.error, {}, 'consumer crashed');
      giveUp();
    }),
  ];
  return { crashed, unlisten: () => removers.forEach((remove) => remove()) };
};

const start = async (consumer: ConsumerPort, options: SessionOptions, ending: AbortSignal): Promise<void> => {
  const { topics, progress, broker } = options;
  const steps = [
    () => options.topicSetup(),
    () => consumer.connect(),
    () => consumer.subscribe({ topics: [...topics], fromBeginning: true }),
    () =>
      consumer.run({
        // What is held back must not be committed with what comes after it, so we commit by ourselves.
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: topics.length * (broker.topics?.partitions ?? PARTITIONS_PER_TOPIC),
        eachBatch: createEachBatch({ ...options, ending }),
      }),
  ];
  for (const step of steps) {
    if (ending.aborted) return;
    progress.recordHeartbeat();
    await step();
  }
};

/**
 * Resolves when its heartbeats have been missing for too long, or the commits of what it has processed, although kafkajs
 * says nothing. One that fetches need not be a member: put out of its group, and failed at the next join, kafkajs fetches
 * on and sends no heartbeat ever after. And one that is a member need not commit.
 */
const silence = async (
  { runtime, progress, uncommittedForMs, logger }: SessionOptions,
  ending: AbortSignal,
): Promise<void> => {
  while (!ending.aborted && progress.silentForMs() <= RESTART_AFTER_MS) {
    const forMs = uncommittedForMs();
    if (forMs > RESTART_AFTER_MS) {
      logger.error({ forMs }, 'consumer does not commit its offsets');
      return;
    }
    await sleep(runtime, WATCH_INTERVAL_MS, ending);
  }
};

/** Starts a consumer of its own instance of Kafka: members of one group must not share one. */
export const openSession = (options: SessionOptions): Session => {
  const { runtime, progress, logger } = options;
  const ending = new AbortController();
  const consumer = open(options);
  const { crashed, unlisten } = listen(consumer, options);
  const starting = start(consumer, options, ending.signal);
  return {
    consumer,
    ended: Promise.race([starting.then(() => crashed), crashed, silence(options, ending.signal)]),
    close: async () => {
      ending.abort();
      unlisten();
      progress.left();
      // Only once it has started: asked to stop while it joins, kafkajs would join all the same and go on unseen.
      const closing = starting.catch(() => undefined).then(() => consumer.disconnect());
      const tooLong = () => unavailable(`not closed within ${CLOSE_LIMIT_MS} ms`);
      await withTimeout(runtime, CLOSE_LIMIT_MS, closing, tooLong).catch((error: unknown) =>
        logFailure(logger, error, {}, 'consumer did not close in time'),
      );
    },
  };
};
