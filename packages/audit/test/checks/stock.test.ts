import { testPlantedFaults } from '../planted-faults.ts';

/** The database itself would not let it happen. */
const UNCHECKED =
  'ALTER TABLE items DROP CONSTRAINT items_nothing_lost, DROP CONSTRAINT items_nothing_below_zero;';

/** Item1 with 40 of its units in two buckets, 3 of which are reserved. */
const SPLIT = `
  UPDATE items SET buckets = 2, stocked_qty = 60, available_qty = 53, reserved_qty = 3 WHERE id = 'item1';
  INSERT INTO stock_buckets (item_id, no, available_qty, reserved_qty) VALUES ('item1', 1, 17, 3), ('item1', 2, 20, 0);`;

const UNCHECKED_BUCKETS = 'ALTER TABLE stock_buckets DROP CONSTRAINT stock_buckets_nothing_below_zero;';

testPlantedFaults([
  { name: 'an item whose stock is split', database: 'inventory', sql: SPLIT, found: {} },
  {
    name: 'units that have vanished from a bucket',
    database: 'inventory',
    sql: `${SPLIT} UPDATE stock_buckets SET reserved_qty = reserved_qty - 1 WHERE no = 1`,
    found: {
      'stock: an item has fewer units in total than it was added with': ['item1'],
      'stock: the reserved units of an item are not those of its held reservations': ['item1'],
    },
  },
  {
    name: 'a bucket that was sold below zero',
    database: 'inventory',
    sql: `${SPLIT} ${UNCHECKED_BUCKETS}
      UPDATE stock_buckets SET available_qty = CASE no WHEN 1 THEN -1 ELSE 38 END`,
    found: { 'stock: a bucket of an item has a negative quantity': ['item1'] },
  },
  {
    name: 'an item that was sold below zero beside its buckets',
    database: 'inventory',
    sql: `${SPLIT} ${UNCHECKED} UPDATE items SET available_qty = -1, stocked_qty = 6 WHERE id = 'item1';
      UPDATE stock_buckets SET available_qty = available_qty + 27`,
    found: { 'stock: the part of an item beside its buckets is negative': ['item1'] },
  },
  {
    name: 'a bucket of an item that is not split',
    database: 'inventory',
    sql: `INSERT INTO stock_buckets (item_id, no, available_qty, reserved_qty) VALUES ('item2', 1, 0, 0)`,
    found: { 'stock: an item does not have the buckets that it is split into': ['item2'] },
  },
  {
    name: 'a bucket of an item that is not there',
    database: 'inventory',
    sql: `INSERT INTO stock_buckets (item_id, no, available_qty, reserved_qty) VALUES ('item3', 1, 1, 0)`,
    found: { 'stock: a bucket is of an item that does not exist': ['item3'] },
  },
  {
    name: 'units that have vanished from an item',
    database: 'inventory',
    sql: `${UNCHECKED} UPDATE items SET available_qty = available_qty - 1 WHERE id = 'item1'`,
    found: {
      'stock: units are missing or surplus: stocked is not available + reserved + consumed': ['item1'],
    },
  },
  {
    name: 'an item that was sold below zero',
    database: 'inventory',
    sql: `${UNCHECKED} UPDATE items SET available_qty = -5, stocked_qty = stocked_qty - 95 WHERE id = 'item1'`,
    found: {
      'stock: an item has a negative quantity': ['item1'],
      'stock: an item has fewer units in total than it was added with': ['item1'],
    },
  },
  {
    name: 'reserved units without a reservation',
    database: 'inventory',
    sql: `UPDATE items SET available_qty = available_qty - 1, reserved_qty = reserved_qty + 1 WHERE id = 'item2'`,
    found: { 'stock: the reserved units of an item are not those of its held reservations': ['item2'] },
  },
  {
    name: 'units that have left without a reservation',
    database: 'inventory',
    sql: `UPDATE items SET available_qty = available_qty - 1, consumed_qty = consumed_qty + 1 WHERE id = 'item2'`,
    found: {
      'stock: the consumed units of an item are not those of its consumed reservations': ['item2'],
    },
  },
  {
    name: 'stock that was given back twice',
    database: 'inventory',
    sql: `UPDATE items SET available_qty = available_qty + 2, reserved_qty = reserved_qty - 2 WHERE id = 'item1'`,
    found: { 'stock: the reserved units of an item are not those of its held reservations': ['item1'] },
  },
  {
    name: 'stock that is reserved of an item that is not there',
    database: 'inventory',
    sql: `DELETE FROM items WHERE id = 'item2'`,
    found: { 'stock: a reservation names an item that does not exist': ['item2'] },
  },
  {
    name: 'an item with fewer units in all than it was added with',
    database: 'inventory',
    sql: `UPDATE items SET stocked_qty = stocked_qty - 5, available_qty = available_qty - 5 WHERE id = 'item2'`,
    found: { 'stock: an item has fewer units in total than it was added with': ['item2'] },
  },
  {
    name: 'quantities whose sum is no number of the database any more',
    database: 'inventory',
    sql: `${UNCHECKED} UPDATE items SET available_qty = 9223372036854775807 WHERE id = 'item1'`,
    found: {
      'stock: units are missing or surplus: stocked is not available + reserved + consumed': ['item1'],
    },
  },
  {
    name: 'an item that is stored twice, since its index is broken,',
    database: 'inventory',
    sql: `ALTER TABLE items DROP CONSTRAINT items_pkey; DROP INDEX items_seq_key;
          INSERT INTO items SELECT * FROM items WHERE id = 'item2'`,
    found: { 'stock: an item is stored twice': ['item2'] },
  },
]);
