import {
  orderEventsApi,
  ownerFor,
  ORDER_LIFECYCLE,
  ordersApi,
  withoutEvents,
  type HistoryEntry,
  type Input,
} from '@order-pipeline/contracts';
import {
  openEventStream,
  routesOf,
  unavailable,
  type EventStream,
  type Reply,
  type Route,
  type ServiceContext,
} from '@order-pipeline/service-kit';
import type { BatchedReads } from './batched-reads.ts';
import type { WaitEnd, Waiters } from './waiters.ts';

const { watchOrder } = orderEventsApi;

/** How often a stream without news says that it lives. */
const COMMENT_INTERVAL_MS = 15_000;
/** A client that is connected for so long connects again, and proves again who it is. */
const MAX_LIFE_MS = 15 * 60_000;
/** Clients that lose their streams at one moment come back over so long. */
const MIN_RETRY_MS = 500;
const RETRY_SPREAD_MS = 1_500;

const NOTHING_MORE: Reply<never> = { status: 204, body: undefined as never };

type Params = Input<typeof watchOrder>['params'];
type History = readonly HistoryEntry[];

/** The number of the last step that the client has; 0 where it says none, or none of ours. */
const lastStepOf = (header = ''): number => (/^\d{1,4}$/.test(header) ? Number(header) : 0);

const isTerminal = (history: History): boolean => {
  const last = history.at(-1);
  return last !== undefined && ORDER_LIFECYCLE[last.status].terminal;
};

interface Watching {
  readonly params: Params;
  /** Aborted when the stream is over. */
  readonly signal: AbortSignal;
  readonly stream: EventStream;
  /** Nothing where the order is not there any more. Throws UNAVAILABLE. */
  readonly read: () => Promise<History | undefined>;
}

/** Waits for another status than the last one, saying now and then that the stream lives; how that ended. */
const waitForNews = async (
  waiters: Waiters,
  { params, signal, stream }: Watching,
  history: History,
): Promise<WaitEnd | undefined> => {
  for (;;) {
    const end = await waiters.wait({
      orderId: params.orderId,
      isSettled: (status) => status !== history.at(-1)?.status,
      timeoutMs: COMMENT_INTERVAL_MS,
      signal,
    });
    if (end !== 'expired') return end;
    stream.comment();
  }
};

/** Sends the steps behind those that the client has; answers how many it has then. */
const sendSteps = (stream: EventStream, history: History, from: number): number => {
  history.slice(from).forEach((data, index) => {
    stream.send({ id: String(from + index + 1), event: 'status', data });
  });
  return Math.max(from, history.length);
};

/** Sends each step as it is taken, until the order has come to its end, or nobody can wait any longer. */
const follow = async (waiters: Waiters, watching: Watching, first: History, from: number): Promise<void> => {
  const { stream, read } = watching;
  let history = first;
  let sent = sendSteps(stream, history, from);
  while (!isTerminal(history)) {
    const end = await waitForNews(waiters, watching, history);
    if (end !== 'settled' && end !== 'missing') break;
    try {
      const found = await read();
      if (!found) break;
      history = found;
    } catch {
      // It was logged where it failed. A dependency is unavailable for a moment, which the next look waits for.
      continue;
    }
    sent = sendSteps(stream, history, sent);
  }
  stream.end();
};

/** What the gateway answers of an order by itself: its steps as they are taken. */
export const createOrderEventsRoutes = (
  { clients, runtime }: Pick<ServiceContext<unknown>, 'clients' | 'runtime'>,
  waiters: Waiters,
  reads: Pick<BatchedReads, 'history'>,
): Route[] =>
  routesOf(orderEventsApi, {
    watchOrder: async ({ params, headers }, call) => {
      const reply = await clients.forward('orders-facade', ordersApi.getOrderHistory, { params }, call);
      if (reply.status !== 200) return reply as Reply<never>;
      const history = reply.body as HistoryEntry[];
      const from = lastStepOf(headers?.['last-event-id']);
      if (isTerminal(history) && from >= history.length) return NOTHING_MORE;
      if (!isTerminal(history) && !waiters.hasRoom())
        throw unavailable('Too many wait here for orders, try again in a moment');
      const retryMs = MIN_RETRY_MS + Math.floor(runtime.random() * RETRY_SPREAD_MS);
      const readsOwn = ownerFor(watchOrder.access, call.actor) !== undefined;
      const read = async (): Promise<History | undefined> => {
        const found = await reads.history(params.orderId);
        return found && readsOwn ? withoutEvents(found) : found;
      };
      const stream = openEventStream(retryMs, call.signal);
      const over = new AbortController();
      const cancel = runtime.after(MAX_LIFE_MS, () => stream.end());
      stream.onOver(() => {
        cancel();
        over.abort();
      });
      void follow(waiters, { params, signal: over.signal, stream, read }, history, from);
      return stream.reply;
    },
  });
