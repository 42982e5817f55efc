import { startPeriodic, type Runtime } from '@order-pipeline/service-kit';
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
}

const BATCH = 1_000;
/** How soon an event is found that another instance, or one that died, has left. */
const POLL_INTERVAL_MS = 500;
/** What is stored within this time is published in one go: a transaction costs more than the events in it. */
const REST_MS = 100;

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
}): OutboxRelay => {
  const { outbox, publisher, runtime, logger } = options;
  const publishing = startPeriodic({
    name: 'outbox relay',
    intervalMs: POLL_INTERVAL_MS,
    restMs: REST_MS,
    atStart: true,
    runtime,
    logger,
    work: async () => (await outbox.publishNext(BATCH, (events) => publisher.publish(events))) === BATCH,
  });
  return {
    wake: () => publishing.wake(),
    stop: () => publishing.stop(),
  };
};
