import { MAX_BATCH } from '@order-pipeline/contracts';
import { createMessaging } from '@order-pipeline/messaging';
import {
  actionsSettings,
  createBatcher,
  defineService,
  milliseconds,
  openDatabase,
  startActionsTrimming,
  startPeriodic,
  wholeNumber,
} from '@order-pipeline/service-kit';
import { z } from 'zod';
import { startInventoryConsumer } from './consumers.ts';
import { PrismaClient } from './generated/client.ts';
import { startHotItems, startMerging } from './hot-items.ts';
import { startReconciler } from './reconciler.ts';
import { createInventoryRoutes } from './routes.ts';
import { createStore } from './store/index.ts';

const MIGRATIONS = new URL('../../../prisma/inventory/migrations/', import.meta.url);
const MAX_ITEMS_A_STATEMENT = 200;
const MAX_CONCURRENT_BATCHES = 3;
const MAX_RATE = 1_000_000;
/** Keys are kept for a day; some minutes more do no harm. */
const EXPIRED_KEYS_INTERVAL_MS = 600_000;

/** Items, stock and reservations: one reservation an order, all its lines or none. */
export const inventoryService = defineService({
  name: 'inventory',
  settings: z.object({
    /** How long a reservation may stand before its order is asked for. */
    RESERVATION_CHECK_AFTER_MS: milliseconds(10_000),
    /** From how many orders a second in one instance on the stock of an item is split; unset: never. */
    HOT_ITEM_ORDERS_PER_S: wholeNumber(1, MAX_RATE).optional(),
    ...actionsSettings,
  }),
  database: 'inventory',
  migrations: MIGRATIONS,
  usesKafka: true,
  dependsOn: ['orders'],
  callTimeoutMs: 5_000,
  start: async (context) => {
    const { runtime, logger, closers, settings } = context;
    const prisma = await openDatabase(
      context,
      'inventory',
      MIGRATIONS,
      (adapter) => new PrismaClient({ adapter, errorFormat: 'minimal' }),
    );
    const store = createStore(prisma, runtime);

    const messaging = createMessaging('inventory', context);
    const { leads } = startInventoryConsumer({ messaging, store, runtime, logger });
    const reconciler = startReconciler(context, { store, leads }, settings.RESERVATION_CHECK_AFTER_MS);
    closers.add('reservation reconciler', () => reconciler.stop());

    const keys = startPeriodic({
      name: 'expired keys',
      intervalMs: EXPIRED_KEYS_INTERVAL_MS,
      runtime,
      logger,
      work: async () => (await store.removeExpiredKeys(MAX_BATCH)) === MAX_BATCH,
    });
    closers.add('expired keys', () => keys.stop());
    const trimming = startActionsTrimming({ ...context, sql: prisma, leads });
    closers.add('trimming of operator actions', () => trimming.stop());

    const batching = { runtime, maxConcurrent: MAX_CONCURRENT_BATCHES };
    const items = createBatcher({ ...batching, maxSize: MAX_ITEMS_A_STATEMENT, run: store.addItems });
    const merging = startMerging({ store, runtime, logger, leads });
    closers.add('merging of buckets', () => merging.stop());
    const hotItems = startHotItems({ store, runtime, logger }, settings.HOT_ITEM_ORDERS_PER_S);
    closers.add('hot items', () => hotItems.stop());
    const reservations = createBatcher({ ...batching, maxSize: MAX_BATCH, run: hotItems.reserve });
    closers.add('stock in hand', () => Promise.all([items.drain(), reservations.drain()]));
    return { routes: createInventoryRoutes(store, { items, reservations }, runtime) };
  },
});
