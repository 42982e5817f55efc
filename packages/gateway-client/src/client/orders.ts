import {
  MAX_WAIT_S,
  mayReach,
  orderSearchApi,
  ordersApi,
  type FoundOrder,
  type HistoryEntry,
  type Input,
  type Order,
  type OrderLine,
  type OrderStatus,
  type OrderWithTimes,
} from '@order-pipeline/contracts';
import { SECOND_MS, backoffMs, sleep, type Runtime } from '@order-pipeline/service-kit';
import { cursorIn } from '../gateway.ts';
import { followOrder } from './order-events.ts';
import { RefusedError } from './refused-error.ts';
import type { Requests } from './requests.ts';

const PAGE_SIZE = 500;

export interface Cancelling {
  readonly signal?: AbortSignal | undefined;
}

/** Which orders operators look for; they match every filter. */
export type OrderFilter = Omit<
  NonNullable<Input<typeof orderSearchApi.searchOrders>['query']>,
  'limit' | 'cursor'
>;

export interface WaitOptions extends Cancelling {
  /** How long to wait at most, in milliseconds; default 60 s. */
  readonly timeoutMs?: number;
}

/** Orders, for an application. Every method throws RefusedError, or GatewayError when the gateway could not answer for long. */
export interface OrdersClient {
  /**
   * Places an order, once, however often it has to be asked. An id that is not given is made up.
   *
   * @returns the id of the order, which is stored then
   */
  place(order: {
    readonly orderId?: string;
    readonly userId: string;
    readonly items: readonly OrderLine[];
  }): Promise<string>;
  get(orderId: string, options?: Cancelling): Promise<OrderWithTimes>;
  history(orderId: string, options?: Cancelling): Promise<HistoryEntry[]>;
  /** Cancels an order that is PENDING, once, however often it has to be asked. */
  cancel(orderId: string): Promise<void>;
  /** All orders, newest first, page by page as they are asked for. */
  list(
    filter?: { readonly status?: OrderStatus; readonly userId?: string } & Cancelling,
  ): AsyncGenerator<Order>;
  /**
   * Orders of all users, for operators, page by page as they are asked for: newest first, or with `olderThanMs` or `reason`
   * those first that wait longest. With `itemId` it looks through all orders, unless the caller stops before.
   */
  search(filter: OrderFilter & Cancelling): AsyncGenerator<FoundOrder>;
  /**
   * Waits until the order is in a status or beyond it, or can no longer come there: look at what it answers.
   *
   * @returns the order as it is then, also when the time is over
   */
  waitFor(orderId: string, status: OrderStatus, options?: WaitOptions): Promise<OrderWithTimes>;
  /** The steps of an order as they are taken, those before first; it ends when the order is DELIVERED or CANCELLED. */
  events(orderId: string, options?: Cancelling): AsyncGenerator<HistoryEntry>;
}

const DEFAULT_WAIT_MS = 60_000;

type ClientRuntime = Pick<Runtime, 'after' | 'monotonic' | 'random' | 'uuid'>;

const createWaiting =
  (requests: Requests, runtime: ClientRuntime): OrdersClient['waitFor'] =>
  async (orderId, status, { timeoutMs = DEFAULT_WAIT_MS, signal } = {}) => {
    const until = runtime.monotonic() + timeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      const leftMs = until - runtime.monotonic();
      const wait = Math.min(MAX_WAIT_S, Math.ceil(leftMs / SECOND_MS));
      const { body, headers } = await requests.ask(
        ordersApi.getOrder,
        { params: { orderId }, query: wait < 1 ? {} : { until: status, wait } },
        { signal, longerMs: Math.max(0, wait) * SECOND_MS },
      );
      if (!mayReach(body.status, status) || runtime.monotonic() >= until) return body;
      // The gateway could not wait: too many do, or it stops.
      if (!headers.has('preference-applied'))
        await sleep(runtime, Math.min(until - runtime.monotonic(), backoffMs(runtime, attempt, 500)), signal);
    }
  };

/** An earlier try may have cancelled it, whose answer was lost. */
const isCancelledByUs = async (requests: Requests, orderId: string, error: unknown): Promise<boolean> => {
  const isRepeat = (error as { isRepeat?: boolean }).isRepeat === true;
  if (!(error instanceof RefusedError) || error.code !== 'ORDER_NOT_CANCELLABLE' || !isRepeat) return false;
  const { body } = await requests.ask(ordersApi.getOrder, { params: { orderId } });
  return body.status === 'CANCELLED';
};

const createSearch = (requests: Requests): OrdersClient['search'] =>
  async function* ({ signal, ...filter }) {
    let cursor: string | undefined;
    do {
      const query = { ...filter, limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
      const { body, headers } = await requests.ask(orderSearchApi.searchOrders, { query }, { signal });
      yield* body;
      cursor = cursorIn(headers.get('link') ?? undefined);
    } while (cursor !== undefined);
  };

export const createOrdersClient = (requests: Requests, runtime: ClientRuntime): OrdersClient => ({
  place: async ({ orderId = runtime.uuid(), userId, items }) => {
    const order = { orderId, userId, items: [...items] };
    return (await requests.ask(ordersApi.placeOrder, { body: { order } })).body.orderId;
  },
  get: async (orderId, asked) =>
    (await requests.ask(ordersApi.getOrder, { params: { orderId } }, asked)).body,
  history: async (orderId, asked) =>
    (await requests.ask(ordersApi.getOrderHistory, { params: { orderId } }, asked)).body,
  cancel: async (orderId) => {
    try {
      await requests.ask(ordersApi.cancelOrder, { params: { orderId } });
    } catch (error) {
      if (!(await isCancelledByUs(requests, orderId, error))) throw error;
    }
  },
  list: async function* ({ status, userId, signal } = {}) {
    let cursor: string | undefined;
    do {
      const page = { limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
      const { body, headers } =
        userId === undefined
          ? await requests.ask(
              ordersApi.listOrders,
              { query: { ...page, ...(status === undefined ? {} : { status }) } },
              { signal },
            )
          : await requests.ask(ordersApi.listOrdersOfUser, { params: { userId }, query: page }, { signal });
      yield* body.filter((order) => status === undefined || order.status === status);
      cursor = cursorIn(headers.get('link') ?? undefined);
    } while (cursor !== undefined);
  },
  search: createSearch(requests),
  waitFor: createWaiting(requests, runtime),
  events: (orderId, { signal } = {}) => followOrder(requests, runtime, orderId, signal),
});
