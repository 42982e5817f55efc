import { TOPIC_OF } from '@order-pipeline/contracts';
import type { AdvanceOrders, Messaging } from '@order-pipeline/messaging';
import { startPeriodic, type ServiceContext } from '@order-pipeline/service-kit';
import { createOrderBuffer } from './domain.ts';
import { createTurn } from './turn.ts';
import { WaitingMessage } from './waiting-message.ts';

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

/** The buffer with the clock that works it off. */
export interface BufferedOrders {
  holds(orderId: string): boolean;
  /** Whether this instance does what one of them is to do. */
  leads(): boolean;
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

  const turn = createTurn({ buffer, consumer, advance, runtime, logger, measure });
  const clock = startPeriodic({
    name: 'process the buffer',
    intervalMs: options.intervalMs,
    runtime,
    logger,
    work: turn.run,
  });
  const removeCheck = health.add('workflow buffer', async () =>
    turn.standsForMs() > SLOW_AFTER_MS ? 'cannot be processed' : undefined,
  );
  measure();
  return {
    holds: buffer.holds,
    leads: consumer.leads,
    stop: async () => {
      removeCheck();
      // The consumer first or at once: it ends the tries of processing that waits for an unavailable dependency.
      turn.stop();
      await Promise.all([consumer.stop(), clock.stop()]);
    },
  };
};
