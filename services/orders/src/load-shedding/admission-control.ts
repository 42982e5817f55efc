import { isTransient, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { OrdersStore } from '../store/index.ts';
import {
  decideOutboxShedding,
  SHEDDING_REASONS,
  type OutboxBacklog,
  type OutboxLimits,
  type SheddingReason,
} from './rules.ts';

/** As many batches as are placed side by side: one that met a lost connection does not stop the others. */
const FAILURES_UNTIL_BUSY = 3;
const SUCCESSES_UNTIL_FREE = 2;
/** The queue counts as short again when it was never too long for so long. */
const QUEUE_QUIET_MS = 5_000;

/** Decides whether new orders are admitted, from the last state of the outbox, the database and the queue. */
export interface AdmissionControl {
  /** Why even repeated requests are refused, if they are: looking them up would only add to the load. */
  shedsAll(): SheddingReason | undefined;
  /** Why new orders are refused, if they are. */
  shedsNew(): SheddingReason | undefined;
  /** All reasons for which orders are refused now. */
  reasons(): readonly SheddingReason[];
  /** Counts a placement that was refused. */
  countRejected(reason: SheddingReason): void;
  update(backlog: OutboxBacklog): void;
  /** Tells whether the database did what a placement asks of it: a placement, or a probe while it was busy. */
  databaseWorked(): void;
  databaseFailed(): void;
  databaseProbed(worked: boolean): void;
  /** To be called now and then. */
  tick(): void;
}

/** Which reasons stand, with a log line and a gauge for each change. */
const createReasons = ({ runtime, logger, metrics }: AdmissionOptions) => {
  const gauge = metrics.gauge('orders_load_shedding');
  const since = new Map<SheddingReason, number>();
  for (const reason of SHEDDING_REASONS) gauge.set({ reason }, 0);
  return {
    standing: () => new Set(since.keys()),
    has: (reason: SheddingReason) => since.has(reason),
    set: (reason: SheddingReason, stands: boolean, facts: object = {}): void => {
      const began = since.get(reason);
      if (stands === (began !== undefined)) return;
      gauge.set({ reason }, stands ? 1 : 0);
      if (stands) {
        since.set(reason, runtime.monotonic());
        logger.warn({ event: 'load_shedding_started', reason, ...facts }, 'load shedding started');
        return;
      }
      since.delete(reason);
      logger.info(
        {
          event: 'load_shedding_stopped',
          reason,
          afterMs: Math.round(runtime.monotonic() - (began ?? 0)),
          ...facts,
        },
        'load shedding stopped',
      );
    },
  };
};

type Reasons = ReturnType<typeof createReasons>;

/** Says no after some failures without a success between them, and yes again after some probes that worked. */
const createDatabaseSwitch = (reasons: Reasons) => {
  let failures = 0;
  let successes = 0;
  const failed = (): void => {
    failures += 1;
    successes = 0;
    if (failures >= FAILURES_UNTIL_BUSY) reasons.set('DATABASE_BUSY', true);
  };
  return {
    databaseFailed: failed,
    databaseWorked: () => {
      failures = 0;
    },
    databaseProbed: (worked: boolean): void => {
      if (!worked) return failed();
      successes += 1;
      if (successes < SUCCESSES_UNTIL_FREE) return;
      failures = 0;
      reasons.set('DATABASE_BUSY', false);
    },
  };
};

export interface AdmissionOptions {
  readonly limits: OutboxLimits;
  readonly runtime: Pick<Runtime, 'monotonic'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export const createAdmissionControl = (options: AdmissionOptions): AdmissionControl => {
  const { limits, runtime, metrics } = options;
  const counter = metrics.counter('orders_refused_total');
  const reasons = createReasons(options);
  const since = runtime.monotonic();
  let queueTooLongAt = -Infinity;
  const standing = (...some: SheddingReason[]) => some.find(reasons.has);
  return {
    ...createDatabaseSwitch(reasons),
    // The queue is not among them: each arrival finds it as it is.
    shedsAll: () => standing('DATABASE_BUSY'),
    shedsNew: () => standing('DATABASE_BUSY', 'OUTBOX_TOO_OLD', 'OUTBOX_TOO_DEEP'),
    reasons: () => [...reasons.standing()],
    countRejected: (reason) => {
      counter.add({ reason });
      if (reason !== 'QUEUE_TOO_LONG') return;
      queueTooLongAt = runtime.monotonic();
      reasons.set(reason, true);
    },
    update: (backlog) => {
      const upMs = runtime.monotonic() - since;
      const over = decideOutboxShedding(reasons.standing(), backlog, limits, upMs);
      const facts = { depth: backlog.depth, ageMs: Math.round(backlog.ageMs) };
      reasons.set('OUTBOX_TOO_OLD', over.OUTBOX_TOO_OLD, facts);
      reasons.set('OUTBOX_TOO_DEEP', over.OUTBOX_TOO_DEEP, facts);
    },
    tick: () => {
      if (runtime.monotonic() - queueTooLongAt > QUEUE_QUIET_MS) reasons.set('QUEUE_TOO_LONG', false);
    },
  };
};

type PlacingStore = Pick<
  OrdersStore,
  'findKnown' | 'findArchivedRepeats' | 'storeOrders' | 'settleReservations'
>;

/**
 * The store as placements use it, observed by admission control. That orders can be read does not mean they can be stored.
 *
 * @param onUsed called for each batch
 */
export const observeStore = (
  store: PlacingStore,
  admission: AdmissionControl,
  onUsed: () => void,
): PlacingStore => {
  const watched = async <R>(call: () => Promise<R>): Promise<R> => {
    onUsed();
    try {
      return await call();
    } catch (error) {
      if (isTransient(error)) admission.databaseFailed();
      throw error;
    }
  };
  return {
    ...store,
    findKnown: (orderIds) => watched(() => store.findKnown(orderIds)),
    storeOrders: async (orders) => {
      const stored = await watched(() => store.storeOrders(orders));
      admission.databaseWorked();
      return stored;
    },
  };
};
