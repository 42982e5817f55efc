import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DatabaseName } from '@order-pipeline/contracts';
import { nodesOf, rowsRead, times, type PlanNode } from '@order-pipeline/testing';
import { checkAbandoned } from '../src/checks/abandoned.ts';
import { checkCounts } from '../src/checks/counts.ts';
import { checkHistories } from '../src/checks/histories.ts';
import { checkReservations } from '../src/checks/reservations.ts';
import { checkStock } from '../src/checks/stock.ts';
import { checkUsers } from '../src/checks/users.ts';
import { createReader, openReader, type Reader } from '../src/database.ts';
import { CONTEXT } from './context.ts';
import { useFixture } from './planted-faults.ts';

const fixture = useFixture();
let opened: Reader[];

beforeEach(() => {
  opened = [];
});

afterEach(async () => {
  for (const reader of opened) await reader.close();
});

type Rows = Reader['rows'];

/** Readers of the databases, around whose statements something is done. */
const openReaders = async (
  pageSize: number,
  around: (name: DatabaseName, rows: Rows) => Rows,
): Promise<Record<DatabaseName, Reader>> => {
  const open = async (name: DatabaseName): Promise<Reader> => {
    // As in a large database, where to read a whole table never pays off.
    const url = new URL(fixture().databases[name]);
    url.searchParams.set('options', '-c enable_seqscan=off');
    const reader = await openReader(name, url.href);
    opened.push(reader);
    return createReader(around(name, reader.rows), reader.close, pageSize);
  };
  return { users: await open('users'), inventory: await open('inventory'), orders: await open('orders') };
};

/** What every check that reads whole tables finds. */
const findWith = async ({ users, inventory, orders }: Record<DatabaseName, Reader>): Promise<string[]> => {
  const context = CONTEXT;
  const checks = [
    await checkStock(inventory, context),
    ...(await checkReservations(orders, inventory, context)),
    await checkAbandoned(orders, context),
    await checkHistories(orders, context),
    await checkCounts(orders, context),
    await checkUsers(orders, users, context),
  ];
  return checks.flatMap(({ name, violations }) =>
    violations.map(({ problem, examples }) => `${name}: ${problem}: ${JSON.stringify(examples)}`),
  );
};

const ORDERS = 400;
const PAGE_SIZE = 20;
/** Rows of a page of each of two tables, and of a block of a table that is looked through block by block. */
const MOST_ROWS = 250;

const FILL_ORDERS = `
  INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
  SELECT 'many-' || n, 'user11', 'DELIVERED', '[{"itemId":"item1","quantity":1}]', 'r-many-' || n, now(), now(), now()
  FROM generate_series(1, ${ORDERS}) AS n;
  INSERT INTO order_history (order_id, status, at, cause)
  SELECT id, step, created_at, 'test' FROM orders, unnest(ARRAY['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED']::order_status[]) AS step
  WHERE id LIKE 'many-%'`;
const FILL_RESERVATIONS = `
  UPDATE items SET stocked_qty = stocked_qty + ${ORDERS}, consumed_qty = consumed_qty + ${ORDERS} WHERE id = 'item1';
  INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
  SELECT 'many-' || n, 'r-many-' || n, 'CONSUMED', '[{"itemId":"item1","quantity":1}]', now(), now()
  FROM generate_series(1, ${ORDERS}) AS n`;

test('no statement reads more than a page, and between two of them no snapshot is held', async () => {
  const { run, select } = fixture();
  await run('orders', FILL_ORDERS);
  await run('inventory', FILL_RESERVATIONS);
  for (const name of ['orders', 'inventory'] as const) await run(name, 'ANALYZE');
  const mostRead = { rows: 0, sql: '' };
  const held: object[] = [];
  const readers = await openReaders(PAGE_SIZE, (name, rows) => async (sql, values) => {
    const [explained] = await rows<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      values,
    );
    const plan = explained?.['QUERY PLAN'][0].Plan as PlanNode;
    const own = nodesOf(plan).filter((node) => !node['Relation Name']?.startsWith('pg_'));
    const read = own.reduce((sum, node) => sum + rowsRead({ ...node, Plans: [] }), 0);
    if (read > mostRead.rows) Object.assign(mostRead, { rows: read, sql });
    held.push(
      ...(await select(
        name,
        `SELECT state, query FROM pg_stat_activity
         WHERE application_name = 'audit' AND datname = current_database() AND (backend_xmin IS NOT NULL OR xact_start IS NOT NULL)`,
      )),
    );
    return rows(sql, values);
  });
  expect(await findWith(readers)).toEqual([]);
  expect(held).toEqual([]);
  expect(mostRead.rows).toBeGreaterThan(PAGE_SIZE - 1);
  expect(mostRead.rows > MOST_ROWS ? mostRead : undefined).toBeUndefined();
}, 60_000);

const LINES = `'[{"itemId":"item1","quantity":1}]'`;
const step = (id: string, status: string): readonly [DatabaseName, string] => [
  'orders',
  `UPDATE orders SET status = '${status}', updated_at = now() WHERE id = '${id}';
   INSERT INTO order_history (order_id, status, at, cause) VALUES ('${id}', '${status}', now(), 'test')`,
];
const leave = (id: string, state: string, column: string): readonly [DatabaseName, string] => [
  'inventory',
  `UPDATE items SET reserved_qty = reserved_qty - 1, ${column} = ${column} + 1 WHERE id = 'item1';
   UPDATE reservations SET state = '${state}', updated_at = now() WHERE order_id = '${id}'`,
];

/** All that becomes of an order, each step a transaction. */
const lifeOf = (id: string, isCancelled: boolean): readonly (readonly [DatabaseName, string])[] => [
  [
    'inventory',
    `UPDATE items SET available_qty = available_qty - 1, reserved_qty = reserved_qty + 1 WHERE id = 'item1';
     INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
     VALUES ('${id}', 'r-${id}', 'HELD', ${LINES}, now(), now())`,
  ],
  [
    'orders',
    `INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
     VALUES ('${id}', 'user11', 'PENDING', ${LINES}, 'r-${id}', now(), now(), now());
     INSERT INTO order_history (order_id, status, at, cause) VALUES ('${id}', 'PENDING', now(), 'test')`,
  ],
  ...(isCancelled
    ? [
        step(id, 'CANCELLED'),
        leave(id, 'RELEASED', 'available_qty'),
        ['orders', `UPDATE orders SET stock_returned_at = now() WHERE id = '${id}'`] as const,
      ]
    : [
        step(id, 'PROCESSING'),
        step(id, 'SHIPPED'),
        leave(id, 'CONSUMED', 'consumed_qty'),
        step(id, 'DELIVERED'),
      ]),
];

test('while orders are placed, move, are cancelled and leave between any two statements, nothing is wrong', async () => {
  const { run } = fixture();
  // Ids in between, so that orders appear in pages that are behind and in pages that are to come.
  const ids = times(16, (index) => `${'adgjmpsv'[index % 8]}-${index}`);
  const steps = ids.flatMap((id, index) => lifeOf(id, index % 3 === 0));
  const readers = await openReaders(1, (_, rows) => async (sql, values) => {
    const next = steps.shift();
    if (next) await run(...next);
    return rows(sql, values);
  });
  expect(await findWith(readers)).toEqual([]);
  expect(steps).toEqual([]);
  // And once more while nothing moves.
  expect(await findWith(readers)).toEqual([]);
}, 60_000);

test('a row that is met twice since it moved meanwhile is not stored twice', async () => {
  const { run } = fixture();
  await run('orders', FILL_ORDERS);
  await run('inventory', FILL_RESERVATIONS);
  const metTwice: unknown[] = [];
  const readers = await openReaders(1, (name, rows) => async (sql, values) => {
    if (sql.includes('ctid = ANY')) metTwice.push(values?.[0]);
    const answer = await rows<never>(sql, values);
    // The new version of a row lies behind all others.
    if (name === 'orders' && sql.includes('ctid >='))
      await run(
        name,
        `UPDATE orders SET user_id = user_id WHERE id IN (SELECT id FROM orders ORDER BY ctid LIMIT 2)`,
      );
    return answer;
  });
  expect(await checkReservations(readers.orders, readers.inventory, CONTEXT)).toMatchObject([
    { violations: [] },
    { violations: [] },
  ]);
  expect(metTwice).not.toEqual([]);
});

test('what is archived between any two statements is neither missing nor counted twice', async () => {
  const { run } = fixture();
  await run('orders', FILL_ORDERS);
  await run('inventory', FILL_RESERVATIONS);
  // From both ends, so that some are archived before they are read and some after.
  const order = times(60, (index) => (index % 2 === 0 ? index + 1 : ORDERS - index));
  const archiving = (name: DatabaseName, sqlOf: (id: string) => string) => {
    const left = [...order];
    return (rows: Rows): Rows =>
      async (sql, values) => {
        const next = left.shift();
        if (next !== undefined) await run(name, sqlOf(`many-${next}`));
        return rows(sql, values);
      };
  };
  const around = {
    users: (rows: Rows) => rows,
    inventory: archiving(
      'inventory',
      (id) => `DELETE FROM reservations WHERE order_id = '${id}';
        INSERT INTO archived_units (file, item_id, consumed_qty) VALUES ('${id}', 'item1', 1)`,
    ),
    orders: archiving('orders', (id) => `DELETE FROM orders WHERE id = '${id}'`),
  };
  const { inventory, orders } = await openReaders(10, (name, rows) => around[name](rows));
  expect(await checkStock(inventory, CONTEXT)).toMatchObject({ violations: [] });
  expect(await checkCounts(orders, CONTEXT)).toMatchObject({ violations: [] });
}, 60_000);
