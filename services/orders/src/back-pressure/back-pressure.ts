import { isTransient, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { OrdersStore } from '../store/index.ts';
import {
  decideOutboxPressure,
  PRESSURE_REASONS,
  type OutboxBacklog,
  type OutboxLimits,
  type PressureReason,
} from './rules.ts';

/** As many batches as are placed side by side: one that met a lost connection does not stop the others. */
const FAILURES_UNTIL_BUSY = 3;
const SUCCESSES_UNTIL_FREE = 2;
/** The queue counts as short again when it was never too long for so long. */
const QUEUE_QUIET_MS = 5_000;

/** Whether new orders are taken now, from what was last seen of the outbox, the database and the queue. */
export interface BackPressure {
  /** Why not even a repeat is looked for, if so: the database or the queue would only get worse. */
  refusesAll(): PressureReason | undefined;
  /** Why no new order is taken, if so. */
  refusesNew(): PressureReason | undefined;
  /** Tells that a placement was refused. */
  refused(reason: PressureReason): void;
  measured(backlog: OutboxBacklog): void;
  /** Tells whether the database did what a placement asks of it: a placement, or a probe while it was busy. */
  databaseWorked(): void;
  databaseFailed(): void;
  databaseProbed(worked: boolean): void;
  /** To be called now and then. */
  tick(): void;
}

/** Which reasons stand, with a log line and a gauge for each change. */
const createReasons = ({ runtime, logger, metrics }: PressureOptions) => {
  const gauge = metrics.gauge('orders_back_pressure', '1 while new orders are refused for this reason', [
    'reason',
  ]);
  const since = new Map<PressureReason, number>();
  for (const reason of PRESSURE_REASONS) gauge.set({ reason }, 0);
  return {
    standing: () => new Set(since.keys()),
    has: (reason: PressureReason) => since.has(reason),
    set: (reason: PressureReason, stands: boolean, facts: object = {}): void => {
      const began = since.get(reason);
      if (stands === (began !== undefined)) return;
      gauge.set({ reason }, stands ? 1 : 0);
      if (stands) {
        since.set(reason, runtime.monotonic());
        logger.warn({ reason, ...facts }, 'new orders are refused');
        return;
      }
      since.delete(reason);
      logger.info(
        { reason, afterMs: Math.round(runtime.monotonic() - (began ?? 0)), ...facts },
        'a reason to refuse new orders is gone',
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

export interface PressureOptions {
  readonly limits: OutboxLimits;
  readonly runtime: Pick<Runtime, 'monotonic'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export const createBackPressure = (options: PressureOptions): BackPressure => {
  const { limits, runtime, metrics } = options;
  const counter = metrics.counter('orders_refused_total', 'Placements refused by back-pressure', ['reason']);
  const reasons = createReasons(options);
  const since = runtime.monotonic();
  let queueTooLongAt = -Infinity;
  const standing = (...some: PressureReason[]) => some.find(reasons.has);
  return {
    ...createDatabaseSwitch(reasons),
    // The queue is not among them: each arrival finds it as it is.
    refusesAll: () => standing('DATABASE_BUSY'),
    refusesNew: () => standing('DATABASE_BUSY', 'OUTBOX_TOO_OLD', 'OUTBOX_TOO_DEEP'),
    refused: (reason) => {
      counter.add({ reason });
      if (reason !== 'QUEUE_TOO_LONG') return;
      queueTooLongAt = runtime.monotonic();
      reasons.set(reason, true);
    },
    measured: (backlog) => {
      const upMs = runtime.monotonic() - since;
      const over = decideOutboxPressure(reasons.standing(), backlog, limits, upMs);
      const facts = { depth: backlog.depth, ageMs: Math.round(backlog.ageMs) };
      reasons.set('OUTBOX_TOO_OLD', over.OUTBOX_TOO_OLD, facts);
      reasons.set('OUTBOX_TOO_DEEP', over.OUTBOX_TOO_DEEP, facts);
    },
    tick: () => {
      if (runtime.monotonic() - queueTooLongAt > QUEUE_QUIET_MS) reasons.set('QUEUE_TOO_LONG', false);
    },
  };
};

type PlacingStore = Pick<OrdersStore, 'findOrders' | 'storeOrders' | 'settleReservations'>;

/** The store as placements use it, seen by the pressure. That orders can be read does not mean they can be stored. */
export const watchStore = (store: PlacingStore, pressure: BackPressure): PlacingStore => {
  const watched = async <R>(call: () => Promise<R>): Promise<R> => {
    try {
      return await call();
    } catch (error) {
      if (isTransient(error)) pressure.databaseFailed();
      throw error;
    }
  };
  return {
    ...store,
    findOrders: (orderIds) => watched(() => store.findOrders(orderIds)),
    storeOrders: async (orders) => {
      const stored = await watched(() => store.storeOrders(orders));
      pressure.databaseWorked();
      return stored;
    },
  };
};
