import { orderSearchApi, type FoundOrder, type Input } from '@order-pipeline/contracts';
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
  readonly store: Pick<OrdersStore, 'findOrders' | 'listFound' | 'listWaiting'>;
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
  const { search, status, reason, olderThanMs = 0 } = query;
  const found = stuck
    .latest()
    .diagnoses.filter((one) => one.reason === reason && one.ageMs > olderThanMs)
    .map(({ order }) => order)
    .filter((order) => status === undefined || order.status === status)
    .filter(({ id, userId }) => search === undefined || search === id || search === userId)
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

/** Orders of all users, by what operators look for. */
export const createOrderSearchRoutes = (parts: SearchParts): Route[] => {
  const { store } = parts;
  return routesOf(orderSearchApi, {
    searchOrders: async ({ query }, { signal }) => {
      const { search, status, reason, olderThanMs } = query;
      const answer = (rows: readonly OrderRow[], next: number | string | undefined) =>
        ok(withReasons(parts, rows), pageHeaders(orderSearchApi.searchOrders.path, query, next));
      if (reason === undefined && olderThanMs === undefined) {
        const { rows, next } = await store.listFound(pageRequest(query), { search, status }, signal);
        return answer(rows, next);
      }
      const { rows, next } =
        reason === undefined
          ? await store.listWaiting(
              waitingRequest(query),
              { search, status, olderThanMs: olderThanMs ?? 0 },
              signal,
            )
          : await listStuck(parts, query);
      return answer(rows, next && cursorOf(next.since, next.seq));
    },
  });
};
