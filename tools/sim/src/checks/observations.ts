import type { FiledOrder } from '@order-pipeline/archive';
import type { OrderLine, OrderStatus } from '@order-pipeline/contracts';
import type { Findings } from '../findings.ts';
import type { Model, Creation, ItemFacts, OrderFacts } from '../workload/model.ts';
import { isTerminal } from './lifecycle.ts';
import { isSameContent } from '../workload/content.ts';
import type { RealServer } from '../world/database/real-database.ts';

interface StoredOrder {
  readonly id: string;
  readonly user_id: string;
  readonly status: OrderStatus;
  readonly lines: OrderLine[];
  readonly history: OrderStatus[];
}
interface StoredItem {
  readonly id: string;
  readonly name: string;
  readonly initial: number;
  readonly stocked: number;
  readonly available: number;
  readonly reserved: number;
  readonly consumed: number;
}
interface StoredUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** What must be there, what may be there, and what must not. */
const checkPresence = <T>(
  kind: string,
  id: string,
  facts: Creation<T> | undefined,
  isStored: boolean,
  findings: Findings,
): void => {
  if (facts?.confirmed && !isStored)
    findings.add(`what was answered 201 is there: ${kind}`, [id], 'it is missing');
  if (!isStored) return;
  if (!facts) findings.add(`nothing is there that nobody asked for: ${kind}`, [id], 'it is stored');
  else if (!facts.confirmed && !facts.isOpen)
    findings.add(
      `what was refused is not there: ${kind}`,
      [id],
      'every request was refused, and it is stored',
    );
};

const checkOrder = (
  id: string,
  facts: OrderFacts | undefined,
  stored: StoredOrder | undefined,
  findings: Findings,
) => {
  checkPresence('order', id, facts, stored !== undefined, findings);
  if (!stored || !facts) return;
  const { status, user_id: userId, lines } = stored;
  if (!isTerminal(status)) findings.add('every order is delivered or cancelled in the end', [id], status);
  if (facts.isCancelConfirmed && status !== 'CANCELLED')
    findings.add('a cancellation that was answered 200 stands', [id], `the order is ${status}`);
  const contents = facts.confirmed ? [facts.confirmed.content] : facts.asked.map(({ content }) => content);
  if (!contents.some((content) => isSameContent(content, { userId, items: lines })))
    findings.add('an order has the content that was asked for', [id], JSON.stringify({ userId, lines }));
  const terminal = facts.seen.find((seen) => isTerminal(seen.status) && seen.status !== status);
  const strange = facts.seen.find((seen) => !stored.history.includes(seen.status));
  if (strange) findings.add('a status that a client has observed is in the history', [id], strange.status);
  if (terminal)
    findings.add(
      'a terminal status that a client has observed stays',
      [id],
      `${terminal.status}, now ${status}`,
    );
};

/** The least and the most units that an item can have been stocked with. */
const stockBounds = (initial: number, facts: ItemFacts | undefined, areKeysKept: boolean) => {
  let least = initial + (facts?.restocked ?? 0);
  let most = least + (facts?.maybeRestocked ?? 0);
  for (const { asked, confirmed } of facts?.keyedRestocks.values() ?? []) {
    least += confirmed?.quantity ?? 0;
    // A key that may have been forgotten may have counted any number of times.
    most += areKeysKept ? (confirmed?.quantity ?? Math.max(...asked)) : Number.POSITIVE_INFINITY;
  }
  return { least, most };
};

const checkItem = (
  item: StoredItem,
  facts: ItemFacts | undefined,
  { sold, areKeysKept }: { readonly sold: number; readonly areKeysKept: boolean },
  findings: Findings,
): void => {
  const { id, initial, stocked, available, reserved, consumed } = item;
  checkPresence('item', id, facts, true, findings);
  const { least, most } = stockBounds(initial, facts, areKeysKept);
  const counts = JSON.stringify({ initial, stocked, available, reserved, consumed, sold });
  if (stocked < least || stocked > most)
    findings.add(
      'an item has the stock that was brought in',
      [id],
      `${counts}, expected ${least} to ${most}`,
    );
  if (sold > stocked) findings.add('nothing is sold beyond the stock', [id], counts);
  if (consumed !== sold || reserved !== 0 || available !== stocked - sold)
    findings.add('the stock that has left is the stock of the delivered orders', [id], counts);
};

const unitsSold = (orders: readonly StoredOrder[]): Map<string, number> => {
  const sold = new Map<string, number>();
  for (const { status, lines } of orders) {
    if (status !== 'DELIVERED') continue;
    for (const { itemId, quantity } of lines) sold.set(itemId, (sold.get(itemId) ?? 0) + quantity);
  }
  return sold;
};

const checkUsers = async ({ databases }: RealServer, model: Model, findings: Findings): Promise<void> => {
  const users = await databases.users.read<StoredUser & Record<string, string>>(
    'SELECT id, name, email FROM users',
  );
  const stored = new Set(users.map(({ id }) => id));
  for (const id of new Set([...model.users.keys(), ...stored]))
    checkPresence('user', id, model.users.get(id), stored.has(id), findings);
};

const checkItems = async (
  { databases }: RealServer,
  { model, areKeysKept }: Observed,
  sold: ReadonlyMap<string, number>,
  findings: Findings,
): Promise<void> => {
  const items = await databases.inventory.read<StoredItem & Record<string, string | number>>(`
    SELECT id, name, initial_qty::int AS initial, stocked_qty::int AS stocked, available_qty::int AS available,
           reserved_qty::int AS reserved, consumed_qty::int AS consumed FROM item_stock`);
  const stored = new Set(items.map(({ id }) => id));
  for (const [id, facts] of model.items) checkPresence('item', id, facts, stored.has(id), findings);
  for (const item of items) {
    const facts = model.items.get(item.id);
    checkItem(item, facts, { sold: sold.get(item.id) ?? 0, areKeysKept: areKeysKept() }, findings);
  }
};

/** The counts of orders by how they ended. */
export type Endings = Readonly<Record<string, number>>;

/** What is compared with what is stored. */
export interface Observed {
  readonly model: Model;
  readonly areKeysKept: () => boolean;
}

/** An archived order as one that is stored; its status was compared with the registry. */
const storedOf = ({ id, user_id, status, lines, history }: FiledOrder): StoredOrder => ({
  id,
  user_id,
  status: status as OrderStatus,
  lines: lines.map(({ item_id: itemId, quantity }) => ({ itemId, quantity })),
  history: history.map((step) => step.status as OrderStatus),
});

/** Compares what clients have observed with what is stored or archived once all is at rest; answers how the orders ended. */
export const checkObservations = async (
  server: RealServer,
  observed: Observed,
  archived: readonly FiledOrder[],
  findings: Findings,
): Promise<Endings> => {
  const { model } = observed;
  const live = await server.databases.orders.read<StoredOrder & Record<string, unknown>>(
    `SELECT id, user_id, status::text AS status, lines,
            ARRAY(SELECT status::text FROM order_history WHERE order_id = orders.id) AS history FROM orders`,
  );
  const orders = [...live, ...archived.map(storedOf)];
  const stored = new Map(orders.map((order) => [order.id, order]));
  for (const id of new Set([...model.orders.keys(), ...stored.keys()]))
    checkOrder(id, model.orders.get(id), stored.get(id), findings);
  await checkItems(server, observed, unitsSold(orders), findings);
  await checkUsers(server, model, findings);
  const endings: Record<string, number> = {
    asked: model.orders.size,
    stored: orders.length,
    archived: archived.length,
  };
  for (const { status } of orders) endings[status] = (endings[status] ?? 0) + 1;
  return endings;
};
