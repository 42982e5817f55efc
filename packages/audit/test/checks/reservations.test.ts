import { testPlantedFaults } from '../planted-faults.ts';

type Quantity = 'available' | 'reserved' | 'consumed';

/** The units of one order, two of item1 and one of item2, are counted as something else. */
const unitsMove = (from: Quantity, to: Quantity): string => `
  UPDATE items SET ${from}_qty = ${from}_qty - units, ${to}_qty = ${to}_qty + units
  FROM (VALUES ('item1', 2), ('item2', 1)) AS line(item_id, units) WHERE items.id = line.item_id`;

testPlantedFaults([
  {
    name: 'an order without a reservation',
    database: 'inventory',
    sql: `DELETE FROM reservations WHERE order_id = 'cancelled'`,
    found: { 'cancellations: an order has no reservation': ['cancelled'] },
  },
  {
    name: 'a lost reservation',
    database: 'orders',
    sql: `INSERT INTO orders SELECT 'new', 99, user_id, status, lines, 'r-new', created_at, updated_at, announced_at
            FROM orders WHERE id = 'pending';
          INSERT INTO order_history SELECT 'new', status, at, cause FROM order_history WHERE order_id = 'pending'`,
    found: { 'reservations: an order has no reservation': ['new'] },
  },
  {
    name: 'an order that stands on another reservation',
    database: 'orders',
    sql: `UPDATE orders SET reservation_id = 'other' WHERE id = 'processing'`,
    found: {
      'reservations: an order refers to another reservation than the one under its id': ['processing'],
    },
  },
  {
    name: 'an order with other units than its reservation',
    database: 'orders',
    sql: `UPDATE orders SET lines = '[{"itemId":"item1","quantity":2}]' WHERE id = 'delivered'`,
    found: { 'reservations: a reservation differs from the lines of its order': ['delivered'] },
  },
  {
    name: 'stock that was given back although its order continues',
    database: 'inventory',
    sql: `UPDATE reservations SET state = 'RELEASED' WHERE order_id = 'pending';
          ${unitsMove('reserved', 'available')}`,
    found: { 'reservations: the reservation of an order that is not cancelled was released': ['pending'] },
  },
  {
    name: 'stock that left before its order was shipped',
    database: 'inventory',
    sql: `UPDATE reservations SET state = 'CONSUMED' WHERE order_id = 'pending';
          ${unitsMove('reserved', 'consumed')}`,
    found: { 'reservations: a reservation was consumed before its order was shipped': ['pending'] },
  },
  {
    name: 'stock that is held for a shipped order for too long',
    database: 'orders',
    sql: 'SELECT 1',
    found: { 'reservations: the reservation of a shipped order is not consumed': ['shipped'] },
    limits: { leaveMs: 5_000 },
  },
  {
    name: 'stock that is held for nobody for too long',
    database: 'orders',
    sql: `DELETE FROM order_history WHERE order_id = 'pending'; DELETE FROM orders WHERE id IN ('pending')`,
    found: { 'reservations: stock is held for an order that does not exist': ['pending'] },
    limits: { stockMs: 9_000 },
  },
  {
    name: 'stock that left for nobody',
    database: 'orders',
    sql: `DELETE FROM order_history WHERE order_id = 'left'; DELETE FROM orders WHERE id = 'left'`,
    found: { 'reservations: a reservation was consumed for an order that does not exist': ['left'] },
  },
  {
    name: 'an order that continues although it gave its stock back',
    database: 'orders',
    sql: `UPDATE orders SET stock_returned_at = now() WHERE id = 'shipped'`,
    found: { 'reservations: the release of an order that is not cancelled is confirmed': ['shipped'] },
  },
  {
    name: 'a cancelled order whose stock has left',
    database: 'inventory',
    sql: `UPDATE reservations SET state = 'CONSUMED' WHERE order_id = 'cancelled';
          ${unitsMove('available', 'consumed')}`,
    found: { 'cancellations: the reservation of a cancelled order was consumed': ['cancelled'] },
  },
  {
    name: 'a cancelled order whose stock is held although it was given back',
    database: 'inventory',
    sql: `UPDATE reservations SET state = 'HELD' WHERE order_id = 'cancelled';
          ${unitsMove('available', 'reserved')}`,
    found: {
      'cancellations: the reservation of a cancelled order is held after its release was confirmed': [
        'cancelled',
      ],
    },
  },
  {
    name: 'a cancelled order for which stock is held anew for too long',
    database: 'inventory',
    sql: `UPDATE reservations SET state = 'HELD', reservation_id = 'second' WHERE order_id = 'cancelled';
          ${unitsMove('available', 'reserved')}`,
    found: { 'cancellations: stock is reserved again for a cancelled order': ['cancelled'] },
    limits: { stockMs: 9_000 },
  },
  {
    name: 'a cancelled order whose stock is not back for too long',
    database: 'orders',
    sql: `UPDATE orders SET stock_returned_at = NULL WHERE id = 'cancelled'`,
    found: { 'cancellations: the release of a cancelled order is not confirmed': ['cancelled'] },
    limits: { stockMs: 8_500 },
  },
  {
    name: 'stock that is held for nobody and dated ahead',
    database: 'inventory',
    sql: `INSERT INTO reservations VALUES ('ghost', 'g1', 'HELD', '[{"itemId":"item1","quantity":5}]',
            now() + interval '1 year', now());
          UPDATE items SET available_qty = available_qty - 5, reserved_qty = reserved_qty + 5 WHERE id = 'item1'`,
    found: { 'reservations: stock is held for an order that does not exist': ['ghost'] },
  },
  {
    name: 'two orders that stand on one reservation',
    database: 'orders',
    sql: `UPDATE orders SET reservation_id = 'r-pending' WHERE id = 'processing'`,
    found: {
      'reservations: an order refers to another reservation than the one under its id': ['processing'],
      'reservations: several orders share a reservation': ['pending'],
    },
  },
  {
    name: 'two reservations with one id',
    database: 'inventory',
    sql: `UPDATE reservations SET reservation_id = 'r-pending' WHERE order_id = 'refused'`,
    found: { 'reservations: several reservations have one id': ['pending'] },
  },
  {
    name: 'an order that is stored twice, since its index is broken,',
    database: 'orders',
    sql: `ALTER TABLE orders DROP CONSTRAINT orders_pkey;
          INSERT INTO orders SELECT * FROM orders WHERE id = 'delivered'`,
    found: { 'reservations: an order is stored twice': ['delivered'] },
  },
  {
    name: 'a reservation that is stored twice, since its index is broken,',
    database: 'inventory',
    sql: `ALTER TABLE reservations DROP CONSTRAINT reservations_pkey;
          INSERT INTO reservations SELECT * FROM reservations WHERE order_id = 'cancelled'`,
    found: { 'reservations: a reservation is stored twice': ['cancelled'] },
  },
]);
