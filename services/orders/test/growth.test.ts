import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANYBODY } from '@order-pipeline/contracts';
import { findActions, recordsOf, type DueTimes } from '@order-pipeline/service-kit';
import {
  createTestRuntime,
  explain,
  nodesOf,
  PLAN_MODES,
  recordStatements,
  rowsRead,
  statementsOf,
  times,
} from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import {
  countOpen,
  findLetter,
  listLetters,
  MAX_COUNTED,
  readContents,
} from '../src/dead-letters/queries.ts';
import { redriveNext, resolveLetters } from '../src/dead-letters/resolution.ts';
import { Prisma, type PrismaClient } from '../src/generated/client.ts';
import {
  cancelOrder,
  findStockNotReturned,
  moveOrders,
  recordStockReturned,
} from '../src/store/transitions.ts';
import { findKnown } from '../src/store/archived.ts';
import { findOverdueForArchiving } from '../src/store/archiving.ts';
import { foldCounts, readCounts } from '../src/store/counts.ts';
import { republishDue, republishUpTo, newestPlacement } from '../src/store/republication.ts';
import { createOutboxFloor } from '../src/store/outbox-floor.ts';
import { createOutbox, outboxBacklog } from '../src/store/outbox.ts';
import { findOrders } from '../src/store/placements.ts';
import { recordPositions } from '../src/store/positions.ts';
import {
  findOverdue,
  findStatuses,
  findTraceparent,
  listOrders,
  oldestOnTheWay,
  readHistory,
} from '../src/store/queries.ts';
import type { Database, Models, Sql } from '../src/store/sql.ts';
import { listFound, listWaiting } from '../src/store/search.ts';
import { findWaiting, replaceReservation } from '../src/store/stuck.ts';
import { ON_THE_WAY_EACH, openFilledDatabase, STATISTICS } from './filled-database.ts';

/** How many rows each statement is asked for, and how many it may look at for each of them. */
const LIMIT = 20;
const MAX_PER_ROW = 11;

let database: PrismaClient<'query'>;
let statementsOfModels: ReturnType<typeof recordStatements>;

const postgres = useTestPostgres();

const runtime = createTestRuntime();
const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
const idsOf = (status: string): string[] => times(LIMIT, (index) => `${status}-${index * 31 + 1}`);
const eventsOf = (ids: readonly string[]) =>
  new Map(ids.map((id, index) => [id, { partition: index % 6, offset: String(index) }]));
const page = { limit: LIMIT };
const RECORDS = recordsOf(
  { actor: ANYBODY, requestId: 'a-request' },
  { action: 'DISCARD_DEAD_LETTER', targets: ['a'], named: 'ann' },
  { wallClock: () => 0, hex: () => '000000000000' },
);
/** In the middle of all. */
const waitingAt = { since: Date.now() - 1.8 * 3_600_000, seq: 1 };
const intention = { action: 'DISCARD', by: 'ann', force: false } as const;
const due = (hours: number, aheadHours = -1) => ({ until: ago(hours), ahead: ago(aheadHours) });
const again = (sql: Sql, range: DueTimes) =>
  republishDue(sql, { due: range, at: ago(0), limit: LIMIT, except: idsOf('SHIPPED') }, runtime);
const all = (sql: Sql, at: string) =>
  republishUpTo(sql, { newest: 1e9, at }, { limit: LIMIT, except: idsOf('SHIPPED') }, runtime);

/** Whatever runs on a request, or again and again. */
const NEEDS: Readonly<Record<string, (sql: Database) => Promise<unknown>>> = {
  'the newest orders': (sql) => listOrders(sql, page),
  'orders further back': (sql) => listOrders(sql, { ...page, before: 20_000 }),
  'orders of a status': (sql) => listOrders(sql, page, { status: 'PENDING' }),
  'orders of a status further back': (sql) =>
    listOrders(sql, { ...page, before: 28_000 }, { status: 'PROCESSING' }),
  'orders of a user': (sql) => listOrders(sql, page, { userId: 'user-1' }),
  'orders of a user further back': (sql) =>
    listOrders(sql, { ...page, before: 20_000 }, { userId: 'user-1' }),
  'own orders of a status': (sql) => listOrders(sql, page, { userId: 'user-1', status: 'PENDING' }),
  'own orders of a status that has few': (sql) =>
    listOrders(sql, page, { userId: 'user-2', status: 'CANCELLED' }),
  'own orders of a status further back': (sql) =>
    listOrders(sql, { ...page, before: 28_000 }, { userId: 'user-1', status: 'DELIVERED' }),
  'the newest orders of an operator': (sql) => listFound(sql, page, {}),
  'orders by an id': (sql) => listFound(sql, page, { search: 'PENDING-7' }),
  'orders by the id of a user, further back': (sql) =>
    listFound(sql, { ...page, before: 20_000 }, { search: 'user-1' }),
  'orders by the id of a user and a status': (sql) =>
    listFound(sql, page, { search: 'user-1', status: 'DELIVERED' }),
  'orders that wait longest': (sql) => listWaiting(sql, page, { until: ago(0) }),
  'orders that wait longest, further on': (sql) =>
    listWaiting(sql, { ...page, before: waitingAt }, { until: ago(0) }),
  'orders that wait longest in a status': (sql) =>
    listWaiting(sql, page, { until: ago(0), status: 'SHIPPED' }),
  'orders that wait longest in a status, further on': (sql) =>
    listWaiting(sql, { ...page, before: waitingAt }, { until: ago(0), status: 'PENDING' }),
  'orders that wait where there are none': (sql) => listWaiting(sql, page, { until: ago(3) }),
  'whether the order with an id waits': (sql) =>
    listWaiting(sql, page, { until: ago(0), search: 'PENDING-7' }),
  'cancelling an own order': (sql) => cancelOrder(sql, 'PENDING-7', ago(0), { owner: 'user-7' }),
  "cancelling somebody else's order": (sql) =>
    cancelOrder(sql, 'PENDING-7', ago(0), { acting: { userId: 'ann', records: RECORDS } }),
  'what operators did': (sql) => findActions(sql, 'orders', { limit: LIMIT }),
  'what operators did before': (sql) =>
    findActions(sql, 'orders', { limit: LIMIT, before: '000000000000-000000000000-009000' }),
  'what operators did to an order': (sql) =>
    findActions(sql, 'orders', { limit: LIMIT, target: 'PENDING-7' }),
  'orders by their ids': (sql) => findOrders(sql, idsOf('PENDING')),
  'orders and archived ones by their ids': (sql) => findKnown(sql, idsOf('PENDING')),
  'statuses by their ids': (sql) => findStatuses(sql, idsOf('PENDING')),
  'moving orders': (sql) => moveOrders(sql, 'PROCESSING', idsOf('PENDING'), 'test', ago(0), undefined),
  'moving orders that events ask for': (sql) =>
    moveOrders(sql, 'PROCESSING', idsOf('PENDING'), 'test', ago(0), eventsOf(idsOf('PENDING'))),
  'keeping where last events stand': (sql) =>
    recordPositions(
      sql,
      idsOf('PENDING').map((orderId, index) => ({ orderId, partition: index % 6, offset: `${index}` })),
    ),
  'cancelling an order': (sql) => cancelOrder(sql, 'PENDING-7', ago(0)),
  'overdue orders': (sql) => findOverdue(sql, due(0), undefined, LIMIT),
  'the next overdue orders': (sql) => findOverdue(sql, due(0), 'PENDING-2007', LIMIT),
  'overdue orders where there are none': (sql) => findOverdue(sql, due(3), undefined, LIMIT),
  'the oldest orders in progress': (sql) => oldestOnTheWay(sql, due(0)),
  'the oldest orders in progress where all are dated ahead': (sql) => oldestOnTheWay(sql, due(4, 3)),
  'overdue orders that are dated ahead': (sql) => findOverdue(sql, due(4, 3), undefined, LIMIT),
  'the next overdue orders that are dated ahead': (sql) => findOverdue(sql, due(4, 3), 'PENDING-2007', LIMIT),
  'stuck orders that are dated ahead': (sql) => findWaiting(sql, due(4, 3), LIMIT),
  'announcing orders again that are dated ahead': (sql) => again(sql, due(4, 3)),
  'announcing all orders again': (sql) => all(sql, ago(0)),
  'announcing all orders again, which are dated ahead': (sql) => all(sql, ago(3)),
  'the newest placement': newestPlacement,
  'stuck orders': (sql) => findWaiting(sql, due(0), LIMIT),
  'stuck orders where there are none': (sql) => findWaiting(sql, due(3), LIMIT),
  'another reservation for an order': (sql) =>
    replaceReservation(sql, 'PENDING-7', { from: 'r7', to: 'other' }),
  'announcing orders again': (sql) => again(sql, due(1)),
  'announcing orders again where none is due': (sql) => again(sql, due(3)),
  'cancelled orders without their stock back': (sql) => findStockNotReturned(sql, '', LIMIT),
  'that stock is back': (sql) => recordStockReturned(sql, idsOf('CANCELLED'), ago(0)),
  'the next events of the outbox': (sql) =>
    createOutbox(sql, runtime, createOutboxFloor()).publishNext({ limit: LIMIT }, async () => []),
  'the newest letters': (sql) => listLetters(sql, page, {}),
  'letters further back': (sql) => listLetters(sql, { ...page, before: 7_000 }, {}),
  'letters of a status': (sql) => listLetters(sql, page, { status: 'OPEN' }),
  'letters of a topic': (sql) => listLetters(sql, page, { topic: 'ORDER_PLACED' }),
  'letters of a topic that has few': (sql) => listLetters(sql, page, { topic: 'ORDER_SHIPPED' }),
  'letters of a group that has few': (sql) => listLetters(sql, page, { group: 'delivery' }),
  'letters of an order': (sql) => listLetters(sql, page, { orderId: 'PENDING-7' }),
  'resolving letters': (sql) =>
    resolveLetters(sql, idsOf('OPEN-ORDER_PLACED'), { command: intention, records: RECORDS }, ago(0)),
  'the next letters to redrive': (sql) =>
    redriveNext(sql, runtime, { limit: LIMIT, at: () => ago(0) }, async () => ({ sent: [], refused: [] })),
};

/** The same, of the typed API. */
const MODEL_NEEDS: Readonly<Record<string, (models: Models) => Promise<unknown>>> = {
  'the history of an own order': (models) => readHistory(models, 'PENDING-7', 'user-7'),
  'the history of an order': (models) => readHistory(models, 'PENDING-7'),
  'the trace of an order': (models) => findTraceparent(models, 'PENDING-7'),
  'a letter': (models) => findLetter(models, 'OPEN-ORDER_PLACED-7'),
  'what a letter holds': (models) => readContents(models, 'REDRIVEN-ORDER_PLACED-7'),
};

/** Those that look at much look at no more than this, however much there is. */
const COUNTS: Readonly<Record<string, (sql: Database) => Promise<unknown>>> = {
  'a thousand stuck orders a status': (sql) => findWaiting(sql, due(0), 1_000),
  'the orders of a user that wait longest': (sql) =>
    listWaiting(sql, page, { until: ago(0), search: 'user-1' }),
  'the orders of a user that wait longest in a status, further on': (sql) =>
    listWaiting(sql, { ...page, before: waitingAt }, { until: ago(0), search: 'user-1', status: 'PENDING' }),
  'closed orders that should have been archived': (sql) => findOverdueForArchiving(sql, ago(0), {}),
  'the next closed orders that should have been archived': (sql) =>
    findOverdueForArchiving(sql, ago(0), { DELIVERED: '500', CANCELLED: '20000' }),
  'closed orders that should have been archived where there are none': (sql) =>
    findOverdueForArchiving(sql, ago(3), {}),
  'what waits in the outbox': (sql) => outboxBacklog(sql, createOutboxFloor(), runtime),
  'open letters': countOpen,
};

const readBy = async (
  need: (sql: Database) => Promise<unknown>,
  mode: (typeof PLAN_MODES)[number],
): Promise<number> => {
  return rowsReadBy(await statementsOf(Prisma.sql, need), mode);
};

const rowsReadBy = async (
  statements: Awaited<ReturnType<typeof statementsOf>>,
  mode: (typeof PLAN_MODES)[number],
): Promise<number> => {
  expect(statements).not.toEqual([]);
  const plans = await Promise.all(statements.map((statement) => explain(database, statement, mode)));
  const wholeTables = plans.flatMap(nodesOf).filter((node) => node['Node Type'] === 'Seq Scan');
  expect(wholeTables).toEqual([]);
  return Math.max(...plans.map(rowsRead));
};

describe.each(STATISTICS)('with statistics %s', (statistics) => {
  beforeAll(async () => {
    database = await openFilledDatabase(postgres, statistics);
    statementsOfModels = recordStatements(database);
  }, 60_000);

  afterAll(() => database?.$disconnect());

  describe.each(PLAN_MODES)('%s', (mode) => {
    test.each(Object.keys(NEEDS))('no more is looked at than asked for: %s', async (name) => {
      expect(await readBy(NEEDS[name] as (typeof NEEDS)[string], mode)).toBeLessThan(LIMIT * MAX_PER_ROW);
    });

    test.each(Object.keys(MODEL_NEEDS))('nor by the typed API: %s', async (name) => {
      const statements = await statementsOfModels(async () => MODEL_NEEDS[name]?.(database));
      expect(await rowsReadBy(statements, mode)).toBeLessThan(LIMIT * MAX_PER_ROW);
    });

    test.each(Object.keys(COUNTS))('no more is looked at than the most that is counted: %s', async (name) => {
      const read = await readBy(COUNTS[name] as (typeof COUNTS)[string], mode);
      expect(read).toBeLessThan(MAX_COUNTED + LIMIT);
    });
  });

  test('the kept counts are read, and folded, without a look at an order', async () => {
    const needs = [
      (sql: Database) => readCounts(sql, () => due(0)),
      (sql: Database) => foldCounts(sql, () => due(0)),
    ];
    for (const need of needs) {
      const statements = await statementsOf(Prisma.sql, need);
      const plans = await Promise.all(
        statements.map((statement) => explain(database, statement, 'force_custom_plan')),
      );
      const tables = plans.flatMap(nodesOf).map((node) => node['Relation Name']);
      expect([...new Set(tables)].filter((name) => name !== undefined)).toEqual(['order_transitions']);
    }
  });

  test('overdue orders are read page by page, the longest first, each once', async () => {
    const found: string[] = [];
    for (let last: string | undefined; found.length < ON_THE_WAY_EACH; last = found.at(-1)) {
      const next = await findOverdue(database, due(0), last, 999);
      expect(next).not.toEqual([]);
      found.push(...next);
    }
    expect(found).toEqual(times(ON_THE_WAY_EACH, (index) => `PENDING-${index + 1}`));
    expect(await findOverdue(database, due(0), found.at(-1), 999)).toEqual([]);
  });

  test('open letters are counted by topic and group, as far as they are counted', async () => {
    expect(await countOpen(database)).toEqual([
      { topic: 'ORDER_PLACED', group: 'workflow', letters: MAX_COUNTED },
      { topic: 'ORDER_SHIPPED', group: 'delivery', letters: 7 },
    ]);
  });

  test('orders are announced again that were announced longest ago', async () => {
    const late = await again(database, due(1));
    const shipped = new Set(idsOf('SHIPPED'));
    const standing = times(LIMIT, (index) => [`PROCESSING-${index + 1}`, `SHIPPED-${index + 1}`]).flat();
    expect(late).toHaveLength(LIMIT);
    expect(standing.filter((id) => !shipped.has(id))).toEqual(
      expect.arrayContaining(late.map(({ orderId }) => orderId)),
    );
  });
});
