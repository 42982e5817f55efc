import { createMessaging, startOutboxRelay } from '@order-pipeline/messaging';
import {
  createBatcher,
  defineService,
  milliseconds,
  openDatabase,
  type ServiceContext,
} from '@order-pipeline/service-kit';
import { z } from 'zod';
import { PrismaClient } from './generated/client.ts';
import { placeOrders, type PlacementRequest } from './placement.ts';
import { startRedrive } from './redrive.ts';
import { createOrdersRoutes } from './routes.ts';
import { startStatusMetrics } from './status-metrics.ts';
import { startStockReturn } from './stock-return.ts';
import { createStore, type OrdersStore } from './store/index.ts';

const MIGRATIONS = new URL('../../../prisma/orders/migrations/', import.meta.url);
const MAX_ORDERS_A_BATCH = 128;
const MAX_CONCURRENT_BATCHES = 3;

const settings = z.object({
  /** How long an order may stand in a status before its event is published again. */
  REDRIVE_AFTER_MS: milliseconds(600_000),
});

type Context = ServiceContext<z.infer<typeof settings>>;

const openStore = async (context: Context): Promise<OrdersStore> => {
  const prisma = await openDatabase(
    context,
    'orders',
    MIGRATIONS,
    (adapter) => new PrismaClient({ adapter }),
  );
  return createStore(prisma, context.runtime);
};

/** What runs beside the requests; closed before the database is. */
const startBackground = (context: Context, store: OrdersStore) => {
  const { broker, peers, runtime, logger, metrics, closers, settings: set } = context;
  const shared = { store, peers, runtime, logger, metrics };
  const { publisher } = createMessaging('orders', context);
  const relay = startOutboxRelay({ ...shared, outbox: store.outbox, publisher });
  closers.add('outbox relay', () => relay.stop());
  const wakeOutbox = () => relay.wake();
  const redrive = startRedrive({
    ...shared,
    wakeOutbox,
    afterMs: set.REDRIVE_AFTER_MS,
    atOnce: !broker.durable,
  });
  closers.add('republication', () => redrive.stop());
  const stockReturn = startStockReturn(shared);
  closers.add('return of stock', () => stockReturn.stop());
  const statusMetrics = startStatusMetrics(shared);
  closers.add('status metrics', () => statusMetrics.stop());
  return { wakeOutbox, stockReturn, statusMetrics };
};

/** Places orders, and is the only one to write their status. */
export const ordersService = defineService({
  name: 'orders',
  settings,
  database: 'orders',
  usesKafka: true,
  asks: ['users', 'inventory'],
  callTimeoutMs: 1_200,
  start: async (context) => {
    const { peers, runtime, closers } = context;
    const store = await openStore(context);
    const background = startBackground(context, store);
    const placements = createBatcher({
      runtime,
      maxSize: MAX_ORDERS_A_BATCH,
      maxConcurrent: MAX_CONCURRENT_BATCHES,
      run: (requests: PlacementRequest[]) => placeOrders({ peers, store, runtime }, requests),
    });
    closers.add('orders in hand', () => placements.drain());
    return { routes: createOrdersRoutes({ ...background, store, placements, peers, runtime }) };
  },
});
