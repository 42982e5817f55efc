import { startPeriodic, type Metrics, type Periodic, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { OrdersStore } from './store/index.ts';
import type { StuckWatch } from './stuck/index.ts';

const BATCH = 500;
const SHORTEST_INTERVAL_MS = 250;
const LONGEST_INTERVAL_MS = 30_000;

/**
 * Publishes the event of their status again for orders that have stood in it for `afterMs`: whatever the broker has
 * lost, no order gets stuck. Consumers read the state before they act, so this is harmless.
 *
 * @param options.atOnce whether the first run takes every order on its way, however short it has stood: the broker has
 * lost everything
 */
export const startRedrive = (options: {
  readonly afterMs: number;
  readonly atOnce: boolean;
  readonly store: Pick<OrdersStore, 'announceAgain'>;
  readonly stuck: Pick<StuckWatch, 'reasonOf' | 'withoutStock'>;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly wakeOutbox: () => void;
}): Periodic => {
  const { afterMs, store, stuck, logger } = options;
  const counter = options.metrics.counter(
    'orders_republished_total',
    'Events of stuck orders published again',
    ['status'],
  );
  const startedAt = options.runtime.wallClock();
  let everything = options.atOnce;
  const republish = async (): Promise<boolean> => {
    // What was placed since the start is in the outbox already, and ends the run that takes everything.
    const olderThanMs = everything ? options.runtime.wallClock() - startedAt : afterMs;
    const late = await store.announceAgain(olderThanMs, BATCH, stuck.withoutStock());
    for (const { orderId, status } of late) {
      counter.add({ status });
      const reason = stuck.reasonOf(orderId);
      logger.info({ orderId, status, reason }, 'the event of an order that stood still is published again');
    }
    if (late.length > 0) options.wakeOutbox();
    const more = late.length === BATCH;
    if (!more) everything = false;
    return more;
  };
  return startPeriodic({
    name: 'republication of stuck orders',
    intervalMs: Math.min(LONGEST_INTERVAL_MS, Math.max(SHORTEST_INTERVAL_MS, Math.floor(afterMs / 4))),
    atStart: true,
    runtime: options.runtime,
    logger,
    work: republish,
  });
};
