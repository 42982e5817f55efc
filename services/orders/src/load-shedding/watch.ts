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

/** How long the oldest event has waited: by its date, or as long as it was seen waiting, where the date lies ahead. */
export const createBacklogAge = (runtime: Runtime) => {
  const sightings = createSightings(runtime);
  return ({ oldest }: StoredBacklog): number => {
    const seen = sightings(oldest ? [oldest.id] : []);
    return oldest ? Math.max(storedAgeMs(runtime, oldest.since), seen.get(oldest.id) ?? 0) : 0;
  };
};

/**
 * Looks every second at what waits in the outbox, whichever instance has put it there; and while the database is too
 * busy for placements, whether it still is: by storing no orders at all, which needs the same connection and the same
 * locks on the tables as storing some.
 */
export const startLoadWatch = (options: {
  readonly store: Pick<OrdersStore, 'outboxBacklog' | 'storeOrders'>;
  readonly admission: AdmissionControl;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): Periodic => {
  const { store, admission, runtime, metrics } = options;
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
  const look = async (): Promise<void> => {
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
  return startPeriodic({
    name: 'load watch',
    intervalMs: INTERVAL_MS,
    runtime,
    logger: options.logger,
    work: look,
  });
};
