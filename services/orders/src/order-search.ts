import {
  orderSearchApi,
  SEARCHED_UNTIL_HEADER,
  type FoundOrder,
  type Input,
} from '@order-pipeline/contracts';
import {
  cursorOf,
  ok,
  pageHeaders,
  pageRequest,
  pageRequestBy,
  readPageBy,
  routesOf,
  type Page,
  type PageRequest,
  type Route,
} from '@order-pipeline/service-kit';
import {
  bytesOf,
  orderOf,
  positionOf,
  type OrderRow,
  type OrdersStore,
  type WaitingPosition,
} from './store/index.ts';
import type { StuckWatch } from './stuck/index.ts';

interface SearchParts {
  readonly store: Pick<OrdersStore, 'findOrders' | 'listFound' | 'listWaiting' | 'scanFound' | 'scanWaiting'>;
  readonly stuck: Pick<StuckWatch, 'latest'>;
}

type Query = NonNullable<Input<typeof orderSearchApi.searchOrders>['query']>;

const waitingRequest = (query: Query): PageRequest<WaitingPosition> =>
  pageRequestBy(query, ([since, seq, ...more]) =>
    since === undefined || seq === undefined || more.length > 0 ? undefined : { since, seq },
  );

const comesAfter = (position: WaitingPosition, last: WaitingPosition): boolean =>
  position.since === last.since ? position.seq > last.seq : position.since > last.since;

/**
 * Stuck orders of a reason, as the last look found them: the page is made of what is in memory. Those that have moved on
 * since are left out.
 */
const listStuck = async (
  { store, stuck }: SearchParts,
  query: Query,
): Promise<Page<OrderRow, WaitingPosition>> => {
  const { search, status, reason, itemId, olderThanMs = 0 } = query;
  const found = stuck
    .latest()
    .diagnoses.filter((one) => one.reason === reason && one.ageMs > olderThanMs)
    .map(({ order }) => order)
    .filter((order) => status === undefined || order.status === status)
    .filter(({ id, userId }) => search === undefined || search === id || search === userId)
    .filter(({ lines }) => itemId === undefined || lines.some((line) => line.itemId === itemId))
    .toSorted((one, other) => (comesAfter(positionOf(one), positionOf(other)) ? 1 : -1));
  const { rows, next } = await readPageBy(
    waitingRequest(query),
    async ({ limit, before }) =>
      found.filter((order) => before === undefined || comesAfter(positionOf(order), before)).slice(0, limit),
    { bytesOf, positionOf },
  );
  const present = await store.findOrders(rows.map(({ id }) => id));
  return { rows: rows.filter(({ id, status: then }) => present.get(id)?.status === then), next };
};

/** Orders with the reason why they are stuck, as far as the last look at them says. */
const withReasons = ({ stuck }: SearchParts, rows: readonly OrderRow[]): FoundOrder[] => {
  const reasons = new Map(
    stuck.latest().diagnoses.map(({ order, reason }) => [`${order.id}:${order.status}`, reason]),
  );
  return rows.map((row) => {
    const stuckReason = reasons.get(`${row.id}:${row.status}`);
    return { ...orderOf(row), ...(stuckReason === undefined ? {} : { stuckReason }) };
  });
};

/** What a search found: the last order that was looked at only where it had to look for an item. */
type Found = Pick<Page<OrderRow>, 'rows'> & {
  readonly next: string | undefined;
  readonly lookedUntil?: Date | undefined;
};

const placedCursor = (next: number | undefined) => (next === undefined ? undefined : cursorOf(next));
const waitingCursor = (next: WaitingPosition | undefined) => next && cursorOf(next.since, next.seq);

/** The newest orders first. */
const findNewest = async ({ store }: SearchParts, query: Query, signal?: AbortSignal): Promise<Found> => {
  const { search, status, itemId } = query;
  const request = pageRequest(query);
  if (itemId === undefined) {
    const { rows, next } = await store.listFound(request, { search, status }, signal);
    return { rows, next: placedCursor(next) };
  }
  const { rows, next, last } = await store.scanFound(request, { search, status, itemId }, signal);
  return { rows, next: placedCursor(next), lookedUntil: last?.createdAt };
};

/** Those first that wait longest. */
const findWaiting = async (parts: SearchParts, query: Query, signal?: AbortSignal): Promise<Found> => {
  const { search, status, reason, itemId, olderThanMs = 0 } = query;
  if (reason !== undefined) {
    const { rows, next } = await listStuck(parts, query);
    return { rows, next: waitingCursor(next) };
  }
  const request = waitingRequest(query);
  const wanted = { search, status, olderThanMs };
  if (itemId === undefined) {
    const { rows, next } = await parts.store.listWaiting(request, wanted, signal);
    return { rows, next: waitingCursor(next) };
  }
  const { rows, next, last } = await parts.store.scanWaiting(request, { ...wanted, itemId }, signal);
  return { rows, next: waitingCursor(next), lookedUntil: last?.updatedAt };
};

/** Orders of all users, by what operators look for. */
export const createOrderSearchRoutes = (parts: SearchParts): Route[] =>
  routesOf(orderSearchApi, {
    searchOrders: async ({ query }, { signal }) => {
      const isNewest = query.reason === undefined && query.olderThanMs === undefined;
      const find = isNewest ? findNewest : findWaiting;
      const { rows, next, lookedUntil } = await find(parts, query, signal);
      return ok(withReasons(parts, rows), {
        ...pageHeaders(orderSearchApi.searchOrders.path, query, next),
        ...(lookedUntil === undefined ? {} : { [SEARCHED_UNTIL_HEADER]: lookedUntil.toISOString() }),
      });
    },
  });
