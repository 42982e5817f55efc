import type { ReservationRequest } from '@order-pipeline/contracts';
import { logFailure, startPeriodic, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { HotItem, InventoryStore } from './store/index.ts';

/** How often an instance looks at what was asked for; so the counts are those of a second. */
const LOOK_INTERVAL_MS = 1_000;
/** For so many looks an item is asked for less than half as often before it is hot no longer. */
const COOL_AFTER = 60;
/** The hottest only: each has rows of its own. */
const MAX_HOT = 50;
/** How often the instance that leads looks for buckets from which nobody takes any more. */
const MERGE_INTERVAL_MS = 30_000;

interface Demand {
  readonly orders: number;
  readonly units: number;
}

type Demands = ReadonlyMap<string, Demand>;

/** Counts what is asked for of each item since it was last taken. */
const createDemands = () => {
  let demands = new Map<string, Demand>();
  return {
    add: ({ lines }: ReservationRequest): void => {
      for (const { itemId, quantity } of lines) {
        const { orders, units } = demands.get(itemId) ?? { orders: 0, units: 0 };
        demands.set(itemId, { orders: orders + 1, units: units + quantity });
      }
    },
    take: (): Demands => {
      const taken = demands;
      if (taken.size > 0) demands = new Map();
      return taken;
    },
  };
};

/**
 * Which items are hot for this instance: at least `ordersPerS` orders asked for them here within a second. An item stays hot
 * until it is asked for less than half as often for a minute, so that one near the limit is not split again and again.
 */
export const createHotItems = (ordersPerS: number) => {
  /** For how many looks each was asked for too seldom. */
  const coolFor = new Map<string, number>();
  return {
    items: coolFor as Pick<ReadonlyMap<string, number>, 'has' | 'size'>,
    /**
     * @param demands of the last second
     * @returns those whose stock is to be split, where it is not yet; the hottest first
     */
    look: (demands: Demands): HotItem[] => {
      for (const [itemId, looks] of coolFor) {
        const isCool = (demands.get(itemId)?.orders ?? 0) < ordersPerS / 2;
        if (isCool && looks + 1 >= COOL_AFTER) coolFor.delete(itemId);
        else coolFor.set(itemId, isCool ? looks + 1 : 0);
      }
      return [...demands]
        .filter(([itemId, { orders }]) => orders >= ordersPerS || coolFor.has(itemId))
        .toSorted(([, a], [, b]) => b.orders - a.orders)
        .slice(0, MAX_HOT)
        .map(([itemId, { units }]) => ({ itemId, unitsPerS: units }));
    },
    /** Notes whether it is split: one that has too few units for that is not. */
    note: (itemId: string, isSplit: boolean): void => {
      if (!isSplit) coolFor.delete(itemId);
      else if (!coolFor.has(itemId)) coolFor.set(itemId, 0);
    },
  };
};

interface Parts {
  readonly store: InventoryStore;
  readonly runtime: Pick<Runtime, 'after' | 'soon'>;
  readonly logger: Logger;
}

/** Reserves, and knows what is hot. */
export interface HotItems {
  readonly reserve: InventoryStore['reserve'];
  stop(): Promise<void>;
}

/**
 * Has items split that are hot here. Each look costs a statement for each of them, and nothing where there is none.
 *
 * @param ordersPerS from how many orders a second on; undefined: nothing is counted or split
 */
export const startHotItems = (
  { store, runtime, logger }: Parts,
  ordersPerS: number | undefined,
): HotItems => {
  if (ordersPerS === undefined)
    return { reserve: (requests) => store.reserve(requests), stop: () => Promise.resolve() };
  const demands = createDemands();
  const hot = createHotItems(ordersPerS);
  const split = async (item: HotItem): Promise<void> => {
    const { itemId } = item;
    try {
      const { buckets, isNew } = await store.splitItem(item);
      hot.note(itemId, buckets > 0);
      if (isNew) logger.info({ itemId, buckets }, 'stock of an item split');
    } catch (error) {
      // One that somebody keeps locked holds up no other.
      logFailure(logger, error, { task: 'hot items', itemId }, 'stock of an item not split, retrying');
    }
  };
  const periodic = startPeriodic({
    name: 'hot items',
    intervalMs: LOOK_INTERVAL_MS,
    runtime,
    logger,
    work: async () => {
      for (const item of hot.look(demands.take())) await split(item);
    },
  });
  return {
    reserve: (requests) => {
      for (const request of requests) demands.add(request);
      return store.reserve(requests, hot.items);
    },
    stop: () => periodic.stop(),
  };
};

/**
 * Puts the stock of items together from whose buckets nobody took anything between two looks. One instance does it; it does
 * so whatever the settings say, so that items that were split once do not stay so.
 */
export const startMerging = ({
  store,
  runtime,
  logger,
  leads,
}: Parts & { readonly leads: () => boolean }) => {
  let before = new Map<string, string>();
  return startPeriodic({
    name: 'merging of buckets',
    intervalMs: MERGE_INTERVAL_MS,
    runtime,
    logger,
    work: async () => {
      if (!leads()) return before.clear();
      const now = await store.findSplitItems();
      const quiet = now.filter(({ itemId, reserved }) => before.get(itemId) === reserved);
      for (const { itemId } of quiet) {
        const merged = await store.mergeItems([itemId]);
        if (merged > 0) logger.info({ itemId }, 'stock of an item merged');
      }
      before = new Map(now.map(({ itemId, reserved }) => [itemId, reserved]));
    },
  });
};
