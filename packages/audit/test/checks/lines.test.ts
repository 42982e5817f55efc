import { expect, test } from '@jest/globals';
import { areLines } from '../../src/checks/lines.ts';
import { useFixture } from '../planted-faults.ts';

const fixture = useFixture();

const line = (itemId: unknown, quantity: unknown) => ({ itemId, quantity });

const MALFORMED = [
  '{}',
  'null',
  '1',
  '"lines"',
  '[]',
  '[1]',
  '[null]',
  '[[]]',
  '[{}]',
  '[{"itemId":"item1"}]',
  '[{"quantity":1}]',
  '[{"itemId":"item1","quantity":1.5}]',
  '{"itemId":"item1","quantity":1}',
  JSON.stringify([[line('item1', 1)]]),
  ...[0, -2, '1', null, true, [1], 100_000_001].map((quantity) => JSON.stringify([line('item1', quantity)])),
  ...[1, null, ['item1'], {}].map((itemId) => JSON.stringify([line(itemId, 1)])),
  JSON.stringify([line('item1', 3), line('item1', -2)]),
  JSON.stringify(Array.from({ length: 101 }, () => line('item1', 1))),
];

const WELL_FORMED = [
  JSON.stringify([line('item1', 1)]),
  JSON.stringify([line('item.with.dots', 2), line('item1', 100_000_000)]),
  JSON.stringify([{ ...line('item1', 1), more: 1.5 }]),
  JSON.stringify(Array.from({ length: 100 }, () => line('item1', 1))),
];

/** As order lines are written for the first time, and over others. */
const WRITES = [
  ['orders', (lines: string) => `UPDATE orders SET lines = '${lines}' WHERE id = 'pending'`],
  [
    'orders',
    (
      lines: string,
    ) => `INSERT INTO orders SELECT 'new', 99, user_id, status, '${lines}', 'r-new', created_at, updated_at,
      announced_at FROM orders WHERE id = 'pending'`,
  ],
  ['inventory', (lines: string) => `UPDATE reservations SET lines = '${lines}' WHERE order_id = 'pending'`],
  [
    'inventory',
    (lines: string) =>
      `INSERT INTO reservations VALUES ('new', 'r-new', 'RELEASED', '${lines}', now(), now())`,
  ],
] as const;

test('the databases take no lines that are malformed', async () => {
  for (const [database, write] of WRITES)
    for (const lines of MALFORMED)
      await expect(fixture().run(database, write(lines))).rejects.toMatchObject({
        code: '23514',
        column: 'lines',
      });
});

test('the databases take every order that can be placed', async () => {
  for (const [database, write] of WRITES)
    for (const lines of WELL_FORMED) await fixture().run(database, `BEGIN; ${write(lines)}; ROLLBACK`);
});

test('an order whose lines were malformed before goes its way', async () => {
  const { run, select } = fixture();
  await run('orders', 'ALTER TABLE orders DISABLE TRIGGER orders_lines_check');
  await run('orders', `UPDATE orders SET lines = '{}' WHERE id = 'pending'`);
  await run('orders', 'ALTER TABLE orders ENABLE TRIGGER orders_lines_check');
  await run('orders', `UPDATE orders SET status = 'PROCESSING' WHERE id IN ('pending', 'processing')`);
  expect(await select('orders', `SELECT status FROM orders WHERE id = 'pending'`)).toEqual([
    { status: 'PROCESSING' },
  ]);
});

test('the audit takes the same lines for malformed as the databases, and a whole number with a fraction', async () => {
  const readable = (lines: readonly string[]) =>
    fixture().select<{ ok: boolean }>(
      'orders',
      `SELECT ${areLines('lines')} AS ok FROM unnest(ARRAY[${lines.map((text) => `'${text}'`).join()}]::jsonb[]) AS t(lines)`,
    );
  for (const { ok } of await readable([...MALFORMED, '[{"itemId":"item1","quantity":1.0}]']))
    expect(ok).toBe(false);
  for (const { ok } of await readable(WELL_FORMED)) expect(ok).toBe(true);
});

test.each(['{}', 'null', '[]', '[{"itemId":"item1","quantity":1.5}]', '[{"itemId":"item1","quantity":1.0}]'])(
  'rows with the lines %s are named, and all else is checked',
  async (lines) => {
    const { run, findings } = fixture();
    await run('orders', 'DROP TRIGGER orders_lines_check ON orders');
    await run('inventory', 'DROP TRIGGER reservations_lines_check ON reservations');
    await run('orders', `UPDATE orders SET lines = '${lines}' WHERE id = 'delivered'`);
    await run(
      'inventory',
      `UPDATE reservations SET lines = '${lines}' WHERE order_id IN ('left', 'refused')`,
    );
    await run('orders', `UPDATE orders SET user_id = 'nobody' WHERE id = 'shipped'`);
    expect(await findings()).toEqual({
      'reservations: the lines of an order are malformed': ['delivered'],
      'reservations: the lines of a reservation are malformed': ['left', 'refused'],
      'stock: the consumed units of an item are not those of its consumed reservations': ['item1', 'item2'],
      'users: the user of an order does not exist': ['shipped'],
    });
  },
);
