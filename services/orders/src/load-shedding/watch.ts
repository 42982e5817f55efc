import {
  startPeriodic,
  storedAgeMs,
  type Metrics,
  type Periodic,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { createSightings } from '../sightings.ts';
import type { OrdersStore, StoredBacklog } from '../store/index.ts';
import type { AdmissionControl } from './admission-control.ts';

const INTERVAL_MS = 1_000;
/** Of an instance that does not lead and is not asked to place anything. */
const STANDBY_INTERVAL_MS = 10_000;

/** How long the oldest event has waited: by its date, or as long as it was seen waiting, where the date lies ahead. */
export const createBacklogAge = (runtime: Runtime) => {
  const sightings = createSightings(runtime);
  return ({ oldest }: StoredBacklog): number => {
    const seen = sightings(oldest ? [oldest.id] : []);
    return oldest ? Math.max(storedAgeMs(runtime, oldest.since), seen.get(oldest.id) ?? 0) : 0;
  };
};

/** The look at the outbox and the database that is taken again and again. */
export interface LoadWatch extends Pick<Periodic, 'stop'> {
  /** To be called for each batch that is to be placed: while there are any, it looks every second. */
  used(): void;
}

/**
 * Looks every second at what waits in the outbox, whichever instance has put it there: the instance that leads, and each that
 * places orders or refuses some. And while the database is too
 * busy for placements, whether it still is: by storing no orders at all, which needs the same connection and the same
 * locks on the tables as storing some.
 */
export const startLoadWatch = (options: {
  readonly store: Pick<OrdersStore, 'outboxBacklog' | 'storeOrders'>;
  readonly admission: AdmissionControl;
  readonly leads: () => boolean;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): LoadWatch => {
  const { store, admission, leads, runtime, metrics } = options;
  const depth = metrics.gauge('outbox_depth');
  const age = metrics.gauge('outbox_oldest_age_seconds');
  const ageOf = createBacklogAge(runtime);
  const measure = async (): Promise<void> => {
    const backlog = await store.outboxBacklog();
    const ageMs = ageOf(backlog);
    depth.set({}, backlog.depth);
    age.set({}, ageMs / 1_000);
    admission.update({ depth: backlog.depth, ageMs });
  };
  let usedAt = -Infinity;
  let lookedAt = -Infinity;
  const since = (at: number): number => runtime.monotonic() - at;
  const isOnDuty = (): boolean =>
    leads() || since(usedAt) < 2 * INTERVAL_MS || admission.reasons().length > 0;
  const look = async (): Promise<void> => {
    lookedAt = runtime.monotonic();
    admission.tick();
    try {
      if (admission.shedsAll()) {
        await store.storeOrders([]);
        admission.databaseProbed(true);
      }
      await measure();
    } catch (error) {
      admission.databaseProbed(false);
      throw error;
    }
  };
  const looking = startPeriodic({
    name: 'load watch',
    intervalMs: () => (isOnDuty() ? INTERVAL_MS : STANDBY_INTERVAL_MS),
    runtime,
    logger: options.logger,
    work: look,
  });
  return {
    used: () => {
      usedAt = runtime.monotonic();
      // What it saw is too old after a time without orders.
      if (since(lookedAt) > 2 * INTERVAL_MS) looking.wake();
    },
    stop: () => looking.stop(),
  };
};
