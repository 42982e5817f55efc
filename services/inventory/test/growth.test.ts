import { beforeAll, describe, expect, test } from '@jest/globals';
import { createPrismaAdapter } from '@order-pipeline/service-kit';
import {
  createTestLogger,
  explain,
  nodesOf,
  pagesRead,
  PLAN_MODES,
  recordStatements,
  rowsRead,
  statementsOf,
} from '@order-pipeline/testing';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { Prisma, PrismaClient } from '../src/generated/client.ts';
import { getItem, listItems, restock } from '../src/store/items.ts';
import { endReservations, findHeld, findReservations } from '../src/store/reservations.ts';
import { reserveWherePlenty } from '../src/store/reserve-plenty.ts';
import type { Database } from '../src/store/sql.ts';

/** How many rows each statement is asked for, and how many it may look at for each of them. */
const LIMIT = 20;
const MAX_PER_ROW = 11;

const reservations = (state: string): string => `
  INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
  SELECT '${state}-' || n, 'r' || n, '${state}', '[{"itemId":"nothing","quantity":1}]', t, t
  FROM (SELECT n, now() - interval '2 hours' + n * interval '1 second' FROM generate_series(1, 5000) AS n) AS r(n, t)`;

/** PostgreSQL knows how much there was before what is under way came. */
const FILL = [
  'ALTER TABLE reservations SET (autovacuum_enabled = false)',
  `INSERT INTO items (id, name, initial_qty, stocked_qty, available_qty, reserved_qty, consumed_qty, created_at)
   SELECT 'item-' || n, 'item', 9, 9, 9, 0, 0, now() FROM generate_series(1, 5000) AS n`,
  reservations('CONSUMED'),
  'ANALYZE items',
  'ANALYZE reservations',
  reservations('HELD'),
];

let database: PrismaClient<'query'>;
let statementsOfModels: ReturnType<typeof recordStatements>;

const postgres = useTestPostgres();

beforeAll(async () => {
  const url = await postgres.migratedDatabase('inventory');
  const { logger } = createTestLogger();
  database = new PrismaClient({
    adapter: createPrismaAdapter(url, 'test', logger),
    log: [{ emit: 'event', level: 'query' }],
  });
  closeAfterTests(() => database.$disconnect());
  statementsOfModels = recordStatements(database);
  for (const statement of FILL) await database.$executeRawUnsafe(statement);
}, 60_000);

const REFS = Array.from({ length: LIMIT }, (_, n) => ({
  orderId: `HELD-${n + 1}`,
  reservationId: `r${n + 1}`,
}));

const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

/** Whatever runs on a request, or again and again. */
const NEEDS: Readonly<Record<string, (sql: Database) => Promise<unknown>>> = {
  'the newest items': (sql) => listItems(sql, { limit: LIMIT }),
  'items further back': (sql) => listItems(sql, { limit: LIMIT, before: 2_500 }),
  'restocking an item': (sql) => restock(sql, 'item-7', 3),
  'held reservations': (sql) => findHeld(sql, { until: ago(0) }, undefined, LIMIT),
  'held reservations further on': (sql) =>
    findHeld(sql, { until: ago(0) }, { orderId: 'HELD-7', reservationId: 'r7', createdAt: ago(1) }, LIMIT),
  'held reservations where none is old enough': (sql) => findHeld(sql, { until: ago(3) }, undefined, LIMIT),
  'held reservations dated ahead': (sql) => findHeld(sql, { after: ago(1) }, undefined, LIMIT),
  'held reservations dated ahead further on': (sql) =>
    findHeld(sql, { after: ago(1.9) }, { orderId: 'HELD-7', reservationId: 'r7', createdAt: ago(1) }, LIMIT),
  'held reservations dated ahead where there are none': (sql) =>
    findHeld(sql, { after: ago(-1) }, undefined, LIMIT),
  'stock that leaves': (sql) => endReservations(sql, 'CONSUMED', REFS, ago(0)),
  'reservations of orders': (sql) => findReservations(sql, ['HELD-7', 'CONSUMED-7', 'HELD-4000']),
};

const expectFewRead = async (
  statements: Awaited<ReturnType<typeof statementsOf>>,
  mode: (typeof PLAN_MODES)[number],
): Promise<void> => {
  const plans = await Promise.all(statements.map((statement) => explain(database, statement, mode)));
  expect(plans.flatMap(nodesOf).filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
  expect(Math.max(...plans.map(rowsRead))).toBeLessThan(LIMIT * MAX_PER_ROW);
};

/** Orders of one item each, as many as travel together at the most. */
const NEW = Array.from({ length: 128 }, (_, n) => ({
  orderId: `new-${n}`,
  reservationId: `new-r${n}`,
  lines: [{ itemId: `item-${n + 1}`, quantity: 1 }],
}));

describe.each(PLAN_MODES)('%s', (mode) => {
  test('the orders of a batch are not compared with one another', async () => {
    const [statement] = await statementsOf(Prisma.sql, (sql) => reserveWherePlenty(sql, NEW, ago(0)));
    const plan = await explain(database, statement as NonNullable<typeof statement>, mode);
    expect(plan['Actual Rows']).toBe(NEW.length);
    const compared = nodesOf(plan).map(
      (node) => (node['Rows Removed by Join Filter'] ?? 0) * node['Actual Loops'],
    );
    expect(Math.max(...compared)).toBeLessThanOrEqual(NEW.length);
  });

  test.each(Object.keys(NEEDS))('no more is looked at than asked for: %s', async (name) => {
    const statements = await statementsOf(Prisma.sql, NEEDS[name] as (typeof NEEDS)[string]);
    expect(statements).toHaveLength(1);
    await expectFewRead(statements, mode);
  });

  test.each([
    'held reservations further on',
    'held reservations dated ahead',
    'held reservations dated ahead further on',
  ])('the index is entered where they begin: %s', async (name) => {
    const pagesOf = async (need: string): Promise<number> => {
      const [statement] = await statementsOf(Prisma.sql, NEEDS[need] as (typeof NEEDS)[string]);
      return pagesRead(await explain(database, statement as NonNullable<typeof statement>, mode));
    };
    expect(await pagesOf(name)).toBeLessThanOrEqual((await pagesOf('held reservations')) + 5);
  });

  test('no more is looked at than asked for: an item, by the typed API', async () => {
    const statements = await statementsOfModels(() => getItem(database, database, 'item-7'));
    expect(statements).toHaveLength(1);
    await expectFewRead(statements, mode);
  });
});
