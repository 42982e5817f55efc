import { expect, test } from '@jest/globals';
import { checkReservations } from '../../src/checks/reservations.ts';
import { openReader, type Reader } from '../../src/database.ts';
import { CONTEXT } from '../context.ts';
import { useFixture } from '../planted-faults.ts';

const fixture = useFixture();

const CANCEL = `UPDATE orders SET status = 'CANCELLED', stock_returned_at = now() WHERE id = 'pending'`;
const RELEASE = `UPDATE reservations SET state = 'RELEASED' WHERE order_id = 'pending'`;
const move = (status: string): string => `UPDATE orders SET status = '${status}' WHERE id = 'pending'`;
const LEAVE = `UPDATE reservations SET state = 'CONSUMED' WHERE order_id = 'pending'`;

/** A reader before whose looks things happen: one of them each time it is asked. */
const disturbed = (reader: Reader, moves: (() => Promise<unknown>)[]): Reader => ({
  ...reader,
  rows: async (sql, values) => {
    await moves.shift()?.();
    return reader.rows(sql, values);
  },
});

/** The problems that are found while these things happen before each look at the inventory. */
const findWhile = async (moves: (() => Promise<unknown>)[]): Promise<string[]> => {
  const { databases } = fixture();
  const [orders, inventory] = await Promise.all([
    openReader('orders', databases.orders),
    openReader('inventory', databases.inventory),
  ]);
  try {
    const checks = await checkReservations(orders, disturbed(inventory, moves), CONTEXT);
    return checks.flatMap(({ violations }) => violations.map(({ problem }) => problem));
  } finally {
    await Promise.all([orders.close(), inventory.close()]);
  }
};

test('an order that is cancelled between the look at it and the look at its stock is no violation', async () => {
  const { run } = fixture();
  const moves = [() => run('orders', CANCEL).then(() => run('inventory', RELEASE))];
  expect(await findWhile(moves)).toEqual([]);
  expect(moves).toEqual([]);
});

test('an order that moves at every look is looked at until it stands', async () => {
  const { run } = fixture();
  const moves = [
    () => run('inventory', LEAVE),
    () => run('orders', move('PROCESSING')),
    () => run('orders', move('SHIPPED')),
  ];
  expect(await findWhile(moves)).toEqual([]);
  expect(moves).toEqual([]);
});

test('what is wrong while its order stands is a violation, whatever the order does afterwards', async () => {
  const { run } = fixture();
  const moves = [() => run('inventory', LEAVE), () => run('orders', move('PROCESSING'))];
  expect(await findWhile(moves)).toEqual(['a reservation was consumed before its order was shipped']);
});
