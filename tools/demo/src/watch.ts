import { ordersApi } from '@order-pipeline/contracts';
import { pagesOf, type Gateway } from '@order-pipeline/gateway-client';
import { sleep, type Runtime } from '@order-pipeline/service-kit';
import pMap from 'p-map';
import type { Board } from './board.ts';

const PAUSE_MS = 300;
/** Looking takes at most a third of the time, so that it does not hold up what it looks at. */
const PAUSE_PER_LOOK = 2;
const PAGES_BEFORE_SINGLES = 10;
const MAX_SINGLES = 200;
const SINGLES_AT_ONCE = 8;

export interface WatchOptions {
  readonly gateway: Gateway;
  readonly board: Board;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** Whether there are orders to come. */
  readonly isPlacing: () => boolean;
  /** Orders that have not moved for so long are given up. */
  readonly stallLimitMs: number;
}

/**
 * Reads the newest orders down to the oldest one that is in progress: they end about in the order in which they were
 * placed, so this becomes less and less. Those that lie deeper, under the orders of others, are asked for one by one.
 */
const look = async ({ gateway, board, signal }: WatchOptions): Promise<void> => {
  const sought = new Set(board.onTheWay());
  const mostPages = PAGES_BEFORE_SINGLES + Math.ceil(sought.size / 1_000);
  let pages = 0;
  if (sought.size === 0) return;
  for await (const page of pagesOf(gateway, ordersApi.listOrders)) {
    for (const { orderId, status } of page) {
      board.note(orderId, status);
      sought.delete(orderId);
    }
    pages += 1;
    if (sought.size === 0 || pages >= mostPages) break;
  }
  const deep = [...sought].slice(0, MAX_SINGLES);
  const readOne = async (orderId: string): Promise<void> => {
    const answer = await gateway.call(ordersApi.getOrder, { params: { orderId } });
    if (!answer.refusal) board.note(orderId, answer.body.status);
  };
  await pMap(deep, readOne, { concurrency: SINGLES_AT_ONCE, signal });
};

/** Keeps the board up to date until all orders are where an order ends, or none has moved for `stallLimitMs`. */
export const watchOrders = async (options: WatchOptions): Promise<void> => {
  const { board, runtime, signal, isPlacing, stallLimitMs } = options;
  let changes = board.changes();
  let changedAt = runtime.monotonic();
  while (isPlacing() || board.onTheWay().length > 0) {
    signal.throwIfAborted();
    const startedAt = runtime.monotonic();
    await look(options);
    if (isPlacing() || board.changes() !== changes) changedAt = runtime.monotonic();
    changes = board.changes();
    if (runtime.monotonic() - changedAt > stallLimitMs) return;
    await sleep(runtime, Math.max(PAUSE_MS, PAUSE_PER_LOOK * (runtime.monotonic() - startedAt)), signal);
  }
};
