import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createListTurns, createPrimaryReads, type Reads } from '@order-pipeline/service-kit';
import {
  createTestRuntime,
  explain,
  inTurn,
  recordStatements,
  startTestPostgres,
  statementsOf,
  type TestPostgres,
} from '@order-pipeline/testing';
import { Prisma, type PrismaClient } from '../src/generated/client.ts';
import { createStore, type CancellableDatabase, type OrdersStore } from '../src/store/index.ts';
import { openShardedDatabase, shardsByTable, shardsOfOrders, shardsRead } from './sharded-database.ts';

let postgres: TestPostgres;
let database: PrismaClient<'query'>;
let ofModels: ReturnType<typeof recordStatements>;

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = await openShardedDatabase(postgres);
  ofModels = recordStatements(database);
}, 120_000);

afterAll(() =>
  inTurn(
    () => database?.$disconnect(),
    () => postgres?.stop(),
  ),
);

const runtime = createTestRuntime();

type Issuing = Pick<CancellableDatabase, '$queryRaw' | '$executeRaw' | '$transaction'>;

/** The store as it is, on what records its statements and carries none out, or on what does. */
const storeOn = (sql: Issuing): OrdersStore => {
  const whole = { ...sql, until: () => sql, models: () => database } as unknown as CancellableDatabase;
  const reads: Reads = createPrimaryReads(whole);
  return createStore(whole, runtime, createListTurns(runtime), reads);
};

type Need = (store: OrdersStore, orderIds: readonly string[]) => Promise<unknown>;

const newOrder = (orderId: string) => ({
  order: { orderId, userId: 'user', items: [{ itemId: 'item', quantity: 1 }] },
  reservationId: `reservation of ${orderId}`,
  traceparent: '00-00000000000000000000000000000001-0000000000000001-01',
});

const each = (orderIds: readonly string[], need: (orderId: string) => Promise<unknown>) =>
  Promise.all(orderIds.map(need));

/** What names its orders: it looks into the shards of these and of no others. */
const BY_ORDER: Readonly<Record<string, Need>> = {
  findOrders: (store, ids) => store.findOrders(ids),
  findKnown: (store, ids) => store.findKnown(ids),
  findArchivedRepeats: (store, ids) =>
    store.findArchivedRepeats(ids.map((orderId) => newOrder(orderId).order)),
  findStatuses: (store, ids) => store.findStatuses(ids),
  storeOrders: (store, ids) => store.storeOrders(ids.map(newOrder)),
  moveOrders: (store, ids) =>
    store.moveOrders(
      'PROCESSING',
      ids,
      'test',
      new Map(ids.map((id) => [id, { partition: 1, offset: '7' }])),
    ),
  cancelOrder: (store, ids) => each(ids, (id) => store.cancelOrder(id)),
  recordStockReturned: (store, ids) => store.recordStockReturned(ids),
  readHistories: (store, ids) => store.readHistories(ids),
  listHistories: (store, ids) => store.listHistories(ids),
  findLocked: (store, ids) => store.findLocked(ids),
  replaceReservation: (store, ids) =>
    each(ids, (id) => store.replaceReservation(id, { from: 'r', to: 'other' })),
  settleReservations: (store, ids) =>
    store.settleReservations(ids.map((orderId) => ({ orderId, reservationId: `r of ${orderId}` }))),
};

/** The same of the typed API, for one order. */
const MODELS_BY_ORDER: Readonly<Record<string, Need>> = {
  readHistory: (store, ids) => each(ids, (id) => store.readHistory(id, 'user')),
  findTraceparent: (store, ids) => each(ids, (id) => store.findTraceparent(id)),
};

/** Lists and sums over all orders: for a read model, or gathered from all shards. */
const LISTS = [
  'listFound',
  'listOrders',
  'listWaiting',
  'scanFound',
  'scanWaiting',
  'listArchived',
  'oldestOnTheWay',
  'readCounts',
  'findOverdueForArchiving',
  'newestPlacement',
];

/** Work that is looked for again and again, in each shard by itself; what is found there names its orders. */
const EACH_SHARD = [
  'findStockNotReturned',
  'findOverdue',
  'findWaiting',
  'republishDue',
  'republishUpTo',
  'outboxBacklog',
  'foldCounts',
  // Its events are published from the shard that they lie in.
  'outbox',
];

/** Finds a row by its place in the table, which says nothing of a shard: to be changed before orders are spread. */
const BY_PLACE = ['recordPositions'];

/** What operators did, and archives, is no part of an order: one table, on one server. */
const ELSEWHERE = ['findActions', 'readArchiveTotals'];

test('every need of the store is of one of these kinds', () => {
  const needs = Object.keys(storeOn(database));
  const known = [
    ...Object.keys(BY_ORDER),
    ...Object.keys(MODELS_BY_ORDER),
    ...LISTS,
    ...EACH_SHARD,
    ...BY_PLACE,
    ...ELSEWHERE,
  ];
  expect(known.toSorted()).toEqual(needs.toSorted());
});

const idsFrom = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `order-${first + index * 4}`);

const expectWithin = async (
  statements: Awaited<ReturnType<typeof statementsOf>>,
  orderIds: readonly string[],
): Promise<void> => {
  expect(statements).not.toEqual([]);
  const own = await shardsOfOrders(database, orderIds);
  for (const statement of statements) {
    const plan = await explain(database, statement, 'force_custom_plan');
    const strangers = [...shardsRead(plan)].filter((shard) => !own.has(shard));
    expect({ statement: statement.text, strangers }).toMatchObject({ strangers: [] });
  }
};

/** PENDING ones, cancelled ones, archived ones, and such as nobody has placed. */
const ORDERS: Readonly<Record<string, readonly string[]>> = {
  'one order': idsFrom(4, 1),
  'a batch of three': idsFrom(8, 3),
  'three that are cancelled': idsFrom(7, 3),
  'three that are archived': ['archived-1', 'archived-2', 'archived-3'],
  'three that are not there': ['new-1', 'new-2', 'new-3'],
};

/** Refuses the first statement, as a batch with an id that is taken is refused at first: the next one leaves such orders out. */
const takenAtFirst = (sql: Issuing): Issuing => {
  let isFirst = true;
  return {
    ...sql,
    $queryRaw: async (query, ...values) => {
      if (!isFirst) return sql.$queryRaw(query, ...values);
      isFirst = false;
      throw Object.assign(new Error('the id is taken'), { code: '23505' });
    },
  };
};

describe.each(Object.keys(BY_ORDER))('%s', (name) => {
  // A verdict about an archived order stores nothing.
  const kinds = Object.keys(ORDERS).filter(
    (kind) => name !== 'settleReservations' || !kind.includes('archived'),
  );

  test.each(kinds)('looks into no other shard: %s', async (which) => {
    const ids = ORDERS[which] ?? [];
    const need = BY_ORDER[name] as Need;
    const isTaken = name === 'storeOrders' && which !== 'three that are not there';
    const statements = await statementsOf(Prisma.sql, (sql) =>
      need(storeOn(isTaken ? takenAtFirst(sql) : sql), ids),
    );
    await expectWithin(statements, ids);
  });
});

test.each(Object.keys(MODELS_BY_ORDER))('%s of an order looks into no other shard', async (name) => {
  const ids = idsFrom(4, 1);
  const need = MODELS_BY_ORDER[name] as Need;
  await expectWithin(await ofModels(() => need(storeOn(database), ids)), ids);
});

test('an order, its history, its event and its fence lie in one shard', async () => {
  const store = storeOn(database);
  const ids = ['placed-1', 'placed-2', 'placed-3', 'placed-4', 'placed-5'];
  expect([...(await store.storeOrders(ids.map(newOrder)))].toSorted()).toEqual(ids);
  await store.moveOrders('PROCESSING', ids, 'test', new Map());
  for (const orderId of [...ids, 'fenced-1']) {
    await store.settleReservations([{ orderId, reservationId: 'another' }]);
    const shards = await shardsByTable(database, orderId);
    expect(new Set(Object.values(shards)).size).toBe(1);
    if (orderId === 'fenced-1') expect(Object.keys(shards)).toEqual(['abandoned_reservations']);
    else expect(Object.keys(shards).toSorted()).toEqual(['order_history', 'orders', 'outbox']);
  }
});

test.each(LISTS.filter((name) => name === 'listOrders'))('%s is no such need', async () => {
  const statements = await statementsOf(Prisma.sql, (sql) => storeOn(sql).listOrders({ limit: 10 }, {}));
  const plans = await Promise.all(
    statements.map((statement) => explain(database, statement, 'force_custom_plan')),
  );
  expect(plans.map((plan) => shardsRead(plan).size)).toEqual([8]);
});
