import { testPlantedFaults } from '../planted-faults.ts';

testPlantedFaults([
  {
    name: 'a history that lacks a step',
    database: 'orders',
    sql: `DELETE FROM order_history WHERE order_id = 'delivered' AND status = 'PROCESSING'`,
    found: { 'histories: a history is not the path to the status of its order': ['delivered'] },
  },
  {
    name: 'a history that has gone further than its order',
    database: 'orders',
    sql: `INSERT INTO order_history VALUES ('cancelled', 'PROCESSING', now(), 'workflow')`,
    found: { 'histories: a history is not the path to the status of its order': ['cancelled'] },
  },
  {
    name: 'a step that was written twice',
    database: 'orders',
    sql: `ALTER TABLE order_history DROP CONSTRAINT order_history_pkey;
          INSERT INTO order_history SELECT * FROM order_history WHERE order_id = 'pending'`,
    found: { 'histories: a history is not the path to the status of its order': ['pending'] },
  },
  {
    name: 'a history whose times fall',
    database: 'orders',
    sql: `UPDATE order_history SET at = at - interval '5 seconds' WHERE order_id = 'delivered' AND status = 'SHIPPED'`,
    found: { 'histories: the times of a history decrease': ['delivered'] },
  },
  {
    name: 'an order whose time is not that of its last step',
    database: 'orders',
    sql: `UPDATE orders SET updated_at = updated_at + interval '1 second' WHERE id = 'left'`,
    found: { 'histories: the times of a history are not those of its order': ['left'] },
  },
  {
    name: 'an order without a history',
    database: 'orders',
    sql: `DELETE FROM order_history WHERE order_id = 'shipped'`,
    found: { 'histories: an order has no history': ['shipped'] },
  },
  {
    name: 'the history of no order',
    database: 'orders',
    sql: `INSERT INTO order_history VALUES ('ghost', 'PENDING', now(), 'placed')`,
    found: { 'histories: a history has no order': ['ghost'] },
  },
]);
