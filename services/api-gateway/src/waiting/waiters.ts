import { MAX_BATCH, type OrderStatus } from '@order-pipeline/contracts';
import type { Runtime } from '@order-pipeline/service-kit';

/** So many wait in an instance at most. */
export const MAX_WAITERS = 10_000;
/** An order is looked at so long after somebody began to wait for it, and then after twice as long each time. */
const FIRST_LOOK_MS = 100;
const MAX_LOOK_INTERVAL_MS = 1_000;
/** What a look costs the orders service for each order; where many are waited for, the looks become rarer instead. */
const REST_PER_ORDER_MS = 0.2;
/** After a look that failed. */
const FAILURE_REST_MS = 1_000;

/** Why a wait is over; `missing` where the order is not there any more, because it has been archived. */
export type WaitEnd = 'settled' | 'missing' | 'expired' | 'gone' | 'stopped';

export interface Wait {
  readonly orderId: string;
  /** Whether an order in this status is what is waited for. */
  readonly isSettled: (status: OrderStatus) => boolean;
  /** Milliseconds. */
  readonly timeoutMs: number;
  /** Aborted when the waiting client has gone. */
  readonly signal: AbortSignal | undefined;
}

/** Those who wait for orders at this instance. */
export interface Waiters {
  /** Resolves when the wait is over; nothing where it cannot begin, because too many wait or the instance stops. */
  wait(wait: Wait): Promise<WaitEnd> | undefined;
  /** Whether another one can wait. */
  hasRoom(): boolean;
  /** How many wait. */
  count(): number;
  /** Ends every wait, and begins none. */
  stop(): void;
}

export interface WaitersParts {
  readonly runtime: Pick<Runtime, 'monotonic' | 'after'>;
  /** The statuses of orders that there are, `MAX_BATCH` ids at most. */
  readonly findStatuses: (
    orderIds: readonly string[],
  ) => Promise<readonly { readonly orderId: string; readonly status: OrderStatus }[]>;
  /** Called with how many wait, whenever that changes. */
  readonly onCount?: (count: number) => void;
  /** Default: `MAX_WAITERS`. */
  readonly maxWaiters?: number;
}

interface Waiter {
  readonly isSettled: Wait['isSettled'];
  readonly end: (how: WaitEnd) => void;
}

/** An order that somebody waits for. */
interface Watched {
  readonly waiters: Set<Waiter>;
  dueAt: number;
  intervalMs: number;
}

/** Orders that are waited for. Those that were looked at last stand last, so that none is passed over when many are due. */
const createWatchList = (runtime: Pick<Runtime, 'monotonic'>) => {
  const orders = new Map<string, Watched>();
  return {
    /** Answers when its order is due. */
    add: (orderId: string, waiter: Waiter): number => {
      const known = orders.get(orderId);
      const dueAt = runtime.monotonic() + FIRST_LOOK_MS;
      if (known) {
        known.waiters.add(waiter);
        known.intervalMs = FIRST_LOOK_MS;
        known.dueAt = Math.min(known.dueAt, dueAt);
      } else orders.set(orderId, { waiters: new Set([waiter]), intervalMs: FIRST_LOOK_MS, dueAt });
      return dueAt;
    },
    delete: (orderId: string, waiter: Waiter): void => {
      const known = orders.get(orderId);
      known?.waiters.delete(waiter);
      if (known?.waiters.size === 0) orders.delete(orderId);
    },
    /** Ends the waits that are over now that the order has this status, or is missing. */
    endWaits: (orderId: string, status: OrderStatus | undefined): void => {
      for (const { isSettled, end } of orders.get(orderId)?.waiters ?? []) {
        if (status === undefined) end('missing');
        else if (isSettled(status)) end('settled');
      }
    },
    all: (): readonly Waiter[] => [...orders.values()].flatMap(({ waiters }) => [...waiters]),
    /** When the next one is due; nothing where there is none. */
    dueAt: (): number | undefined => {
      let earliest: number | undefined;
      for (const { dueAt } of orders.values()) earliest = Math.min(earliest ?? dueAt, dueAt);
      return earliest;
    },
    /** Those that are due now, which are due again later. */
    takeDue: (): string[] => {
      const now = runtime.monotonic();
      const due = [...orders].filter(([, { dueAt }]) => dueAt <= now).slice(0, MAX_BATCH);
      for (const [orderId, watched] of due) {
        watched.intervalMs = Math.min(MAX_LOOK_INTERVAL_MS, watched.intervalMs * 2);
        watched.dueAt = now + watched.intervalMs;
        orders.delete(orderId);
        orders.set(orderId, watched);
      }
      return due.map(([orderId]) => orderId);
    },
  };
};

type WatchList = ReturnType<typeof createWatchList>;

/** Looks at the orders of a list as they are due, many at once and one look after the other. */
const createLooking = ({ runtime, findStatuses }: WaitersParts, list: WatchList) => {
  let cancel = (): void => undefined;
  /** When the next look is, as far as one is planned. */
  let plannedAt = Infinity;
  let looking = false;
  let restUntil = 0;

  const stop = (): void => {
    cancel();
    plannedAt = Infinity;
  };
  /** Only what is due before the next look changes it: the list is not gone through for each order that is added. */
  const lookAt = (dueAt: number): void => {
    const at = Math.max(dueAt, restUntil);
    if (looking || at >= plannedAt) return;
    stop();
    plannedAt = at;
    cancel = runtime.after(Math.max(0, Math.ceil(at - runtime.monotonic())), () => void look());
  };
  const look = async (): Promise<void> => {
    plannedAt = Infinity;
    looking = true;
    const due = list.takeDue();
    let restMs = due.length * REST_PER_ORDER_MS;
    try {
      const found = due.length > 0 ? await findStatuses(due) : [];
      const statuses = new Map(found.map(({ orderId, status }) => [orderId, status]));
      for (const orderId of due) list.endWaits(orderId, statuses.get(orderId));
    } catch {
      // It was logged where it failed. They go on waiting: what they wait for may still come.
      restMs = Math.max(restMs, FAILURE_REST_MS);
    }
    restUntil = runtime.monotonic() + restMs;
    looking = false;
    const dueAt = list.dueAt();
    if (dueAt !== undefined) lookAt(dueAt);
  };
  return { lookAt, stop };
};

/**
 * Waits for orders without holding anything but the wait itself: the orders service is asked for the statuses of all that
 * are due with one call. What it has seen is the status, not its change, so nothing that happens between two looks is missed.
 */
export const createWaiters = (parts: WaitersParts): Waiters => {
  const { runtime, maxWaiters = MAX_WAITERS, onCount = () => undefined } = parts;
  const list = createWatchList(runtime);
  const looking = createLooking(parts, list);
  let count = 0;
  let stopped = false;
  const hasRoom = (): boolean => !stopped && count < maxWaiters;

  return {
    hasRoom,
    wait: ({ orderId, isSettled, timeoutMs, signal }) => {
      if (!hasRoom()) return undefined;
      if (signal?.aborted) return Promise.resolve('gone');
      return new Promise((resolve) => {
        const end = (how: WaitEnd): void => {
          cancel();
          signal?.removeEventListener('abort', gone);
          list.delete(orderId, waiter);
          onCount((count -= 1));
          resolve(how);
        };
        const gone = (): void => end('gone');
        const waiter: Waiter = { isSettled, end };
        const cancel = runtime.after(timeoutMs, () => end('expired'));
        signal?.addEventListener('abort', gone);
        onCount((count += 1));
        looking.lookAt(list.add(orderId, waiter));
      });
    },
    count: () => count,
    stop: () => {
      stopped = true;
      for (const { end } of list.all()) end('stopped');
      looking.stop();
    },
  };
};
