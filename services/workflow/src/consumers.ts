import { MAX_BATCH, TOPIC_OF } from '@order-pipeline/contracts';
import {
  packMessage,
  type AdvanceOrders,
  type EventConsumer,
  type Messaging,
  type OrderToAdvance,
  type RawMessage,
  type ReceivedEvent,
  type RetryableMessage,
} from '@order-pipeline/messaging';
import { startPeriodic, type ServiceContext, type Span, type Trace } from '@order-pipeline/service-kit';
import { createOrderBuffer } from './domain.ts';

/** The most messages that are held in memory; what comes beyond them waits in Kafka. */
const BUFFER_LIMIT = 50_000;
/** Processing that takes longer than this makes the readiness probe fail, in milliseconds. */
const SLOW_AFTER_MS = 30_000;

export interface BufferOptions {
  readonly context: Pick<ServiceContext<unknown>, 'runtime' | 'logger' | 'metrics' | 'health'>;
  readonly messaging: Pick<Messaging, 'consume'>;
  readonly advance: AdvanceOrders;
  readonly intervalMs: number;
  /** How many messages make the buffer full. */
  readonly limit?: number;
}

/** What is kept of a message that waits: not what the order holds, which memory would feel. */
class WaitingMessage implements RetryableMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly orderId: string;
  readonly trace: Trace;
  readonly span: Span | undefined;
  readonly #unpack: () => RawMessage;

  constructor({ topic, partition, offset, raw, event, trace, span }: ReceivedEvent) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.orderId = event.orderId;
    this.trace = trace;
    this.span = span;
    this.#unpack = packMessage(raw);
  }

  // On the class: an accessor that each object has of its own takes half a kilobyte for each.
  get raw(): RawMessage {
    return this.#unpack();
  }
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
const workOffUnlocked = async (
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

/** The buffer with the clock that works it off. */
export interface BufferedOrders {
  holds(orderId: string): boolean;
  stop(): Promise<void>;
}

/**
 * Hears of placed orders and keeps them until the next turn of the clock, so that an order can be cancelled for a
 * while. Offsets are committed only when what they stand for is processed: one that dies with a full buffer loses
 * nothing, because Kafka delivers it again.
 */
export const startBuffering = ({
  context,
  messaging,
  advance,
  ...options
}: BufferOptions): BufferedOrders => {
  const { runtime, logger, metrics, health } = context;
  const buffer = createOrderBuffer<WaitingMessage>(options.limit ?? BUFFER_LIMIT);
  const gauge = metrics.gauge('workflow_buffer_messages');
  const measure = () => gauge.set({}, buffer.size());
  let startedAt: number | undefined;

  const consumer = messaging.consume({
    group: 'workflow',
    topics: [TOPIC_OF.PENDING],
    commitMode: 'manual',
    waiting: buffer.size,
    handle: async (events) => {
      buffer.add(events.map((event) => new WaitingMessage(event)));
      measure();
      // To work it off now would take from the orders the time in which they can be cancelled.
      if (buffer.isFull()) consumer.pause();
    },
    onAssigned: () => {
      buffer.clear();
      measure();
      consumer.resume();
    },
  });

  const processBuffered = async (): Promise<void> => {
    startedAt = runtime.monotonic();
    const messages = buffer.messages();
    // At least once: what could not be committed the last time is committed now, although nothing new has come.
    for (let start = 0; start === 0 || start < messages.length; start += MAX_BATCH) {
      const done = await workOffUnlocked(consumer, advance, messages.slice(start, start + MAX_BATCH));
      if (!done) break;
      buffer.drop(done);
      measure();
    }
    if (!buffer.isFull()) consumer.resume();
    startedAt = undefined;
  };
  const clock = startPeriodic({
    name: 'process the buffer',
    intervalMs: options.intervalMs,
    runtime,
    logger,
    work: processBuffered,
  });
  const removeCheck = health.add('workflow buffer', async () =>
    startedAt !== undefined && runtime.monotonic() - startedAt > SLOW_AFTER_MS
      ? 'cannot be processed'
      : undefined,
  );
  measure();
  return {
    holds: buffer.holds,
    stop: async () => {
      removeCheck();
      // The consumer first or at once: it ends the tries of processing that waits for an unavailable dependency.
      await Promise.all([consumer.stop(), clock.stop()]);
    },
  };
};
