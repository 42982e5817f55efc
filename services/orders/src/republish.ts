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
const MIN_INTERVAL_MS = 250;
const MAX_INTERVAL_MS = 30_000;

/**
 * Announces every order that was placed before its first call, a batch a call, whatever their dates: they may be those of
 * another clock. What is placed from then on is in the outbox already, and ends it.
 */
const createAnnounceAll = (store: RepublishStore, runtime: Runtime) => {
  let run: { readonly newest: number; readonly at: string } | undefined;
  return async (except: readonly string[]) => {
    run ??= { newest: await store.newestPlacement(), at: timeOfDay(runtime) };
    return store.republishUpTo(run, BATCH, except);
  };
};

type RepublishStore = Pick<OrdersStore, 'republishDue' | 'republishUpTo' | 'newestPlacement'>;

/**
 * Republishes the events of stuck orders: of those that have stayed in one status for `afterMs`. Whatever the broker has
 * lost, no order stays stuck. Consumers read the state before they act, so this is harmless.
 *
 * @param options.atOnce whether the first run takes every order in progress, however short it has stayed: the broker has
 * lost everything
 */
export const startRepublish = (options: {
  readonly afterMs: number;
  readonly atOnce: boolean;
  readonly store: RepublishStore;
  readonly stuck: Pick<StuckWatch, 'reasonOf' | 'withoutStock'>;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly wakeOutbox: () => void;
}): Periodic => {
  const { afterMs, store, stuck, logger } = options;
  const counter = options.metrics.counter('orders_republished_total');
  const announceAll = createAnnounceAll(store, options.runtime);
  let everything = options.atOnce;
  const republish = async (): Promise<boolean> => {
    const except = stuck.withoutStock();
    const late = await (everything ? announceAll(except) : store.republishDue(afterMs, BATCH, except));
    for (const { orderId, status } of late) {
      counter.add({ status });
      const reason = stuck.reasonOf(orderId);
      logger.info(
        { event: 'order_republished', orderId, status, reason },
        'republished the event of a stuck order',
      );
    }
    if (late.length > 0) options.wakeOutbox();
    const more = late.length >= BATCH;
    if (!more) everything = false;
    return more;
  };
  return startPeriodic({
    name: 'republish',
    intervalMs: Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, Math.floor(afterMs / 4))),
    atStart: true,
    runtime: options.runtime,
    logger,
    work: republish,
  });
};
