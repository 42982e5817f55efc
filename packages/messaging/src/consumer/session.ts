import { PARTITIONS_PER_TOPIC } from '@order-pipeline/contracts';
import { sleep, within, type ConsumerPort, type Runtime } from '@order-pipeline/service-kit';
import { createEachBatch, type EachBatchOptions } from './each-batch.ts';
import { HEARTBEAT_INTERVAL_MS, SESSION_TIMEOUT_MS } from './heartbeat.ts';
import type { ConsumerOptions } from './options.ts';
import { STUCK_AFTER_MS, type ConsumerProgress } from './progress.ts';

/** How long the others wait at a rebalance for one that is at work: longer than a call and a publish take. */
const REBALANCE_TIMEOUT_MS = 20_000;
/** The longest fetch that waits for a message; stopping waits for it. */
const MAX_WAIT_MS = 1_000;
/** kafkajs's own tries are few, and it starts nothing anew by itself: there is one way to restart, and it is ours. */
const RETRY = { retries: 5, initialRetryTime: 200, maxRetryTime: 2_000, restartOnFailure: async () => false };
const WATCH_INTERVAL_MS = 5_000;
/** The longest that closing is waited for, in milliseconds. */
export const CLOSE_LIMIT_MS = 3_000;

export type SessionOptions = Pick<ConsumerOptions, 'topics' | 'broker' | 'topicSetup' | 'commits'> &
  Omit<EachBatchOptions, 'ending'> & {
    /** Called when it has joined its group, with the partitions that it got. */
    readonly onJoined: (consumer: ConsumerPort) => void;
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
    allowAutoTopicCreation: false,
    retry: RETRY,
  });

/** Resolves when kafkajs has given the consumer up. */
const listen = (consumer: ConsumerPort, { progress, logger, onJoined }: SessionOptions) => {
  const { CRASH, FETCH, GROUP_JOIN, HEARTBEAT, REBALANCING, STOP } = consumer.events;
  let giveUp = (): void => undefined;
  const crashed = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  const removers = [
    consumer.on(GROUP_JOIN, ({ payload }) => {
      progress.joined(payload.memberAssignment);
      logger.debug({ assignment: payload.memberAssignment }, 'a consumer joined its group');
      onJoined(consumer);
    }),
    consumer.on(FETCH, progress.seen),
    consumer.on(HEARTBEAT, progress.seen),
    consumer.on(REBALANCING, () => logger.debug('a group is rebalancing')),
    consumer.on(STOP, progress.left),
    consumer.on(CRASH, ({ payload }) => {
      progress.left();
      logger.error({ err: payload.error }, 'a consumer crashed');
      giveUp();
    }),
  ];
  return { crashed, unlisten: () => removers.forEach((remove) => remove()) };
};

const start = async (consumer: ConsumerPort, options: SessionOptions, ending: AbortSignal): Promise<void> => {
  const { topics, commits, progress } = options;
  const steps = [
    () => options.topicSetup(),
    () => consumer.connect(),
    () => consumer.subscribe({ topics: [...topics], fromBeginning: true }),
    () =>
      consumer.run({
        autoCommit: commits === 'when handled',
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: topics.length * PARTITIONS_PER_TOPIC,
        eachBatch: createEachBatch({ ...options, ending }),
      }),
  ];
  for (const step of steps) {
    if (ending.aborted) return;
    progress.seen();
    await step();
  }
};

/** Resolves when there was no sign of life for too long, although kafkajs says nothing. */
const silence = async (runtime: Runtime, progress: ConsumerProgress, ending: AbortSignal): Promise<void> => {
  while (!ending.aborted && progress.silentForMs() <= STUCK_AFTER_MS) {
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
    ended: Promise.race([starting.then(() => crashed), crashed, silence(runtime, progress, ending.signal)]),
    close: async () => {
      ending.abort();
      unlisten();
      progress.left();
      // Only once it has started: told to stop while it joins, kafkajs would join all the same and go on unseen.
      const closing = starting.catch(() => undefined).then(() => consumer.disconnect());
      const tooLong = () => new Error(`not closed within ${CLOSE_LIMIT_MS} ms`);
      await within(runtime, CLOSE_LIMIT_MS, closing, tooLong).catch((error: unknown) =>
        logger.warn({ err: error }, 'a consumer did not close in time, it is left to itself'),
      );
    },
  };
};
