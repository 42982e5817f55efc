import type { NewItem, NewOrder, User } from '@order-pipeline/contracts';
import type { Stream } from '../world/streams.ts';
import { cancel, look, lookAtAll, place } from './customers.ts';
import { redriveAll } from './operators.ts';
import { intrude, listOwn, orderForAnother, trespass } from './strangers.ts';
import type { Tokens } from './tokens.ts';
import { waitForOrder } from './waiters.ts';
import { watchOrder } from './watchers.ts';
import { ask, callUntilDecided, isDecided, requests, type WorkloadContext } from './context.ts';
import type { Request } from './client.ts';
import type { Creation } from './model.ts';
import { restock, restockUnderKeys } from './restocks.ts';

/** What clients want in one simulation: the seed says all of it beforehand. */
export interface Workload {
  readonly users: readonly User[];
  readonly items: readonly NewItem[];
  readonly orders: readonly NewOrder[];
  /** Moments at which many want something at once, in milliseconds since the start. */
  readonly rushes: readonly number[];
  readonly lengthMs: number;
}

/** When the first order may come: users and items go first, though nothing waits for them. */
const FIRST_ORDER_AFTER_MS = 1_500;

const userOf = (index: number): User => ({
  userId: `user-${index}`,
  name: `User ${index}`,
  email: `user${index}@example.com`,
});

const itemOf = (stream: Stream, index: number): NewItem => ({
  itemId: `item-${index}`,
  itemName: `Item ${index}`,
  availableQty: stream.chance(0.4) ? stream.integer(2, 15) : stream.integer(40, 120),
});

const orderOf = (stream: Stream, index: number, userCount: number, itemCount: number): NewOrder => ({
  orderId: `order-${index}`,
  userId: stream.chance(0.03) ? 'nobody' : `user-${stream.integer(1, userCount)}`,
  items: Array.from({ length: stream.integer(1, 3) }, () => ({
    itemId: stream.chance(0.02) ? 'nothing' : `item-${stream.integer(1, itemCount)}`,
    quantity: stream.integer(1, 3),
  })),
  ...(stream.chance(0.3) ? { status: 'PENDING' as const } : {}),
});

const listOf = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index + 1));

export const planWorkload = (stream: Stream): Workload => {
  const lengthMs = stream.integer(12_000, 30_000);
  const users = listOf(stream.integer(1, 4), userOf);
  const items = listOf(stream.integer(1, 4), (index) => itemOf(stream, index));
  return {
    users,
    items,
    orders: listOf(stream.integer(12, 36), (index) => orderOf(stream, index, users.length, items.length)),
    rushes: listOf(stream.integer(0, 3), () => stream.between(FIRST_ORDER_AFTER_MS, lengthMs)),
    lengthMs,
  };
};

/** Asks until it is decided whether this is made, and keeps in the model what is known of it. */
const create = async <T>(
  context: WorkloadContext,
  stream: Stream,
  { content, facts, request }: { content: T; facts: Creation<T>; request: Request },
): Promise<number | undefined> => {
  facts.asked.push({ content, at: context.world.time.now() });
  const { answer, wasOpen } = await callUntilDecided(context, stream, request, 8);
  if (wasOpen) facts.isOpen = true;
  if (answer?.status === 201) facts.confirmed ??= { content, at: answer.answeredAt };
  return answer?.status;
};

const addUser = async (context: WorkloadContext, stream: Stream, user: User): Promise<void> => {
  const facts = context.model.user(user.userId);
  const status = await create(context, stream, { content: user, facts, request: requests.addUser(user) });
  if (status !== undefined && status !== 201)
    context.findings.add('a user can be registered', [user.userId], String(status));
};

const addItem = async (context: WorkloadContext, stream: Stream, item: NewItem): Promise<void> => {
  const facts = context.model.item(item.itemId);
  const status = await create(context, stream, { content: item, facts, request: requests.addItem(item) });
  if (status !== undefined && status !== 201)
    context.findings.add('an item can be added', [item.itemId], String(status));
};

/** The same id with something else in it, which must never be stored when the first was. */
const otherwise = (order: NewOrder): NewOrder => ({
  ...order,
  items: [{ itemId: order.items[0]?.itemId ?? 'nothing', quantity: 4 }],
});

const BAD_BODIES: readonly unknown[] = [
  '{"order": ',
  {},
  { order: { orderId: 'bad', userId: 'user-1', items: [] } },
  { order: { orderId: 'bad', userId: 'user-1', items: [{ itemId: 'item-1', quantity: -1 }] } },
  {
    order: {
      orderId: 'bad',
      userId: 'user-1',
      items: [{ itemId: 'item-1', quantity: 1 }],
      status: 'SHIPPED',
    },
  },
  { order: { orderId: 'bad', userId: 'user-1', items: [{ itemId: 'item-1', quantity: 1 }], price: 1 } },
];

const askBadly = async (context: WorkloadContext, stream: Stream): Promise<void> => {
  const answer = await ask(context, {
    method: 'POST',
    path: '/api/orders',
    body: stream.pick(BAD_BODIES),
    who: 'user-1',
  });
  if (isDecided(answer) && answer.status !== 400)
    context.findings.add('bad input is answered 400', ['bad'], String(answer.status));
};

/** What is done with one order, each at its own moment, whatever came of the rest. */
const followOrder = (
  context: WorkloadContext,
  stream: Stream,
  order: NewOrder,
  arrivesAfterMs: number,
): Promise<unknown> => {
  const { sleep } = context.world.time;
  const later = async (fromMs: number, toMs: number, act: () => Promise<void>): Promise<void> => {
    await sleep(arrivesAfterMs + stream.between(fromMs, toMs));
    await act();
  };
  const acts = [later(0, 0, () => place(context, stream, order))];
  if (stream.chance(0.15)) acts.push(later(0, 6_000, () => place(context, stream, order)));
  if (stream.chance(0.08)) acts.push(later(0, 3_000, () => place(context, stream, otherwise(order))));
  if (stream.chance(0.3)) acts.push(later(0, 6_000, () => cancel(context, stream, order)));
  if (stream.chance(0.1)) acts.push(later(0, 6_000, () => cancel(context, stream, order)));
  if (stream.chance(0.4)) acts.push(later(500, 9_000, () => look(context, order)));
  if (stream.chance(0.4)) acts.push(later(500, 15_000, () => look(context, order)));
  if (stream.chance(0.2)) acts.push(later(0, 3_000, () => waitForOrder(context, stream, order)));
  if (stream.chance(0.1)) acts.push(later(0, 3_000, () => watchOrder(context, stream, order)));
  return Promise.all(acts);
};

const RUSH_MS = 12;
const SHARE_IN_RUSHES = 0.7;

const arrivalOf = (stream: Stream, { rushes, lengthMs }: Workload): number => {
  const isInRush = stream.chance(SHARE_IN_RUSHES) && rushes.length > 0;
  return isInRush
    ? stream.pick(rushes) + stream.between(0, RUSH_MS)
    : stream.between(FIRST_ORDER_AFTER_MS, lengthMs);
};

/** What those try who may not, and a user does whose list is narrowed. */
const accessActs = (context: WorkloadContext, workload: Workload, tokens: Tokens): Promise<void>[] => {
  const { world } = context;
  const { users, orders, lengthMs } = workload;
  const stream = world.streams('client/strangers');
  const sometime = async (act: () => Promise<void>): Promise<void> => {
    await world.time.sleep(stream.between(FIRST_ORDER_AFTER_MS, lengthMs));
    await act();
  };
  const somebodyElse = ({ userId }: NewOrder): string =>
    stream.pick([...users.map((user) => user.userId).filter((other) => other !== userId), 'stranger']);
  return [
    ...orders.map((order) => sometime(() => trespass(context, stream, order, somebodyElse(order)))),
    ...orders
      .slice(0, 4)
      .map((order) => sometime(() => orderForAnother(context, order, somebodyElse(order)))),
    ...users.map(({ userId }) => sometime(() => listOwn(context, userId))),
    ...orders.map((order) => sometime(() => intrude(context, stream, tokens, order))),
  ];
};

/** Lets the clients do all that they want. Resolves when each of them has been answered or has given up. */
export const runWorkload = async (context: WorkloadContext, workload: Workload): Promise<void> => {
  const { world, tokens } = context;
  const { users, items, orders, lengthMs } = workload;
  const streamOf = (name: string) => world.streams(`client/${name}`);
  const some = streamOf('others');
  const sometime = async (act: () => Promise<void>): Promise<void> => {
    await world.time.sleep(some.between(FIRST_ORDER_AFTER_MS, lengthMs));
    await act();
  };
  await Promise.all([
    ...users.map((user) => addUser(context, streamOf(user.userId), user)),
    ...items.map((item) => addItem(context, streamOf(item.itemId), item)),
    ...items.flatMap(({ itemId }) =>
      some.chance(0.4) ? [sometime(() => restock(context, some, itemId))] : [],
    ),
    ...items.map(({ itemId }) => {
      const stream = streamOf(`${itemId}/deliveries`);
      const arrivesAfterMs = () => stream.between(FIRST_ORDER_AFTER_MS, lengthMs);
      return restockUnderKeys(context, stream, itemId, arrivesAfterMs);
    }),
    ...orders.map((order) => {
      const stream = streamOf(order.orderId);
      return followOrder(context, stream, order, arrivalOf(stream, workload));
    }),
    ...(tokens ? accessActs(context, workload, tokens) : []),
    ...[1, 2].map(() => sometime(() => askBadly(context, some))),
    ...[1, 2].map(() => sometime(() => lookAtAll(context))),
    ...listOf(8, () => sometime(() => redriveAll(context))),
  ]);
};
