import {
  backoffMs,
  sleep,
  type Broker,
  type ConsumerPort,
  type Health,
  type Metrics,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { EachBatchPayload } from 'kafkajs';
import type { Logger } from 'pino';
import { createConsumerProgress } from './consumer-progress.ts';
import { createDeadLetter } from './dead-letters.ts';
import { decodeEvent, type MessagePosition, type ReceivedEvent } from './event-codec.ts';
import { startLagMonitor } from './lag-monitor.ts';
import type { Publisher } from './publisher.ts';
import type { TopicSetup } from './topics.ts';
import { setAside, workBatch, type WorkOptions } from './work-batch.ts';

/** The most messages that are worked, and whose offsets are resolved, in one go. */
const MAX_BATCH = 500;
/** A worker that died is missed, and its partitions go to another, after this long. */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_INTERVAL_MS = 2_000;
/** The longest fetch that waits for a message; stopping waits for it. */
const MAX_WAIT_MS = 1_000;
const WATCH_INTERVAL_MS = 5_000;
const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500];

export interface ConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly broker: Broker;
  readonly topicSetup: TopicSetup;
  readonly publisher: Publisher;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Works a batch of one partition, or throws; see `workBatch` for what happens then. */
  readonly handle: (events: readonly ReceivedEvent[]) => Promise<void>;
  /**
   * When the offsets are committed: once a batch is handled, or only by `commit` where a handler merely takes the
   * messages in and works them later.
   */
  readonly commits: 'when handled' | 'by the handler';
  /** Called when partitions are assigned anew: everything that is not committed will be delivered again. */
  readonly onAssigned?: () => void;
}

/** A consumer that is kept alive: whatever ends it inside kafkajs, it is started anew. */
export interface EventConsumer {
  /** Commits that everything up to and including these messages is done. */
  commit(positions: readonly MessagePosition[]): Promise<void>;
  /** Waits for the batch in hand, commits and leaves the group. */
  stop(): Promise<void>;
}

const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

export const startConsumer = (options: ConsumerOptions): EventConsumer => {
  const { group, runtime, topics } = options;
  const logger = options.logger.child({ group });
  const stopping = new AbortController();
  const stopRequested = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve());
  });
  const progress = createConsumerProgress(runtime);
  const deadLetter = createDeadLetter({ ...options, logger });
  const batchSizes = options.metrics.histogram(
    'kafka_consumer_batch_size',
    'Messages worked in one go',
    ['group'],
    BATCH_SIZES,
  );
  let consumer: ConsumerPort | undefined;

  const workChunk = async (
    batch: EachBatchPayload['batch'],
    messages: EachBatchPayload['batch']['messages'],
    work: Omit<WorkOptions, 'handle'>,
  ): Promise<boolean> => {
    const events: ReceivedEvent[] = [];
    for (const message of messages) {
      const position = { topic: batch.topic, partition: batch.partition, offset: message.offset };
      const decoded = decodeEvent(position, message, runtime);
      if ('reason' in decoded) {
        if (!(await setAside({ ...position, raw: message }, decoded.reason, 1, work))) return false;
      } else events.push(decoded);
    }
    batchSizes.observe({ group }, messages.length);
    return events.length === 0 || workBatch(events, { ...work, handle: options.handle });
  };

  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload;
    const work = {
      deadLetter,
      runtime,
      logger,
      pause: async (ms: number) => {
        await sleep(runtime, ms, stopping.signal);
        await heartbeat();
      },
      isOurs: () => isRunning() && !isStale() && !stopping.signal.aborted,
    };
    for (const messages of chunksOf(batch.messages, MAX_BATCH)) {
      const last = messages.at(-1);
      if (!last || !work.isOurs() || !(await workChunk(batch, messages, work))) return;
      resolveOffset(last.offset);
      progress.worked(batch.topic, batch.partition, BigInt(last.offset) + 1n);
      await heartbeat();
    }
  };

  const open = (): ConsumerPort =>
    options.broker.connect(`${group}-consumer`).consumer({
      groupId: group,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      maxWaitTimeInMs: MAX_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 8, restartOnFailure: async () => true },
    });

  /** Resolves when kafkajs has given the consumer up. */
  const watch = (opened: ConsumerPort): Promise<unknown> =>
    new Promise((resolve) => {
      const { CRASH, GROUP_JOIN, FETCH, DISCONNECT, REBALANCING } = opened.events;
      opened.on(CRASH, ({ payload }) => {
        progress.left();
        logger.error({ err: payload.error, restarts: payload.restart }, 'a consumer crashed');
        if (!payload.restart) resolve(payload.error);
      });
      opened.on(GROUP_JOIN, ({ payload }) => {
        progress.joined(payload.memberAssignment);
        options.onAssigned?.();
        logger.debug({ assignment: payload.memberAssignment }, 'a consumer joined its group');
      });
      opened.on(FETCH, () => progress.fetched());
      opened.on(REBALANCING, () => logger.debug('a group is rebalancing'));
      opened.on(DISCONNECT, () => progress.left());
    });

  /** Resolves when the consumer has been stuck for too long, although kafkajs says nothing. */
  const silence = async (done: AbortSignal): Promise<void> => {
    let strikes = 0;
    while (!done.aborted && strikes < 2) {
      await sleep(runtime, WATCH_INTERVAL_MS, done);
      strikes = progress.problem() === 'has stopped fetching' ? strikes + 1 : 0;
    }
  };

  const consumeUntilDown = async (): Promise<void> => {
    await options.topicSetup();
    const opened = open();
    const done = new AbortController();
    try {
      const crashed = watch(opened);
      await opened.connect();
      await opened.subscribe({ topics: [...topics], fromBeginning: true });
      await opened.run({
        autoCommit: options.commits === 'when handled',
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: topics.length * 6,
        eachBatch,
      });
      consumer = opened;
      await Promise.race([crashed, silence(done.signal), stopRequested]);
    } finally {
      done.abort();
      consumer = undefined;
      await opened.disconnect();
    }
  };

  const keepAlive = async (): Promise<void> => {
    for (let attempt = 1; !stopping.signal.aborted; attempt += 1) {
      try {
        await consumeUntilDown();
        if (!stopping.signal.aborted) logger.warn('a consumer is started anew');
      } catch (error) {
        logger.warn({ err: error, attempt }, 'a consumer could not be started, it will be tried again');
      }
      progress.left();
      await sleep(runtime, backoffMs(runtime, attempt, 200, 5_000), stopping.signal);
    }
  };

  const admin = options.broker.connect(`${group}-lag`).admin();
  const monitor = startLagMonitor({ ...options, admin, progress, logger });
  const removeCheck = options.health.add(`consumer ${group}`, async () => progress.problem());
  const running = keepAlive();

  return {
    commit: async (positions) => {
      await consumer?.commitOffsets(
        positions.map(({ topic, partition, offset }) => ({
          topic,
          partition,
          offset: String(BigInt(offset) + 1n),
        })),
      );
    },
    stop: async () => {
      stopping.abort();
      removeCheck();
      await running;
      await monitor.stop();
      await admin.disconnect();
    },
  };
};
