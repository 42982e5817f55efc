import { orderLifecycleApi, type ReservationRef } from '@order-pipeline/contracts';
import {
  createOwnCall,
  createSegmentsByTime,
  dueTimes,
  MAX_PASSED,
  startPeriodic,
  timeLiteral,
  timeOfDay,
  type Periodic,
  type Runtime,
  type Segment,
  type Segments,
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

type FindHeld = InventoryStore['findHeld'];
type Settle = (reservations: readonly HeldReservation[]) => Promise<void>;

/** One way through held reservations: each call looks at the next of them. */
interface Round {
  /** @returns whether there may be more right now */
  settleNext(range: TimeRange): Promise<boolean>;
}

/**
 * Goes through held reservations from the oldest on and waits at the end for more, each looked at once; begins anew when
 * `againAfterMs` have passed. What is looked at is remembered here and not written, so looking costs little, and a new
 * instance looks at everything.
 */
const createRound = (
  { monotonic }: Pick<Runtime, 'monotonic'>,
  againAfterMs: number,
  findHeld: FindHeld,
  settle: Settle,
): Round => {
  let last: HeldReservation | undefined;
  let startedAt = monotonic();
  return {
    settleNext: async (range) => {
      if (monotonic() - startedAt >= againAfterMs) {
        last = undefined;
        startedAt = monotonic();
      }
      const { found, isCut } = await findHeld(range, last, BATCH);
      if (found.length > 0) await settle(found);
      last = found.at(-1) ?? last;
      return isCut === true;
    },
  };
};

/** Looks at the held reservations of a segment, a page a call. */
const createPages = (findHeld: FindHeld, settle: Settle, failed: (segment: Segment) => void) => {
  let last: HeldReservation | undefined;
  let passed = 0;
  let after: number | undefined;
  return async (segment: Segment): Promise<{ readonly isCut: boolean; readonly passed: number }> => {
    if (segment.after !== after) {
      last = undefined;
      passed = 0;
    }
    ({ after } = segment);
    const range = { after: timeLiteral(segment.after), until: timeLiteral(segment.until) };
    const page = await findHeld(range, last, BATCH).catch((error: unknown) => {
      failed(segment);
      throw error;
    });
    if (page.found.length > 0) await settle(page.found);
    last = page.found.at(-1);
    passed += page.passed;
    if (!page.isCut) after = undefined;
    return { isCut: page.isCut === true, passed };
  };
};

/**
 * The same for those that have come of age. While somebody holds an old snapshot, the index keeps the entries of all that were
 * held since. So what comes of age is read behind all that was read before, and that is read again in segments, of which a call
 * passes so many entries at the most.
 */
const createAgedRound = (
  { monotonic }: Pick<Runtime, 'monotonic'>,
  againAfterMs: number,
  findHeld: FindHeld,
  settle: Settle,
) => {
  let segments: Segments | undefined;
  let startedAt = monotonic();
  let isThrough = false;
  const newest = createPages(findHeld, settle, (segment) => {
    segments?.add({ ...segment, passed: Infinity });
    segments?.beginAnew();
  });
  const older = createPages(findHeld, settle, (segment) => segments?.failed(segment));

  const settleNewest = async (all: Segments, until: number): Promise<boolean> => {
    all.cutOff(until);
    const segment = { after: all.front(), until };
    if (until === segment.after) return false;
    const { isCut, passed } = await newest(segment);
    if (!isCut) all.add({ ...segment, passed });
    return isCut;
  };
  const settleOlder = async (all: Segments): Promise<boolean> => {
    for (let left = MAX_PASSED; left > 0;) {
      const segment = all.next();
      if (!segment) {
        isThrough = true;
        return false;
      }
      const { isCut, passed } = await older(segment);
      if (isCut) return true;
      all.wasRead(segment, passed);
      left -= passed;
    }
    return false;
  };
  return {
    /** Whether it has looked at all that there was at first. */
    isThrough: () => isThrough,
    /** @returns whether there may be more right now */
    settleNext: async (until: number): Promise<boolean> => {
      segments ??= createSegmentsByTime(until);
      if (isThrough && monotonic() - startedAt >= againAfterMs) {
        segments.beginAnew();
        startedAt = monotonic();
      }
      const more = await settleNewest(segments, until);
      return (await settleOlder(segments)) || more;
    },
  };
};

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
  /** Those of the last look that had no verdict yet, or that somebody keeps locked: they are looked at again by themselves. */
  let again: readonly ReservationRef[] = [];
  const settleHeld = async (held: readonly HeldReservation[]): Promise<void> => {
    const later = await lookAt(held.map(({ orderId, reservationId }) => ({ orderId, reservationId })));
    again = [...again, ...later].slice(0, BATCH);
  };
  const late = createAgedRound(runtime, againAfterMs, store.findHeld, settleHeld);
  const aheadOfUs = createRound(runtime, againAfterMs, store.findHeld, settleHeld);
  const isStarting = () => !late.isThrough();
  /** Whether the next look is for those dated ahead as well: once a run, and on where there are more of them. */
  let looksAhead = true;
  const settle = async (): Promise<boolean> => {
    if (!isStarting() && !leads()) {
      again = [];
      return false;
    }
    const asksAhead = looksAhead;
    looksAhead = true;
    // What was reserved since the start belongs to placements that are under way.
    const { until, ahead } = dueTimes(runtime, checkAfterMs, isStarting() ? startedAt : undefined);
    if (again.length > 0) again = await lookAt(again);
    const more = await late.settleNext(Date.parse(until));
    const moreAhead = asksAhead && (await aheadOfUs.settleNext({ after: ahead }));
    if (more) looksAhead = moreAhead;
    return more || moreAhead;
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
