import { orderLifecycleApi } from '@order-pipeline/contracts';
import {
  continueTrace,
  startPeriodic,
  type Periodic,
  type ServiceContext,
} from '@order-pipeline/service-kit';
import { consumeReservations } from './consumers.ts';
import { decideSettlements } from './domain.ts';
import type { InventoryStore } from './store/index.ts';

const BATCH = 500;
/** A reservation whose order rightly waits is looked at again after as long as it has stood, and this at the most. */
const LONGEST_PAUSE_MS = 300_000;

/**
 * Asks for the truth about reservations that have stood for `checkAfterMs`: a placement may have died before its order
 * was stored, a cancellation before the stock came back, and the broker may have lost ORDER_SHIPPED. The orders service
 * bars a reservation that has no order before it says so, so stock that is given back here cannot be sold twice.
 * At its start it asks for all that were held by then.
 */
export const startReconciler = (
  { peers, runtime, logger }: ServiceContext<unknown>,
  store: InventoryStore,
  checkAfterMs: number,
): Periodic => {
  const startedAt = runtime.now();
  let everything = true;
  const settle = async (): Promise<boolean> => {
    // What was reserved since the start belongs to placements that are under way.
    const olderThanMs = everything ? runtime.now() - startedAt : checkAfterMs;
    const reservations = await store.findDue(olderThanMs, BATCH);
    if (reservations.length > 0) {
      const call = { requestId: runtime.uuid(), trace: continueTrace(undefined, runtime), logger };
      const input = { params: undefined, query: undefined, body: { reservations } };
      const { settlements } = await peers.ask(orderLifecycleApi.settleReservations, input, call);
      await runtime.reach('inventory.afterSettleBeforeApply');
      await apply(settlements);
    }
    const more = reservations.length === BATCH;
    if (!more) everything = false;
    return more;
  };
  const apply = async (settlements: Parameters<typeof decideSettlements>[0]): Promise<void> => {
    const { release, consume, keep } = decideSettlements(settlements);
    const released = new Set(release.length > 0 ? await store.release(release) : []);
    for (const { orderId, truth } of release) {
      if (released.has(orderId))
        logger.info({ orderId, truth }, 'the stock of an order came back by reconciliation');
    }
    const shipped = consume.map(({ orderId }) => orderId);
    if (shipped.length > 0) await consumeReservations(store, shipped, logger);
    if (keep.length > 0) await store.putOff(keep, LONGEST_PAUSE_MS);
  };
  return startPeriodic({
    name: 'reservation reconciler',
    intervalMs: Math.max(250, Math.floor(checkAfterMs / 2)),
    atStart: true,
    runtime,
    logger,
    work: settle,
  });
};
