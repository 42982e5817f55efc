import { ingestDeadLetters, type Messaging } from '@order-pipeline/messaging';
import type { Reads, Route, ServiceContext, Turns } from '@order-pipeline/service-kit';
import type { CancellableDatabase } from '../store/sql.ts';
import { measureOpen } from './open-metrics.ts';
import { createDeadLetterRoutes } from './routes.ts';
import { startRedriveRelay } from './redrive-relay.ts';
import { createLetterStore, type LetterStore } from './store.ts';

/**
 * Keeps the dead letters of all topics where operators can resolve them, and redrives those that they decide to redrive.
 *
 * @param lists the turns of all lists that are read from this database
 * @param reads where they are read from
 * @returns what operators ask, and where the letters are
 */
export const startDeadLetters = (
  context: ServiceContext<unknown>,
  database: CancellableDatabase,
  messaging: Messaging,
  lists: Turns,
  reads: Reads,
): { readonly store: LetterStore; readonly routes: Route[]; readonly leads: () => boolean } => {
  const { runtime, logger, metrics, tracer, closers } = context;
  const store = createLetterStore(database, runtime, lists, reads);
  const shared = { store, runtime, logger, metrics };
  measureOpen(shared);
  const { leads } = ingestDeadLetters({
    messaging,
    logger,
    keep: async (letter, raw) => {
      if (!(await store.keep(letter, raw))) return;
      const { id, topic, group, orderId, tries, redrives } = letter;
      logger.info({ letterId: id, topic, group, orderId, tries, redrives }, 'dead letter stored');
    },
  });
  const redriveRelay = startRedriveRelay({ ...shared, tracer, publisher: messaging.publisher, leads });
  closers.add('redrive relay', () => redriveRelay.stop());
  return {
    store,
    leads,
    routes: createDeadLetterRoutes({ store, runtime, wakeRedrive: () => redriveRelay.wake() }),
  };
};
