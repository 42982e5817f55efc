import { orderLifecycleApi, type ReservationRef } from '@order-pipeline/contracts';
import {
  createOwnCall,
  dueTimes,
  startPeriodic,
  timeOfDay,
  type Periodic,
  type Runtime,
  type ServiceContext,
} from '@order-pipeline/service-kit';
import { consumeReservations } from './consumers.ts';
import { decideSettlements } from './domain.ts';
import type { HeldReservation, InventoryStore, TimeRange } from './store/index.ts';

const BATCH = 200;
/** All that are held are looked at again after this many times as long as each is at first, and this at the most. */
const AGAIN_AFTER = 10;
const AGAIN_AFTER_MOST_MS = 300_000;
/** Small batches often: a large one would hold up the requests that come meanwhile. */
const LOOKS_A_WAIT = 20;

/**
 * Goes through held reservations from the oldest on and waits at the end for those that come of age, each looked at
 * once; begins anew when `againAfterMs` have passed. What is looked at is remembered here and not written, so looking
 * costs little, and a new instance looks at everything.
 */
const createRound = ({ monotonic }: Pick<Runtime, 'monotonic'>, againAfterMs: number) => {
  let last: HeldReservation | undefined;
  let startedAt = monotonic();
  return {
    last: (): HeldReservation | undefined => {
      if (monotonic() - startedAt >= againAfterMs) {
        last = undefined;
        startedAt = monotonic();
      }
      return last;
    },
    lookedAt: (reservations: readonly HeldReservation[]): void => {
      last = reservations.at(-1) ?? last;
    },
  };
};

type Round = ReturnType<typeof createRound>;

/** @returns the ids of the orders whose stock somebody keeps locked */
const apply = async (
  settlements: Parameters<typeof decideSettlements>[0],
  store: InventoryStore,
  logger: ServiceContext<unknown>['logger'],
): Promise<string[]> => {
  const { release, consume } = decideSettlements(settlements);
  const { ended, locked } = release.length > 0 ? await store.release(release) : { ended: [], locked: [] };
  const released = new Set(ended);
  for (const { orderId, verdict } of release) {
    if (released.has(orderId)) logger.info({ orderId, verdict }, 'orphaned reservation released');
  }
  const shipped = consume.map(({ orderId }) => orderId);
  const waiting = shipped.length > 0 ? await consumeReservations(store, shipped, logger) : [];
  return [...locked, ...waiting];
};

/**
 * Asks for the verdict about reservations that have stood for `checkAfterMs`: a placement may have died before its order
 * was stored, a cancellation before the stock came back, and the broker may have lost ORDER_SHIPPED. The orders service
 * fences a reservation that has no order before it says so, so stock that is given back here cannot be sold twice.
 * At its start it asks for all that were held by then. Those that are dated ahead have a round of their own: the others
 * come of age behind them.
 *
 * But for the look at its start, one instance does it for all: each would ask for every reservation again.
 */
export const startReconciler = (
  { clients, runtime, logger }: ServiceContext<unknown>,
  { store, leads }: { readonly store: InventoryStore; readonly leads: () => boolean },
  checkAfterMs: number,
): Periodic => {
  const startedAt = timeOfDay(runtime);
  const againAfterMs = Math.min(AGAIN_AFTER_MOST_MS, checkAfterMs * AGAIN_AFTER);
  const rounds = { late: createRound(runtime, againAfterMs), ahead: createRound(runtime, againAfterMs) };
  let everything = true;
  /** Whether the next look is for those dated ahead as well: once a run, and on where there are more of them. */
  let looksAhead = true;
  /** Those of the last look that had no verdict yet, or that somebody keeps locked: they are looked at again by themselves. */
  let again: readonly ReservationRef[] = [];
  const settle = async (): Promise<boolean> => {
    if (!everything && !leads()) {
      again = [];
      return false;
    }
    const asksAhead = looksAhead;
    looksAhead = true;
    // What was reserved since the start belongs to placements that are under way.
    const { until, ahead } = dueTimes(runtime, checkAfterMs, everything ? startedAt : undefined);
    if (again.length > 0) again = await lookAt(again);
    const more = await settleNext(rounds.late, { until });
    if (!more) everything = false;
    const moreAhead = asksAhead && (await settleNext(rounds.ahead, { after: ahead }));
    if (more) looksAhead = moreAhead;
    return more || moreAhead;
  };
  /** @returns whether there may be more */
  const settleNext = async (round: Round, range: TimeRange): Promise<boolean> => {
    const held = await store.findHeld(range, round.last(), BATCH);
    if (held.length > 0) {
      const later = await lookAt(held.map(({ orderId, reservationId }) => ({ orderId, reservationId })));
      again = [...again, ...later].slice(0, BATCH);
      round.lookedAt(held);
    }
    return held.length === BATCH;
  };
  const ownCall = createOwnCall('reconciler', { runtime, logger });
  /** @returns those that are to be looked at again */
  const lookAt = async (reservations: readonly ReservationRef[]): Promise<readonly ReservationRef[]> => {
    const call = ownCall();
    const input = { body: { reservations: [...reservations] } };
    const { settlements } = await clients.call(orderLifecycleApi.settleReservations, input, call);
    await runtime.failpoint('inventory.afterVerdictBeforeApply');
    const locked = new Set(await apply(settlements, store, logger));
    const settled = new Set(settlements.map(({ orderId }) => orderId));
    return reservations.filter(({ orderId }) => locked.has(orderId) || !settled.has(orderId));
  };
  return startPeriodic({
    name: 'reservation reconciler',
    intervalMs: Math.max(250, Math.floor(checkAfterMs / LOOKS_A_WAIT)),
    atStart: true,
    runtime,
    logger,
    work: settle,
  });
};
