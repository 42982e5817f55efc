import { MAX_BATCH } from '@order-pipeline/contracts';
import {
  partitionKey,
  type AdvanceOrders,
  type Ends,
  type EventConsumer,
  type OrderToAdvance,
} from '@order-pipeline/messaging';
import { logFailure, sleep, type Runtime, type ServiceContext } from '@order-pipeline/service-kit';
import type { OrderBuffer } from './domain.ts';
import type { WaitingMessage } from './waiting-message.ts';

/** How long a turn waits for more messages that it knows are there, in milliseconds: longer than a fetch. */
const MAX_WAIT_MS = 3_000;
const LOOK_INTERVAL_MS = 50;

interface TurnOptions {
  readonly buffer: OrderBuffer<WaitingMessage>;
  readonly consumer: EventConsumer;
  readonly advance: AdvanceOrders;
  readonly runtime: Runtime;
  readonly logger: ServiceContext<unknown>['logger'];
  /** Called when the buffer has changed. */
  readonly measure: () => void;
}

const toAdvance = ({ orderId, trace, topic, partition, offset }: WaitingMessage): OrderToAdvance => ({
  orderId,
  trace,
  position: { topic, partition, offset },
});

/**
 * Moves the orders of a batch on; those that somebody keeps locked stay for the next turn of the clock.
 *
 * @returns what is done, or nothing when the messages are no longer ours
 */
const processUnlocked = async (
  { processBuffered }: Pick<EventConsumer, 'processBuffered'>,
  advance: AdvanceOrders,
  batch: readonly WaitingMessage[],
): Promise<readonly WaitingMessage[] | undefined> => {
  const locked = new Set<string>();
  const done = await processBuffered(batch, async (messages, trace) => {
    for (const { orderId } of await advance(messages.map(toAdvance), trace)) locked.add(orderId);
    return messages.filter(({ orderId }) => locked.has(orderId));
  });
  return done ? batch.filter(({ orderId }) => !locked.has(orderId)) : undefined;
};

/** Whether a message was in its topic before these ends. */
const isBefore =
  (ends: Ends) =>
  ({ topic, partition, offset }: WaitingMessage): boolean =>
    BigInt(offset) < (ends[partitionKey(topic, partition)]?.high ?? 0n);

/** Processes messages of the buffer, those of one call after the other. */
const createRounds = ({ buffer, consumer, advance, measure }: TurnOptions, advanced: () => void) => {
  /** Those of this turn that somebody keeps locked: they wait for the next one. */
  let locked = new Set<WaitingMessage>();
  return {
    begin: (): void => {
      locked = new Set();
    },
    isLocked: (message: WaitingMessage): boolean => locked.has(message),
    /** @returns whether the messages were still ours */
    process: async (messages: readonly WaitingMessage[]): Promise<boolean> => {
      // At least once: what could not be committed the last time is committed now, although nothing new has come.
      for (let start = 0; start === 0 || start < messages.length; start += MAX_BATCH) {
        const batch = messages.slice(start, start + MAX_BATCH);
        const done = await processUnlocked(consumer, advance, batch);
        if (!done) return false;
        buffer.drop(done);
        if (done.length < batch.length) {
          const isDone = new Set(done);
          for (const message of batch) if (!isDone.has(message)) locked.add(message);
        }
        measure();
        advanced();
      }
      return true;
    },
  };
};

/**
 * A turn of the clock: it processes all that was placed before it began. What the buffer has no room for waits in Kafka, in
 * partitions that are paused, and is read as room comes. So memory is bounded, and what is done in a turn is not.
 */
export const createTurn = (options: TurnOptions) => {
  const { buffer, consumer, runtime, logger } = options;
  const stopping = new AbortController();
  let advancedAt: number | undefined;
  const advanced = (): void => {
    advancedAt = runtime.monotonic();
  };
  const rounds = createRounds(options, advanced);

  const findEnds = async (): Promise<Ends | undefined> => {
    try {
      return await consumer.ends();
    } catch (error) {
      logFailure(
        logger,
        error,
        {},
        'ends of the topic could not be read, what is beyond the buffer waits a turn',
      );
      return undefined;
    }
  };
  /** Reads on until the buffer is full again, or holds all that is due; or until nothing comes any more. */
  const read = async (ends: Ends): Promise<void> => {
    if (!buffer.isFull()) consumer.resume();
    let size = buffer.size();
    let since = runtime.monotonic();
    while (!stopping.signal.aborted && !buffer.isFull() && !consumer.hasReached(ends)) {
      if (buffer.size() !== size) since = runtime.monotonic();
      if (runtime.monotonic() - since > MAX_WAIT_MS) return;
      size = buffer.size();
      advanced();
      await sleep(runtime, LOOK_INTERVAL_MS, stopping.signal);
    }
  };
  /** Those that are due; where they find no room, others make it, a little before their time. */
  const findNext = (ends: Ends): WaitingMessage[] => {
    const open = buffer.messages().filter((message) => !rounds.isLocked(message));
    const due = open.filter(isBefore(ends));
    return due.length === 0 && buffer.isFull() ? open : due;
  };
  const processBeyond = async (ends: Ends): Promise<void> => {
    while (!stopping.signal.aborted) {
      await read(ends);
      const next = findNext(ends);
      if (next.length === 0 || !(await rounds.process(next))) return;
    }
  };
  return {
    run: async (): Promise<void> => {
      advanced();
      rounds.begin();
      const ends = await findEnds();
      if ((await rounds.process(buffer.messages())) && ends) await processBeyond(ends);
      if (!buffer.isFull()) consumer.resume();
      advancedAt = undefined;
    },
    /** For how long a turn has been at the same messages, in milliseconds. */
    standsForMs: (): number => (advancedAt === undefined ? 0 : runtime.monotonic() - advancedAt),
    stop: (): void => stopping.abort(),
  };
};
