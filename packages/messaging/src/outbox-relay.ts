import { startPeriodic, type Metrics, type Periodic, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { TracedEvent } from './event-codec.ts';
import type { Publisher } from './publisher.ts';

/** The outbox of a database: events that were stored in the transaction that they tell of. */
export interface Outbox {
  /**
   * Takes the oldest `limit` events that nobody else has in hand, publishes them, and only then deletes them.
   *
   * @returns how many there were
   */
  publishNext(limit: number, publish: (events: readonly TracedEvent[]) => Promise<void>): Promise<number>;
  /** How many events wait, and since when the oldest does, in milliseconds since the epoch. */
  backlog(): Promise<{ readonly depth: number; readonly oldestAt: number | undefined }>;
}

const BATCH = 1_000;
/** How soon an event is found that another instance, or one that died, has left. */
const POLL_INTERVAL_MS = 500;
const MEASURE_INTERVAL_MS = 2_000;

export interface OutboxRelay {
  /** Says that there are new events. */
  wake(): void;
  stop(): Promise<void>;
}

/** Publishes what is in the outbox, at least once, as long as it runs. */
export const startOutboxRelay = (options: {
  readonly outbox: Outbox;
  readonly publisher: Publisher;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): OutboxRelay => {
  const { outbox, publisher, runtime, logger, metrics } = options;
  const depth = metrics.gauge('outbox_depth', 'Events that are stored and not published yet', []);
  const age = metrics.gauge(
    'outbox_oldest_age_seconds',
    'How long the oldest unpublished event has waited',
    [],
  );
  const publishing = startPeriodic({
    name: 'outbox relay',
    intervalMs: POLL_INTERVAL_MS,
    atStart: true,
    runtime,
    logger,
    work: async () => (await outbox.publishNext(BATCH, (events) => publisher.publish(events))) === BATCH,
  });
  const measuring: Periodic = startPeriodic({
    name: 'outbox backlog',
    intervalMs: MEASURE_INTERVAL_MS,
    runtime,
    logger,
    work: async () => {
      const backlog = await outbox.backlog();
      depth.set({}, backlog.depth);
      age.set({}, backlog.oldestAt === undefined ? 0 : Math.max(0, runtime.now() - backlog.oldestAt) / 1_000);
    },
  });
  return {
    wake: () => publishing.wake(),
    stop: async () => {
      await Promise.all([publishing.stop(), measuring.stop()]);
    },
  };
};
