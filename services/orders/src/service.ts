import {
  createGroupWatch,
  createMessaging,
  createTopicInspection,
  startOutboxRelay,
  type Messaging,
} from '@order-pipeline/messaging';
import {
  actionsSettings,
  archiveSettings,
  createListTurns,
  defineService,
  milliseconds,
  openDatabase,
  openReads,
  optionalMilliseconds,
  renamedTo,
  replicaSettings,
  startActionsTrimming,
  urlOf,
  wholeNumber,
  type ServiceContext,
} from '@order-pipeline/service-kit';
import { z } from 'zod';
import { measureArchive } from './archive-metrics.ts';
import { startDeadLetters } from './dead-letters/index.ts';
import {
  createPlacementQueue,
  createAdmissionControl,
  startLoadWatch,
  observeStore,
  type AdmissionControl,
} from './load-shedding/index.ts';
import { createOverviewRoutes, startCountFolding, type OverviewParts } from './overview/index.ts';
import { PrismaClient } from './generated/client.ts';
import { placeOrders } from './placement.ts';
import { startRepublish } from './republish.ts';
import { createInspectionRoutes } from './inspection.ts';
import { createOrderSearchRoutes } from './order-search.ts';
import { createOrdersRoutes } from './routes.ts';
import { createStatusMetrics } from './status-metrics.ts';
import { startStockReturn } from './stock-return.ts';
import { createStuckRoutes, startStuckWatch } from './stuck/index.ts';
import { createTraceRoutes } from './trace-routes.ts';
import { createStore, type CancellableDatabase, type OrdersStore } from './store/index.ts';

const MIGRATIONS = new URL('../../../prisma/orders/migrations/', import.meta.url);

const settings = z.object({
  /** Age in one status at which the event of an order is published again. */
  REPUBLISH_AFTER_MS: milliseconds(600_000),
  REDRIVE_AFTER_MS: renamedTo('REPUBLISH_AFTER_MS'),
  /** Age in one status at which an order is reported as stuck; half of `REPUBLISH_AFTER_MS`, unless it is set. */
  STUCK_AFTER_MS: optionalMilliseconds(),
  /** How long the oldest event may wait to be published before no new orders are taken. */
  OUTBOX_MAX_AGE_MS: milliseconds(300_000),
  /** How many events may wait. */
  OUTBOX_MAX_ROWS: wholeNumber(1, 10_000_000).default(250_000),
  /** Where a trace is shown. */
  TRACE_URL: urlOf('http:', 'https:')
    .refine((url) => url.includes('{traceId}'), 'must have {traceId} in it')
    .optional(),
  ...archiveSettings,
  ...actionsSettings,
  ...replicaSettings,
});

type Context = ServiceContext<z.infer<typeof settings>>;

const open = (context: Context): Promise<CancellableDatabase> =>
  openDatabase(
    context,
    'orders',
    MIGRATIONS,
    (adapter) => new PrismaClient({ adapter, errorFormat: 'minimal' }),
  );

/** What runs beside the requests; closed before the database is. */
const startBackground = (
  context: Context,
  store: OrdersStore,
  admission: AdmissionControl,
  { publisher, leads }: Pick<Messaging, 'publisher'> & { readonly leads: () => boolean },
) => {
  const { broker, clients, runtime, logger, metrics, closers, settings: set } = context;
  const shared = { store, clients, runtime, logger, metrics };
  const relay = startOutboxRelay({ ...shared, outbox: store.outbox, publisher, leads });
  closers.add('outbox relay', () => relay.stop());
  const wakeOutbox = () => relay.wake();
  const stuckAfterMs = set.STUCK_AFTER_MS ?? Math.ceil(set.REPUBLISH_AFTER_MS / 2);
  const stuck = startStuckWatch({
    ...shared,
    groups: createGroupWatch(broker, 'orders-groups', runtime),
    leads,
    afterMs: stuckAfterMs,
  });
  closers.add('stuck orders', () => stuck.stop());
  const republish = startRepublish({
    ...shared,
    stuck,
    wakeOutbox,
    afterMs: set.REPUBLISH_AFTER_MS,
    atOnce: !broker.durable,
  });
  closers.add('republish', () => republish.stop());
  const stockReturn = startStockReturn({ ...shared, leads });
  closers.add('return of stock', () => stockReturn.stop());
  const statusMetrics = createStatusMetrics(shared);
  measureArchive({ ...shared, retainDays: set.RETAIN_ORDERS_DAYS, leads });
  const loadWatch = startLoadWatch({ ...shared, admission, leads });
  closers.add('load watch', () => loadWatch.stop());
  const folding = startCountFolding({ ...shared, leads });
  closers.add('folding of the kept counts', () => folding.stop());
  const stuckRoutes = createStuckRoutes({ stuck, stuckAfterMs, republishAfterMs: set.REPUBLISH_AFTER_MS });
  return { wakeOutbox, loadWatch, stockReturn, statusMetrics, stuck, stuckRoutes };
};

/** What the overview is read from, with an eye of its own on the consumer groups. */
const createOverview = (
  { broker, runtime, closers }: Context,
  parts: Omit<OverviewParts, 'groups' | 'runtime'>,
) => {
  const groups = createGroupWatch(broker, 'orders-overview', runtime);
  closers.add('overview of consumer groups', () => groups.stop());
  return createOverviewRoutes({ ...parts, groups, runtime });
};

/** Places orders, and is the only one to write their status. */
export const ordersService = defineService({
  name: 'orders',
  settings,
  database: 'orders',
  migrations: MIGRATIONS,
  usesKafka: true,
  dependsOn: ['users', 'inventory'],
  callTimeoutMs: 1_200,
  start: async (context) => {
    const { clients, runtime, tracer, closers, settings: set } = context;
    const database = await open(context);
    const lists = createListTurns(runtime);
    const reads = openReads(context, 'orders', database, {
      url: set.ORDERS_DATABASE_READ_URL,
      maxLagMs: set.ORDERS_DATABASE_READ_MAX_LAG_MS,
    });
    const store = createStore(database, runtime, lists, reads);
    const inspection = createTopicInspection(context.broker, {
      logger: context.logger,
      republishAfterMs: set.REPUBLISH_AFTER_MS,
    });
    const messaging = createMessaging('orders', context, inspection);
    const limits = { maxAgeMs: set.OUTBOX_MAX_AGE_MS, maxRows: set.OUTBOX_MAX_ROWS };
    const admission = createAdmissionControl({ ...context, limits });
    /** Of the group that is joined below; until then all lead. */
    let leads = () => true;
    const background = startBackground(context, store, admission, { ...messaging, leads: () => leads() });
    const observed = observeStore(store, admission, () => background.loadWatch.used());
    const parts = { clients, store: observed, runtime, tracer, admission };
    const placements = createPlacementQueue({
      admission,
      runtime,
      tracer,
      place: (requests) => placeOrders(parts, requests),
    });
    closers.add('orders in hand', () => placements.drain());
    const ordersRoutes = createOrdersRoutes({
      ...background,
      store,
      placements,
      clients,
      runtime,
      admission,
    });
    const letters = startDeadLetters(context, database, messaging, lists, reads);
    leads = letters.leads;
    const trimming = startActionsTrimming({ ...context, sql: database, leads });
    closers.add('trimming of operator actions', () => trimming.stop());
    const overviewRoutes = createOverview(context, {
      ...background,
      store,
      admission,
      letters: letters.store,
    });
    const traceRoutes = createTraceRoutes({ store, tracer, traceUrl: set.TRACE_URL });
    return {
      routes: [
        ...ordersRoutes,
        ...createInspectionRoutes({ store, clients }),
        ...createOrderSearchRoutes({ store, stuck: background.stuck }),
        ...traceRoutes,
        ...background.stuckRoutes,
        ...letters.routes,
        ...overviewRoutes,
      ],
    };
  },
});
