import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  EVENT_SCHEMAS,
  GATEWAY_OPERATIONS,
  type HistoryEntry,
  type Operation,
  type OrderWithTimes,
  type StuckOrders,
} from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import {
  act,
  actionOn,
  isDryRun,
  isKept,
  letterFilter,
  manyProofs,
  nothing,
  ofOne,
  oneLetter,
  twoLetters,
} from './dead-letters.ts';
import { exportPages, filters, limits, pages, twoItems, twoOfUser, twoOrders } from './lists.ts';
import { actionFilter, cancel, eventIds, itemFilter, searchFilter, stuckFilter, waits } from './orders.ts';
import {
  bodyOf,
  isReason,
  isStored,
  LIMIT_MS,
  newItem,
  newOrder,
  newUser,
  operator,
  post,
  read,
  shop,
  start,
  stop,
  withReader,
  type Proof,
} from './requests.ts';

beforeAll(start, LIMIT_MS);
afterAll(stop);

const foundOrders = async (): Promise<string> => {
  await twoOrders();
  return '/ops/orders?';
};

/** What shows that a field has an effect, by its place in the request. */
const PROOFS: Readonly<Record<keyof typeof GATEWAY_OPERATIONS, Readonly<Record<string, Proof>>>> = {
  registerUser: {
    'body.userId': isStored(newUser, 'userId'),
    'body.name': isStored(newUser, 'name'),
    'body.email': isStored(newUser, 'email'),
  },
  getUser: {},
  eraseUser: {
    'headers.x-reason': isReason(async (reason) => {
      const { userId } = (await newUser()).sent;
      bodyOf(await shop.send('POST', `/api/users/${userId}/erase`, { 'x-reason': reason }));
      return userId;
    }),
  },
  exportUser: {
    'query.limit': exportPages,
    'query.cursor': exportPages,
  },
  addItem: {
    'body.itemId': isStored(newItem, 'itemId'),
    'body.itemName': isStored(newItem, 'itemName'),
    'body.availableQty': isStored(newItem, 'availableQty'),
    'headers.x-reason': isReason(async (reason) => (await newItem({ 'x-reason': reason })).sent.itemId),
  },
  listItems: { 'query.limit': limits(twoItems), 'query.cursor': pages(twoItems) },
  getItem: {},
  restockItem: {
    'body.quantity': async () => {
      const { itemId } = (await newItem()).sent;
      expect(bodyOf(await post(`/api/inventory/${itemId}/restock`, { quantity: 4 }))).toMatchObject({
        availableQty: 11,
      });
    },
    'headers.idempotency-key': async () => {
      const { itemId } = (await newItem()).sent;
      const restock = () =>
        post(`/api/inventory/${itemId}/restock`, { quantity: 4 }, { 'idempotency-key': 'k' });
      await restock();
      expect(bodyOf(await restock())).toMatchObject({ availableQty: 11 });
      expect(await shop.stockOf(itemId)).toEqual({ availableQty: 11, reservedQty: 0 });
    },
    'headers.x-reason': isReason(async (reason) => {
      const { itemId } = (await newItem()).sent;
      bodyOf(await post(`/api/inventory/${itemId}/restock`, { quantity: 1 }, { 'x-reason': reason }));
      return itemId;
    }),
  },
  placeOrder: {
    'body.order.orderId': isStored(newOrder, 'orderId'),
    'body.order.userId': isStored(newOrder, 'userId'),
    'body.order.items[].itemId': isStored(newOrder, 'items'),
    'body.order.items[].quantity': isStored(newOrder, 'items'),
    'body.order.status': isStored(newOrder, 'status'),
  },
  listOrders: {
    'query.status': filters<OrderWithTimes[]>(
      async () => {
        const { orderId } = (await newOrder()).sent;
        const has = (list: OrderWithTimes[]) => list.some((order) => order.orderId === orderId);
        return { match: '/api/orders?status=PENDING', other: '/api/orders?status=SHIPPED', has };
      },
      () => shop,
    ),
    'query.limit': limits(twoOrders),
    'query.cursor': pages(twoOrders),
  },
  listOrdersOfUser: { 'query.limit': limits(twoOfUser), 'query.cursor': pages(twoOfUser) },
  getOrder: {
    'query.until': waits('?until=CANCELLED&wait=30', {}),
    'query.wait': waits('?until=CANCELLED&wait=30', {}),
    'headers.prefer': waits('?until=CANCELLED', { prefer: 'wait=30' }),
    'headers.if-none-match': async () => {
      const { orderId } = (await newOrder()).sent;
      const answer = await shop.send('GET', `/api/orders/${orderId}`, { 'if-none-match': '"PENDING"' });
      expect(answer.status).toBe(304);
    },
  },
  getOrderHistory: {},
  cancelOrder: {
    'headers.x-reason': isReason(async (reason) => {
      const { orderId } = (await newOrder()).sent;
      await cancel(orderId, reason);
      return orderId;
    }),
  },
  watchOrder: {
    'headers.last-event-id': async () => {
      const { orderId } = (await newOrder()).sent;
      await cancel(orderId);
      expect(await read<HistoryEntry[]>(`/api/orders/${orderId}/history`)).toHaveLength(2);
      const path = `/api/orders/${orderId}/events`;
      const [first = '', second = ''] = eventIds((await shop.get(path)).body);
      const resumed = await shop.send('GET', path, { 'last-event-id': first });
      expect(eventIds(resumed.body)).toEqual([second]);
    },
  },
  getOverview: {},
  watchOverview: {},
  listDeadLetters: {
    'query.status': letterFilter('status', 'DISCARDED', () => 'OPEN'),
    'query.topic': letterFilter('topic', 'ORDER_PLACED', ({ topic }) => topic),
    'query.group': letterFilter('group', 'nobody', ({ group }) => group),
    'query.reason': letterFilter('reason', 'no+such+reason', ({ reason }) => reason),
    'query.orderId': letterFilter('orderId', 'no-such-order', ({ orderId = '' }) => orderId),
    'query.limit': limits(twoLetters, () => operator),
    'query.cursor': pages(twoLetters, () => operator),
  },
  getDeadLetter: {},
  redriveDeadLetter: {
    'body.by': isKept('redrive', ofOne, nothing, 'by'),
    'body.note': isKept('redrive', ofOne, nothing, 'note'),
    'body.dryRun': isDryRun('redrive', ofOne, nothing),
    'body.force': async () => {
      const { letterId } = await oneLetter();
      await act(`${letterId}/`, 'redrive', { force: true });
      // Only what goes beyond the limit is forced; how often, the operators' tests play through.
      expect(await actionOn(letterId)).toMatchObject({ action: 'REDRIVE', forced: false });
      expect(
        (await operator.post(`/ops/dead-letters/${letterId}/redrive`, { by: 'bea', force: 'yes' })).status,
      ).toBe(400);
    },
  },
  redriveDeadLetters: manyProofs('redrive'),
  discardDeadLetter: {
    'body.by': isKept('discard', ofOne, nothing, 'by'),
    'body.note': isKept('discard', ofOne, nothing, 'note'),
    'body.dryRun': isDryRun('discard', ofOne, nothing),
  },
  discardDeadLetters: manyProofs('discard'),
  listStuckOrders: {
    'query.status': stuckFilter('status', 'SHIPPED'),
    'query.reason': stuckFilter('reason', 'RESERVATION_MISSING'),
    'query.orderId': stuckFilter('orderId', 'no-such-order'),
    'query.olderThanMs': stuckFilter('olderThanMs', '86400000'),
    'query.limit': async () => {
      await twoOrders();
      const stuck = (limit: number) => read<StuckOrders>(`/ops/stuck-orders?limit=${limit}`, operator);
      await eventually(async () => expect((await stuck(2)).orders).toHaveLength(2), { timeoutMs: LIMIT_MS });
      expect((await stuck(1)).orders).toHaveLength(1);
    },
  },
  searchOrders: {
    'query.itemId': itemFilter,
    'query.search': searchFilter('search', 'no-such-order'),
    'query.status': searchFilter('status', 'SHIPPED'),
    'query.olderThanMs': searchFilter('olderThanMs', '86400000'),
    'query.reason': searchFilter('reason', 'RESERVATION_MISSING'),
    'query.limit': limits(foundOrders, () => operator),
    'query.cursor': pages(foundOrders, () => operator),
  },
  listActions: {
    'query.action': actionFilter('action', 'CANCEL_ORDER'),
    'query.by': actionFilter('by', 'nobody'),
    'query.target': actionFilter('target', 'no-such-item'),
    'query.limit': limits(
      async () => {
        await twoItems();
        return '/ops/actions?';
      },
      () => operator,
    ),
    'query.cursor': pages(
      async () => {
        await twoItems();
        return '/ops/actions?by=shop&';
      },
      () => operator,
    ),
  },
};

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const leavesOf = (schema: Schema, at: string): string[] => {
  if (schema.items) return leavesOf(schema.items, `${at}[]`);
  if (!schema.properties) return [at];
  return Object.entries(schema.properties).flatMap(([name, part]) => leavesOf(part, `${at}.${name}`));
};

/** Every field that a client can send, by its place; ids in the path find what they name, or nothing is answered at all. */
const fieldsOf = (operation: Operation): string[] =>
  (['body', 'query', 'headers'] as const).flatMap((part) => {
    const schema = operation[part] as Schema | undefined;
    return schema ? leavesOf(schema, part) : [];
  });

test.each(Object.entries(GATEWAY_OPERATIONS))(
  'every field of %s has a proof that it has an effect',
  (name, operation) => {
    const proven = Object.keys(PROOFS[name] ?? {});
    expect(proven.toSorted()).toEqual(fieldsOf(operation).toSorted());
  },
);

const all = Object.entries(PROOFS).flatMap(([name, proofs]) =>
  Object.entries(proofs).map(([field, proof]) => [name, field, proof] as const),
);

test.each(all)('%s: %s has an effect', async (_name, _field, proof) => proof(), LIMIT_MS);

test(
  'every field of an event is in what is published',
  async () => {
    const { sent, stored } = await newOrder();
    const { orderId, userId, items } = sent;
    await withReader(['ORDER_PLACED'], async (reader) => {
      const value = await eventually(
        () => {
          const found = reader.messages.find(({ key }) => key === orderId);
          if (!found) throw new Error('it is not published yet');
          return JSON.parse(found.value) as Record<string, unknown>;
        },
        { timeoutMs: 30_000 },
      );
      expect(Object.keys(value).toSorted()).toEqual(
        Object.keys(EVENT_SCHEMAS.ORDER_PLACED.properties).toSorted(),
      );
      expect(value).toEqual({ orderId, userId, items, status: 'PENDING', at: stored.createdAt });
    });
  },
  LIMIT_MS,
);
