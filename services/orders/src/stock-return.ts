import { reservationsApi, type ReservationRef } from '@order-pipeline/contracts';
import {
  createOwnCall,
  logFailure,
  startPeriodic,
  type CallContext,
  type ServiceClients,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { OrdersStore } from './store/index.ts';

const BATCH = 500;
const INTERVAL_MS = 1_000;

/** Gives the stock of cancelled orders back, once each, until the inventory has it. */
export interface StockReturn {
  /** Tries now; what fails is tried again every second. Never rejects. */
  giveBack(reservations: readonly ReservationRef[], call: CallContext): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A cancelled order stays marked until its stock is known to be back, so a crash between the cancellation and the
 * return loses nothing; the inventory gives a reservation back only once, so returning it twice is harmless.
 */
export const startStockReturn = (options: {
  readonly clients: ServiceClients;
  readonly store: OrdersStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Whether this instance is to look for those that nobody gives back; all would look at the same. */
  readonly leads: () => boolean;
}): StockReturn => {
  const { clients, store, runtime, logger, leads } = options;
  const returnStock = async (reservations: readonly ReservationRef[], call: CallContext): Promise<void> => {
    await runtime.failpoint('orders.afterCancelBeforeRelease');
    const body = { reservations: [...reservations] };
    const { lockedOrderIds } = await clients.call(reservationsApi.releaseStock, { body }, call);
    await runtime.failpoint('orders.afterReleaseBeforeRecord');
    const locked = new Set(lockedOrderIds);
    await store.recordStockReturned(
      reservations.map(({ orderId }) => orderId).filter((orderId) => !locked.has(orderId)),
    );
  };
  /** Where the next page begins: those that are locked stay, and must not keep the others from being looked at. */
  let after = '';
  const ownCall = createOwnCall('return of stock', { runtime, logger });
  const catchUp = async (): Promise<boolean> => {
    if (!leads()) return false;
    const reservations = await store.findStockNotReturned(after, BATCH);
    const more = reservations.length === BATCH;
    after = (more ? reservations.at(-1)?.orderId : undefined) ?? '';
    if (reservations.length === 0) return false;
    await returnStock(reservations, ownCall());
    return more;
  };
  const periodic = startPeriodic({
    name: 'return of stock',
    intervalMs: INTERVAL_MS,
    runtime,
    logger,
    work: catchUp,
  });
  return {
    giveBack: async (reservations, call) => {
      try {
        await returnStock(reservations, call);
      } catch (error) {
        const sentence = 'the stock of a cancelled order is not back yet, it will be tried again';
        logFailure(call.logger, error, {}, sentence);
      }
    },
    stop: () => periodic.stop(),
  };
};
