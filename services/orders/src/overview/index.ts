import {
  ORDER_STATUSES,
  overviewPartsApi,
  STATUSES_ON_THE_WAY,
  STUCK_REASONS,
  type OrdersOverview,
} from '@order-pipeline/contracts';
import type { GroupWatch } from '@order-pipeline/messaging';
import {
  ok,
  routesOf,
  startPeriodic,
  type Periodic,
  type Route,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { createBacklogAge, type AdmissionControl } from '../load-shedding/index.ts';
import type { OrdersStore } from '../store/index.ts';
import type { StuckWatch } from '../stuck/index.ts';
import { createOldestAges } from './ages.ts';
import { createConsumersState } from './consumers.ts';
import { summarizeDeliveries } from './deliveries.ts';

/** How often the instance that leads folds, and the others, should it not. */
const FOLD_INTERVAL_MS = 10_000;
const STANDBY_FOLD_INTERVAL_MS = 60_000;

export interface OverviewParts {
  readonly store: Pick<OrdersStore, 'readCounts' | 'oldestOnTheWay' | 'outboxBacklog'>;
  readonly letters: {
    countOpen(): Promise<
      readonly { readonly topic: string; readonly group: string; readonly letters: number }[]
    >;
  };
  readonly groups: Pick<GroupWatch, 'look'>;
  readonly stuck: Pick<StuckWatch, 'latest'>;
  readonly admission: Pick<AdmissionControl, 'reasons'>;
  readonly runtime: Runtime;
}

type OrdersPart = NonNullable<OrdersOverview['orders']>;

const mapOf = <K extends string, V>(keys: readonly K[], valueOf: (key: K) => V): Record<K, V> =>
  Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as Record<K, V>;

const countStuck = (stuck: OverviewParts['stuck']): OrdersPart['stuck'] => {
  const { diagnoses } = stuck.latest();
  return STATUSES_ON_THE_WAY.flatMap((status) =>
    STUCK_REASONS.map((reason) => ({
      status,
      reason,
      count: diagnoses.filter((one) => one.order.status === status && one.reason === reason).length,
    })),
  ).filter(({ count }) => count > 0);
};

const createOrdersPart = ({ store, stuck, admission, runtime }: OverviewParts) => {
  const oldestAges = createOldestAges(store, runtime);
  return async (): Promise<OrdersPart> => {
    const [{ statuses, deliveries }, ages] = await Promise.all([store.readCounts(), oldestAges()]);
    const countOf = new Map(statuses.map((count) => [count.status, count]));
    return {
      byStatus: mapOf(ORDER_STATUSES, (status) => Math.max(0, countOf.get(status)?.orders ?? 0)),
      perMinute: mapOf(ORDER_STATUSES, (status) => countOf.get(status)?.lastMinute ?? 0),
      oldestAgeMs: mapOf(STATUSES_ON_THE_WAY, (status) => {
        const age = ages[status];
        return age === undefined ? null : Math.round(age);
      }),
      placedToDelivered: summarizeDeliveries(deliveries),
      stuck: countStuck(stuck),
      loadShedding: [...admission.reasons()],
    };
  };
};

const createOutboxPart = ({ store, runtime }: OverviewParts) => {
  const ageOf = createBacklogAge(runtime);
  return async () => {
    const backlog = await store.outboxBacklog();
    return { depth: backlog.depth, oldestAgeMs: Math.round(ageOf(backlog)) };
  };
};

/** What cannot be read now is null: the reader sees that, and all the rest. */
const orNull = <T>(part: Promise<T>): Promise<T | null> => part.catch(() => null);

/** What the gateway asks for the overview; each part is read for itself. */
export const createOverviewRoutes = (parts: OverviewParts): Route[] => {
  const readOrders = createOrdersPart(parts);
  const readOutbox = createOutboxPart(parts);
  const readConsumers = createConsumersState(parts.groups, parts.runtime);
  const readLetters = async () =>
    (await parts.letters.countOpen()).map(({ topic, group, letters }) => ({ topic, group, open: letters }));
  return routesOf(overviewPartsApi, {
    readOrdersOverview: async () => {
      const [orders, outbox, deadLetters, state] = await Promise.all([
        orNull(readOrders()),
        orNull(readOutbox()),
        orNull(readLetters()),
        readConsumers(),
      ]);
      return ok({ orders, outbox, deadLetters, ...state });
    },
  });
};

/** Keeps the table of the kept counts small. */
export const startCountFolding = (options: {
  readonly store: Pick<OrdersStore, 'foldCounts'>;
  readonly leads: () => boolean;
  readonly runtime: Runtime;
  readonly logger: Logger;
}): Periodic =>
  startPeriodic({
    name: 'folding of the kept counts',
    intervalMs: () => (options.leads() ? FOLD_INTERVAL_MS : STANDBY_FOLD_INTERVAL_MS),
    runtime: options.runtime,
    logger: options.logger,
    work: () => options.store.foldCounts(),
  });
