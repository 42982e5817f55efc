import {
  ORDER_PATH_WORDS,
  ordersApi,
  usersApi,
  type HistoryEntry,
  type Item,
  type Order,
  type OrderWithTimes,
} from '@order-pipeline/contracts';
import {
  createGateway,
  GatewayError,
  itemPagesOf,
  pagesOf,
  type Gateway,
} from '@order-pipeline/gateway-client';
import type { Runtime } from '@order-pipeline/service-kit';
import pMap from 'p-map';
import { pathTo } from '../checks/histories.ts';
import { HOLDING, ON_THE_WAY } from '../lifecycle.ts';
import type { AuditLimits } from '../limits.ts';
import { checkOf, createFindings, notChecked, reportOf, type AuditReport, type Check } from '../report.ts';

export interface GatewayAuditOptions {
  readonly url: string;
  /** The bearer token of the auditor, where the gateway asks for one. */
  readonly token?: string | undefined;
  readonly runtime: Runtime;
  readonly limits: AuditLimits;
  readonly exampleCount: number;
  readonly progress: (part: string) => void;
}

type Context = GatewayAuditOptions & { readonly gateway: Gateway };

/** How many requests are under way at once. */
const SOME_AT_ONCE = { concurrency: 16 };

/** It was there when it was listed, and may be archived since. */
const IS_GONE: readonly string[] = ['ORDER_NOT_FOUND', 'ORDER_ARCHIVED'];

const readOrder = async ({ gateway }: Context, orderId: string): Promise<OrderWithTimes | undefined> => {
  const answer = await gateway.call(ordersApi.getOrder, { params: { orderId } });
  if (!answer.refusal) return answer.body;
  if (IS_GONE.includes(answer.refusal.code)) return undefined;
  throw new GatewayError(`The order ${orderId} was refused: ${answer.refusal.error}`);
};

/** Nothing of an order that was archived. */
const readHistory = async (
  { gateway }: Context,
  orderId: string,
): Promise<readonly HistoryEntry[] | undefined> => {
  const answer = await gateway.call(ordersApi.getOrderHistory, { params: { orderId } });
  if (!answer.refusal) return answer.body;
  if (answer.refusal.code === 'ORDER_ARCHIVED') return undefined;
  if (answer.refusal.code === 'ORDER_NOT_FOUND') return [];
  throw new GatewayError(`The history of ${orderId} was refused: ${answer.refusal.error}`);
};

/**
 * What is wrong with a history that was read after its order was listed. An order only moves forward: a history that
 * went on since is right, one that does not reach the listed status, or goes further than the order does when it is read
 * once more, is wrong.
 */
const problemOfHistory = async (
  context: Context,
  listed: Order,
  history: readonly HistoryEntry[],
): Promise<string | undefined> => {
  const steps = history.map(({ status }) => status);
  const last = steps.at(-1);
  if (last === undefined) return 'an order has no history';
  if (steps.join() !== pathTo(last).join() || !steps.includes(listed.status))
    return 'a history is not the path to the status of its order';
  const times = history.map(({ at }) => at);
  if (times.join() !== times.toSorted().join()) return 'the times of a history decrease';
  if (last === listed.status) return undefined;
  const now = await readOrder(context, listed.orderId);
  return now && pathTo(now.status).includes(last)
    ? undefined
    : 'a history is not the path to the status of its order';
};

const userExists = async ({ gateway }: Context, userId: string): Promise<boolean> => {
  const answer = await gateway.call(usersApi.getUser, { params: { userId } });
  if (!answer.refusal) return true;
  // A user whose id no client could ask for was never registered over this API.
  if (['USER_NOT_FOUND', 'VALIDATION_FAILED'].includes(answer.refusal.code)) return false;
  throw new GatewayError(`The user ${userId} was refused: ${answer.refusal.error}`);
};

/** Orders with their histories and users, page by page. */
const checkOrders = async (context: Context): Promise<Check[]> => {
  const { gateway, runtime, limits, exampleCount } = context;
  const histories = createFindings(exampleCount);
  const users = createFindings(exampleCount);
  const progress = createFindings(exampleCount);
  const known = new Set<string>();
  const checked = { steps: 0, onTheWay: 0 };
  const look = async (order: Order): Promise<void> => {
    // An order of before, whose history has no path of its own: another list is there.
    if (ORDER_PATH_WORDS.includes(order.orderId)) return;
    const history = await readHistory(context, order.orderId);
    if (!history) return;
    checked.steps += history.length;
    const problem = await problemOfHistory(context, order, history);
    const detail = `${order.status}; history ${history.map(({ status }) => status).join(' > ') || 'none'}`;
    if (problem !== undefined) histories.add(problem, { id: order.orderId, detail });
    const last = history.at(-1);
    if (!last || !ON_THE_WAY.includes(last.status)) return;
    checked.onTheWay += 1;
    if (runtime.wallClock() - Date.parse(last.at) > limits.orderMs)
      progress.add('an order is stuck', { id: order.orderId, detail: `${last.status} since ${last.at}` });
  };
  const lookForUser = async ({ orderId, userId }: Order): Promise<void> => {
    if (!(await userExists(context, userId)))
      users.add('the user of an order does not exist', { id: orderId, detail: `user ${userId}` });
  };
  for await (const page of pagesOf(gateway, ordersApi.listOrders)) {
    const firstOfUser = page.filter(({ userId }) => !known.has(userId) && known.add(userId));
    await pMap(page, look, SOME_AT_ONCE);
    await pMap(firstOfUser, lookForUser, SOME_AT_ONCE);
  }
  return [
    checkOf('histories', { checked: checked.steps, unit: 'transitions', violations: histories.list() }),
    checkOf('users', { checked: known.size, unit: 'users with orders', violations: users.list() }),
    checkOf('progress', {
      checked: checked.onTheWay,
      unit: 'orders in progress',
      violations: progress.list(),
      notChecked: 'whether a dead letter is why an order is stuck',
    }),
  ];
};

/** The orders that hold stock for certain. */
const readHolding = async ({ gateway }: Context): Promise<Map<string, Order>> => {
  const orders = new Map<string, Order>();
  for (const status of HOLDING) {
    for await (const page of pagesOf(gateway, ordersApi.listOrders, { status })) {
      for (const order of page) orders.set(order.orderId, order);
    }
  }
  return orders;
};

const unitsByItem = (orders: Iterable<Order>): Map<string, number> => {
  const units = new Map<string, number>();
  for (const { items } of orders) {
    for (const { itemId, quantity } of items) units.set(itemId, (units.get(itemId) ?? 0) + quantity);
  }
  return units;
};

/**
 * Items against the orders that hold their units. Orders are read before the items, and those that do not fit are read
 * once more after them: an order that holds its stock both times held it all the while.
 */
const checkItems = async (context: Context): Promise<Check> => {
  const findings = createFindings(context.exampleCount);
  const holding = await readHolding(context);
  const needed = unitsByItem(holding.values());
  const short = new Map<string, Item>();
  let checked = 0;
  for await (const page of itemPagesOf(context.gateway)) {
    checked += page.length;
    for (const item of page) {
      if (item.availableQty < 0 || item.reservedQty < 0)
        findings.add('an item has a negative quantity', { id: item.itemId });
      if (item.reservedQty < (needed.get(item.itemId) ?? 0)) short.set(item.itemId, item);
    }
  }
  const suspects = [...holding.values()].filter(({ items }) => items.some(({ itemId }) => short.has(itemId)));
  const still: Order[] = [];
  const lookAgain = async (order: Order): Promise<void> => {
    const now = await readOrder(context, order.orderId);
    if (now && HOLDING.includes(now.status)) still.push(order);
  };
  await pMap(suspects, lookAgain, SOME_AT_ONCE);
  const held = unitsByItem(still);
  for (const { itemId, reservedQty } of short.values()) {
    const units = held.get(itemId) ?? 0;
    if (reservedQty < units)
      findings.add('fewer units of an item are reserved than its orders hold', {
        id: itemId,
        detail: `reserved ${reservedQty}, held by orders ${units}`,
      });
  }
  return checkOf('stock', {
    invariant: 'no item is below zero, and of none fewer units are reserved than its orders hold',
    checked,
    unit: 'items',
    violations: findings.list(),
    notChecked: 'the units that came in and that have left, which the API does not show',
  });
};

const HIDDEN = 'the API does not show it; name the databases and Kafka';

/**
 * Audits a running system over its public API alone, as far as can be seen there; the rest is `notChecked`.
 *
 * @throws GatewayError when the gateway cannot be asked
 */
export const auditGateway = async (options: GatewayAuditOptions): Promise<AuditReport> => {
  const { url, token, runtime } = options;
  const gateway = createGateway({ url, token, runtime });
  const context = { ...options, gateway };
  try {
    await gateway.ping();
    options.progress('items');
    const items = await checkItems(context);
    options.progress('orders');
    const hidden = (
      ['reservations', 'cancellations', 'abandoned', 'archive', 'outbox', 'events', 'dead letters'] as const
    ).map((name) => notChecked(name, HIDDEN));
    return reportOf([items, ...(await checkOrders(context)), ...hidden]);
  } finally {
    await gateway.close();
  }
};
