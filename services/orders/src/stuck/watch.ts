import {
  NEXT_WORKER,
  STATUSES_ON_THE_WAY,
  type StatusOnTheWay,
  type StuckReason,
} from '@order-pipeline/contracts';
import type { GroupState, GroupWatch } from '@order-pipeline/messaging';
import {
  createOwnCall,
  startPeriodic,
  storedAgeMs,
  type CallContext,
  type Metrics,
  type ServiceClients,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { createSightings } from '../sightings.ts';
import type { OrdersStore, WaitingOrder } from '../store/index.ts';
import { createReport, type Look } from './report.ts';
import { findWithoutStock, reserveAgain } from './reservations.ts';
import { decideReason, isStalled, topicFor } from './rules.ts';

/** Of each status, the oldest first: a look costs the same however many there are. */
const MAX_PER_STATUS = 1_000;
const MIN_INTERVAL_MS = 250;
const MAX_INTERVAL_MS = 30_000;

export interface StuckWatchOptions {
  readonly afterMs: number;
  readonly store: OrdersStore;
  readonly clients: ServiceClients;
  readonly groups: GroupWatch;
  /** Whether this instance reserves stock again that is missing: each would ask for all of it. */
  readonly leads: () => boolean;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What is known of stuck orders. */
export interface StuckWatch {
  /** Why an order is stuck, if it was seen to. */
  reasonOf(orderId: string): StuckReason | undefined;
  /** What the last look found. */
  latest(): Look;
  /** Orders that must not be pushed on: there is no stock for them. */
  withoutStock(): readonly string[];
  stop(): Promise<void>;
}

type Groups = ReadonlyMap<StatusOnTheWay, GroupState>;

/** The groups of the workers that `orders` wait for; one that Kafka reports nothing of is left out. */
const lookAtGroups = async (
  { groups, logger }: StuckWatchOptions,
  orders: readonly WaitingOrder[],
): Promise<Groups> => {
  const seen = new Map<StatusOnTheWay, GroupState>();
  const awaited = STATUSES_ON_THE_WAY.filter((status) => orders.some((order) => order.status === status));
  for (const status of awaited) {
    try {
      seen.set(status, await groups.look(NEXT_WORKER[status], topicFor(status)));
    } catch (error) {
      logger.debug({ err: error, group: NEXT_WORKER[status] }, 'consumer group could not be inspected');
      // It would not answer for the others either, and each look takes its time.
      break;
    }
  }
  return seen;
};

/** Those that have stood for `afterMs`. Where the date lies ahead, it is for how long this watch has seen them there. */
const createStuckOf = ({ runtime, afterMs }: Pick<StuckWatchOptions, 'runtime' | 'afterMs'>) => {
  const sightings = createSightings(runtime);
  return (standing: readonly WaitingOrder[]) => {
    const keyOf = ({ id, status }: WaitingOrder): string => `${id}:${status}`;
    const seen = sightings(standing.filter(({ isAhead }) => isAhead).map(keyOf));
    return standing
      .map((order) => ({
        ...order,
        ageMs: seen.get(keyOf(order)) ?? storedAgeMs(runtime, order.updatedAt),
      }))
      .filter(({ ageMs }) => ageMs >= afterMs);
  };
};

/** While the inventory does not answer nobody is said to be without stock. */
const lookForStock = async (
  options: StuckWatchOptions,
  stuck: readonly WaitingOrder[],
  call: CallContext,
): Promise<readonly WaitingOrder[]> => {
  try {
    return stuck.length === 0 ? [] : await findWithoutStock(options, stuck, call);
  } catch (error) {
    call.logger.debug({ err: error }, 'reservations of stuck orders could not be inspected');
    return [];
  }
};

/** Those whose rows are locked, of the ones that nothing else holds up as far as the database knows. */
const lookForLocks = async (
  { store, logger }: StuckWatchOptions,
  stuck: readonly WaitingOrder[],
): Promise<ReadonlySet<string>> => {
  const suspects = stuck.filter(({ hasDeadLetter, isInOutbox }) => !hasDeadLetter && !isInOutbox);
  if (suspects.length === 0) return new Set();
  try {
    return new Set(await store.findLocked(suspects.map(({ id }) => id)));
  } catch (error) {
    logger.debug({ err: error }, 'locks of stuck orders could not be inspected');
    return new Set();
  }
};

/**
 * Looks again and again for orders that have stood in their status for `afterMs`, and reports why, before their events
 * are published again. The workers they wait for are watched before, from a quarter of that time on, so that it is known
 * by then whether they make progress.
 *
 * An order that no stock is held for must not be shipped: its stock is reserved again if there is some.
 */
export const startStuckWatch = (options: StuckWatchOptions): StuckWatch => {
  const { afterMs, store, runtime, logger } = options;
  const report = createReport(options);
  const stuckOf = createStuckOf(options);
  let withoutStock: ReadonlySet<string> = new Set();

  const ownCall = createOwnCall('stuck orders', options);
  const look = async (): Promise<void> => {
    const standing = await store.findWaiting(Math.floor(afterMs / 4), MAX_PER_STATUS);
    const groups = await lookAtGroups(options, standing);
    const stuck = stuckOf(standing);
    const call = ownCall();
    const missing = await lookForStock(options, stuck, call);
    const missingIds = new Set(missing.map(({ id }) => id));
    const locked = await lookForLocks(options, stuck);
    report.report(
      stuck.map((order) => {
        const isReservationMissing = missingIds.has(order.id);
        const isConsumerStalled = isStalled(groups.get(order.status), afterMs / 2);
        const isLocked = locked.has(order.id);
        const reason = decideReason({ ...order, isReservationMissing, isLocked, isConsumerStalled });
        return { order, reason, ageMs: order.ageMs };
      }),
    );
    withoutStock = missingIds;
    if (missing.length > 0 && options.leads()) withoutStock = await reserveAgain(options, missing, call);
  };
  const periodic = startPeriodic({
    name: 'stuck orders',
    intervalMs: Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, Math.floor(afterMs / 8))),
    atStart: true,
    runtime,
    logger,
    work: look,
  });
  return {
    reasonOf: report.reasonOf,
    latest: report.latest,
    withoutStock: () => [...withoutStock],
    stop: async () => {
      await periodic.stop();
      await options.groups.stop();
    },
  };
};
