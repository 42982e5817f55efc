import { CliError } from '@order-pipeline/cli/kit';
import {
  inventoryApi,
  ordersApi,
  usersApi,
  type ErrorBody,
  type NewItem,
  type NewOrder,
  type User,
} from '@order-pipeline/contracts';
import type { Gateway } from '@order-pipeline/gateway-client';
import type { Runtime } from '@order-pipeline/service-kit';
import pMap from 'p-map';
import type { Board } from './board.ts';
import type { Dataset } from './dataset.ts';

export interface PlaceOptions {
  readonly gateway: Gateway;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly concurrency: number;
}

/** What came of placing the orders. */
export interface Placement {
  /** How many were there already, from an earlier run of the same id. */
  readonly earlierCount: number;
  /** The orders that were cancelled in time. */
  readonly cancelled: ReadonlySet<string>;
  /** How many were to be cancelled and had already left PENDING. */
  readonly tooLateCount: number;
  /** Why an order was refused, by its id. */
  readonly refused: ReadonlyMap<string, string>;
  readonly tookMs: number;
}

const ALREADY_CANCELLED = /Current status: CANCELLED$/;

const refusedSentence = (what: string, { error, code }: ErrorBody): string =>
  code === 'ID_TAKEN'
    ? `${what} was refused: ${error}. A run continues only with the options that it began with; a new one needs another --run.`
    : `${what} was refused: ${error}`;

/**
 * Registers the users and adds the items.
 *
 * @param done is called for each of them
 * @throws CliError when one is refused
 */
export const prepare = async (
  { users, items }: Dataset,
  options: PlaceOptions,
  done: () => void,
): Promise<void> => {
  const { gateway } = options;
  const register = async (body: User): Promise<void> => {
    const { refusal } = await gateway.call(usersApi.registerUser, { body });
    if (refusal) throw new CliError(refusedSentence(`The user ${body.userId}`, refusal));
    done();
  };
  const add = async (body: NewItem): Promise<void> => {
    const { refusal } = await gateway.call(inventoryApi.addItem, { body });
    if (refusal) throw new CliError(refusedSentence(`The item ${body.itemId}`, refusal));
    done();
  };
  await pMap(users, register, options);
  await pMap(items, add, options);
};

/** @returns whether it was in time */
const cancel = async (gateway: Gateway, orderId: string): Promise<boolean> => {
  const { refusal } = await gateway.call(ordersApi.cancelOrder, { params: { orderId } });
  if (!refusal) return true;
  // Asked a second time, because the first answer was lost or an earlier run of the same id had done it.
  if (ALREADY_CANCELLED.test(refusal.error)) return true;
  if (refusal.code === 'ORDER_NOT_CANCELLABLE') return false;
  throw new CliError(`Cancelling ${orderId} failed: ${refusal.error}`);
};

/**
 * Places the orders, begun in their order, and cancels every `cancelEvery`th as soon as it is placed (0: none).
 *
 * @param board may know orders of an earlier run already
 */
export const placeOrders = async (
  orders: readonly NewOrder[],
  board: Board,
  { cancelEvery, ...options }: PlaceOptions & { readonly cancelEvery: number },
): Promise<Placement> => {
  const { gateway, runtime } = options;
  const cancelled = new Set<string>();
  const refused = new Map<string, string>();
  const earlierCount = board.placed();
  let tooLateCount = 0;
  const startedAt = runtime.monotonic();
  const place = async (order: NewOrder, index: number): Promise<void> => {
    const { orderId } = order;
    const { refusal } = await gateway.call(ordersApi.placeOrder, { body: { order } });
    if (refusal) {
      refused.set(orderId, `${refusal.status} ${refusal.error}`);
      return;
    }
    board.note(orderId, 'PENDING');
    if (cancelEvery === 0 || (index + 1) % cancelEvery !== 0) return;
    if (await cancel(gateway, orderId)) {
      cancelled.add(orderId);
      board.note(orderId, 'CANCELLED');
    } else tooLateCount += 1;
  };
  await pMap(orders, place, options);
  return { earlierCount, cancelled, tooLateCount, refused, tookMs: runtime.monotonic() - startedAt };
};
