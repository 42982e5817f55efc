import {
  startPeriodic,
  timeOfDay,
  type Metrics,
  type Periodic,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { OrdersStore } from './store/index.ts';
import type { StuckWatch } from './stuck/index.ts';

const BATCH = 500;
const SHORTEST_INTERVAL_MS = 250;
const LONGEST_INTERVAL_MS = 30_000;

/**
 * Announces every order that was placed before its first call, a batch a call, whatever their dates: they may be those of
 * another clock. What is placed from then on is in the outbox already, and ends it.
 */
const createAnnounceAll = (store: RedriveStore, runtime: Runtime) => {
  let run: { readonly newest: number; readonly at: string } | undefined;
  return async (except: readonly string[]) => {
    run ??= { newest: await store.newestPlacement(), at: timeOfDay(runtime) };
    return store.announceAllUpTo(run, BATCH, except);
  };
};

type RedriveStore = Pick<OrdersStore, 'announceAgain' | 'announceAllUpTo' | 'newestPlacement'>;

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
  readonly store: RedriveStore;
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
  const announceAll = createAnnounceAll(store, options.runtime);
  let everything = options.atOnce;
  const republish = async (): Promise<boolean> => {
    const except = stuck.withoutStock();
    const late = await (everything ? announceAll(except) : store.announceAgain(afterMs, BATCH, except));
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
